"""The program of a side's process: prepares itself, then runs one repetition for each line that it is sent.

Questions and answers are lines of JSON on the standard input and output; whatever else is printed goes to the
standard error.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import Any

from benchmarks.sides import Seconds


def main() -> None:
    """Answer questions until there are no more, or one could not be answered."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    repetition: Callable[[], int | Seconds] | None = None
    for line in sys.stdin:
        try:
            if repetition is None:
                repetition = _prepared(**json.loads(line))
                answer: dict[str, Any] = {}
            else:
                answer = _measured(repetition)
        except Exception as error:
            traceback.print_exc()
            reason = (str(error).splitlines() or [""])[0]
            answer = {"error": f"{type(error).__name__}: {reason}"}
        print(json.dumps(answer), file=answers, flush=True)
        if "error" in answer:
            return


def _measured(repetition: Callable[[], int | Seconds]) -> dict[str, float]:
    began = perf_counter()
    found = repetition()
    if isinstance(found, Seconds):
        return {"seconds": found, "items": 1}
    return {"seconds": perf_counter() - began, "items": found}


def _prepared(prepare: str, arguments: dict[str, Any]) -> Callable[[], int | Seconds]:
    module, function = prepare.split(":")
    repetition: Callable[[], int | Seconds] = getattr(import_module(module), function)(**arguments)
    return repetition


if __name__ == "__main__":
    main()
