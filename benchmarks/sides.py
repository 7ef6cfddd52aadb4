"""One side of a comparison, isolated in a separate process.

The process prepares itself once and then runs one repetition per request; `side_process` is its program.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from hbac_assets.resources.paths import PROJECT_FOLDER

# `hbac_assets` sets these for its process. The other side gets its libraries' defaults.
NOT_HANDED_ON = ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS")


class SideError(Exception):
    """A side could not be prepared or a repetition failed; the message is the side's."""


@dataclass(frozen=True)
class Side:
    """A side to measure.

    Attributes:
        name: in the table.
        prepare: `module:function`. The function gets `arguments` and returns a function without arguments: one
            repetition, which returns the number of items, or, as a float, the seconds per item if it measures time
            itself. A module that imports `hbac_assets` thereby selects Keras on JAX.
        arguments: JSON values.
        environment: added to the environment of the process.
    """

    name: str
    prepare: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


class RunningSide:
    """A side whose process runs and prepares itself."""

    def __init__(self, side: Side, process: "subprocess.Popen[str]") -> None:
        self._side = side
        self._process = process
        self._tell({"prepare": side.prepare, "arguments": dict(side.arguments)})

    def wait_until_prepared(self) -> None:
        """Return when the process is ready for repetitions."""
        self._hear()

    def repeat(self) -> float:
        """Run one repetition and return its seconds per item, as measured by the process."""
        self._tell("repeat")
        answer = self._hear()
        return float(answer["seconds"]) / int(answer["items"])

    def _tell(self, question: Any) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # its process has ended: there will be no answer
            print(json.dumps(question), file=self._process.stdin, flush=True)

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise SideError(f"{self._side.name}: its process ended with status {self._process.wait()}")
        told: dict[str, Any] = json.loads(answer)
        if "error" in told:
            raise SideError(f"{self._side.name}: {told['error']}")
        return told


def environment_of_users() -> dict[str, str]:
    """Return the environment without the variables set by importing `hbac_assets`."""
    return {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}


@contextmanager
def started(*sides: Side) -> Iterator[list[RunningSide]]:
    """Start the processes of sides, prepare them in parallel, and end them with the block.

    Raises:
        SideError: one of them could not be prepared.
    """
    with ExitStack() as stack:
        running = [RunningSide(side, stack.enter_context(_process(side))) for side in sides]
        for side in running:
            side.wait_until_prepared()
        yield running


@contextmanager
def _process(side: Side) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "benchmarks.side_process"]
    with subprocess.Popen(
        command,
        cwd=PROJECT_FOLDER,
        env=environment_of_users() | dict(side.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
