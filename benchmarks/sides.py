"""One side of a comparison, in a process of its own: what it imports and allocates disturbs nobody else.

The process prepares itself once and is then asked for one repetition at a time; `side_process` is its program.
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

# `hbac_assets` sets these for its own process. The other side gets its libraries' defaults.
NOT_HANDED_ON = ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS")


class SideError(Exception):
    """A side could not be prepared or a repetition failed; its own words."""


@dataclass(frozen=True)
class Side:
    """What is measured.

    Attributes:
        name: as the table shows it.
        prepare: `module:function`. The function gets `arguments` and returns another one without arguments: one
            repetition, which returns how many items it worked through, or, as a float, the seconds of one item where it
            looks at the clock itself. A module that imports `hbac_assets` thereby chooses Keras on JAX.
        arguments: JSON values.
        environment: added to the environment of the process.
    """

    name: str
    prepare: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


class RunningSide:
    """A side whose process runs; it begins to prepare itself."""

    def __init__(self, side: Side, process: "subprocess.Popen[str]") -> None:
        self._side = side
        self._process = process
        self._tell({"prepare": side.prepare, "arguments": dict(side.arguments)})

    def wait_until_prepared(self) -> None:
        """Return when the process can be asked for repetitions."""
        self._hear()

    def repeat(self) -> float:
        """Run one repetition and return its seconds for each item, as the process itself measured them."""
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
    """Return the environment without what importing `hbac_assets` put there."""
    return {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}


@contextmanager
def started(*sides: Side) -> Iterator[list[RunningSide]]:
    """Start the processes of sides, prepare them side by side, and end them when the block ends.

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
