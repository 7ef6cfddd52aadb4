"""The compilation time of this process, which delays a first epoch."""

import time
from functools import cache

EVENTS = "/jax/core/compile/"
"""The prefix of JAX' events: tracing, lowering and compiling, or reading from the compilation cache."""


class CompilationClock:
    """Sums the seconds of JAX' compilation events, counting nested ones once."""

    def __init__(self) -> None:
        self._spans: list[tuple[float, float]] = []

    @property
    def seconds(self) -> float:
        """The seconds since the clock began to run."""
        return sum(end - begin for begin, end in self._spans)

    def add(self, event: str, duration_secs: float, **kwargs: str | int) -> None:
        """Record an event of JAX that has just ended."""
        if event.startswith(EVENTS):
            end = time.perf_counter()
            begin = end - duration_secs
            self._spans = [*(span for span in self._spans if span[0] < begin), (begin, end)]


@cache
def compilation_clock() -> CompilationClock:
    """Return the clock of this process, which runs from the first call on."""
    import jax

    clock = CompilationClock()
    jax.monitoring.register_event_duration_secs_listener(clock.add)
    return clock
