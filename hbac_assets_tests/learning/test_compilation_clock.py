"""The compilation clock counts no second twice."""

import time

from hbac_assets.learning.compilation_clock import EVENTS, CompilationClock, compilation_clock


def test_events_within_others_count_once(monkeypatch) -> None:
    clock, now = CompilationClock(), iter([10.0, 12.0, 13.0, 20.0, 21.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    clock.add(f"{EVENTS}jaxpr_trace_duration", 1.0)  # from 9 to 10
    clock.add(f"{EVENTS}jaxpr_trace_duration", 1.0)  # from 11 to 12
    clock.add(f"{EVENTS}jaxpr_trace_duration", 5.0)  # from 8 to 13: both of them
    clock.add("/jax/checkpoint/write", 7.0)
    clock.add(f"{EVENTS}backend_compile_duration", 2.0)  # from 18 to 20
    assert clock.seconds == 7.0


def test_what_jax_compiles_is_counted_and_what_is_compiled_already_is_not() -> None:
    import jax

    clock = compilation_clock()
    double, before = jax.jit(lambda number: 2 * number), clock.seconds
    assert double(1.0) == 2.0
    first = clock.seconds
    assert first > before
    assert double(2.0) == 4.0
    assert clock.seconds == first
    assert compilation_clock() is clock
