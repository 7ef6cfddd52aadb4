"""The program of a side's process: prepares itself, then runs one repetition per line of input.

Requests and answers are lines of JSON on standard input and output; other output goes to standard error. Nothing of
`hbac_assets` is imported here, since that would select Keras' backend for both sides.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import Any


def main() -> None:
    """Answer requests until there are no more, or one fails."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    repetition: Callable[[], int | float] | None = None
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


def _measured(repetition: Callable[[], int | float]) -> dict[str, float]:
    began = perf_counter()
    found = repetition()
    if isinstance(found, float):
        return {"seconds": found, "items": 1}
    return {"seconds": perf_counter() - began, "items": found}


def _prepared(prepare: str, arguments: dict[str, Any]) -> Callable[[], int | float]:
    module, function = prepare.split(":")
    repetition: Callable[[], int | float] = getattr(import_module(module), function)(**arguments)
    return repetition


if __name__ == "__main__":
    main()
