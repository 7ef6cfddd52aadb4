"""One side of a comparison, in a process of its own: what it imports and allocates disturbs nobody else.

The process prepares itself once and is then asked for one repetition at a time; `side_process` is its program.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hbac_assets.resources.paths import PROJECT_FOLDER

# `hbac_assets` sets these for its own process. The other side gets its libraries' defaults.
NOT_HANDED_ON = ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS")


class Seconds(float):
    """The seconds that count of a repetition of one item, as it measured them itself."""


class SideError(Exception):
    """A side could not be prepared or a repetition failed; its own words."""


@dataclass(frozen=True)
class Side:
    """What is measured.

    Attributes:
        name: as the table shows it.
        prepare: `module:function`. The function gets `arguments` and returns another one without arguments: one
            repetition, which returns how many items it worked through, or `Seconds` where it looks at the clock itself.
        arguments: JSON values.
        environment: added to the environment of the process.
    """

    name: str
    prepare: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


class RunningSide:
    """A side whose process is prepared."""

    def __init__(self, side: Side, process: "subprocess.Popen[str]") -> None:
        self._side = side
        self._process = process
        self._ask({"prepare": side.prepare, "arguments": dict(side.arguments)})

    def repeat(self) -> float:
        """Run one repetition and return its seconds for each item, as the process itself measured them."""
        answer = self._ask("repeat")
        return float(answer["seconds"]) / int(answer["items"])

    def _ask(self, question: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps(question), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SideError(f"{self._side.name}: its process ended with status {self._process.wait()}")
        told: dict[str, Any] = json.loads(answer)
        if "error" in told:
            raise SideError(f"{self._side.name}: {told['error']}")
        return told


@contextmanager
def started(side: Side) -> Iterator[RunningSide]:
    """Start the process of a side, prepare it, and end it when the block ends.

    Raises:
        SideError: it could not be prepared.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}
    command = [sys.executable, "-m", "benchmarks.side_process"]
    with subprocess.Popen(
        command,
        cwd=PROJECT_FOLDER,
        env=inherited | dict(side.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield RunningSide(side, process)
        finally:
            process.kill()
