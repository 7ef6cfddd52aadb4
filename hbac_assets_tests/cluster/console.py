"""A process on a machine that runs short scripts there, with one import of packages for all."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from hbac_assets_tests.cluster.nodes import Node
from hbac_assets_tests.projects import CHECKOUT

ANSWERS = """
import json, sys
answers, sys.stdout, names = sys.stdout, sys.stderr, {}
for line in sys.stdin:
    said = []
    names["print"] = said.append
    try:
        exec(json.loads(line), names)
        answer = {"said": said}
    except Exception as error:
        answer = {"error": repr(error)}
    answers.write(json.dumps(answer, default=str) + "\\n")
    answers.flush()
"""


@dataclass
class Console:
    """Such a process, started at the first script, and again after it was killed.

    Attributes:
        node: the machine.
        environment: variables in addition to the machine's own.
        first: a script that is run at the start.
    """

    node: Node
    environment: dict[str, str]
    first: str
    _process: "subprocess.Popen[str] | None" = field(default=None, init=False)

    def ask(self, code: str) -> list[Any]:
        """Return the output of a script.

        Raises:
            RuntimeError: with the error that the script raised.
        """
        answer = self._answer(code) or self._answer(code)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return list(answer["said"])

    def _answer(self, code: str) -> dict[str, Any]:
        """Return the response; empty if the process was killed."""
        if self._process is None:
            self._process = subprocess.Popen(
                [*self.node.prefix(), sys.executable, "-c", ANSWERS],
                cwd=CHECKOUT,
                env=self.node.environment | self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            self._answer(self.first)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps(code), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._process.wait()
            self._process = None
        return dict(json.loads(line)) if line else {}
