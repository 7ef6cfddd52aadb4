"""Best-effort calls under a time budget: a slow or unreachable server neither fails nor stalls the caller."""

import functools
import math
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import Any, Concatenate, ParamSpec, TypeVar

from hbac_assets.errors import HbacError

SECONDS, SHARE = 60.0, 0.1

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class Patience:
    """Makes calls until their total time exceeds a budget or one fails; then makes no more.

    The budget is `SECONDS`, or the fraction `SHARE` of the time since the first call if that is longer. An abandoned
    call continues in the background and ends with the process.
    """

    def __init__(self, faults: tuple[type[Exception], ...], give_up: Callable[[str], None]) -> None:
        """Begin the clock.

        Args:
            faults: the errors that mean that the server is unavailable; others are raised at the call.
            give_up: called once with the reason.
        """
        self._faults = faults
        self._give_up = give_up
        self._began = monotonic()
        self._waited = 0.0
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None
        self.exhausted = False

    def call(
        self, function: Callable[[], Answer], otherwise: Answer, seconds: float = math.inf, least: float = 0.0
    ) -> Answer:
        """Return the result of `function`, or `otherwise` if it fails or no more calls are made.

        Args:
            function: the call.
            otherwise: returned instead.
            seconds: a bound for this call alone, if below the rest of the budget.
            least: a lower bound of the budget for this call, if above `SECONDS`.
        """
        if self.exhausted:
            return otherwise
        allowed = max(SECONDS, least, SHARE * (monotonic() - self._began))
        asked = monotonic()
        answer = self._begin(function)
        try:
            return answer.result(max(0.0, min(seconds, allowed - self._waited)))
        except TimeoutError:
            bound = f"{seconds:.0f} s" if seconds < allowed else f"{allowed:.0f} s in all"
            self._exhaust(f"no answer within {bound}")
        except self._faults as error:
            said = (str(error).splitlines() or [""])[0]
            self._exhaust(said if isinstance(error, HbacError) else f"{type(error).__name__}: {said}")
        finally:
            self._waited += monotonic() - asked
        return otherwise

    def _exhaust(self, reason: str) -> None:
        self.exhausted = True
        self._give_up(reason)

    def _begin(self, function: Callable[[], Answer]) -> "Future[Answer]":
        """Pass a call to the calling thread, a daemon, so that no exit waits for it."""
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="patience", daemon=True)
            self._worker.start()
        answer: Future[Answer] = Future()
        self._calls.put((function, answer))
        return answer

    def _work(self) -> None:
        while True:
            function, answer = self._calls.get()
            try:
                answer.set_result(function())
            except BaseException as error:  # raised at the call
                answer.set_exception(error)


def patiently(
    otherwise: Answer, seconds: float = math.inf, least: float = 0.0
) -> Callable[[Callable[Concatenate[Any, Parameters], Answer]], Callable[Concatenate[Any, Parameters], Answer]]:
    """Decorate a method of an object with `_patience`: if MLflow is unavailable, it returns `otherwise`.

    With `seconds` it waits no longer than these, with `least` as long as these.
    """

    def decorate(
        method: Callable[Concatenate[Any, Parameters], Answer],
    ) -> Callable[Concatenate[Any, Parameters], Answer]:
        @functools.wraps(method)
        def call(self: Any, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            patience: Patience = self._patience
            return patience.call(lambda: method(self, *args, **kwargs), otherwise, seconds, least)

        return call

    return decorate
