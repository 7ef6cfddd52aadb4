"""Ctrl-C and SIGTERM: whatever the steps of a run are doing, all of it has ended a few seconds later.

Dagster passes an interrupt on to the steps and waits for them. A step hears it between two instructions of Python only,
which a compilation can put off for half a minute. So a thread of the run's own process, which hears of a signal at
once, ends what is still there. Files are written whole or not at all and locks die with their process, so ending
abruptly is safe, and the next run reports what this one no longer could. Knows nothing of Dagster; `executor` builds
on it.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import psutil

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# From the signal on: until the steps are killed, and until the run's own process ends whatever it is doing.
STEPS_SECONDS, RUN_SECONDS = 4.0, 8.0
INTERRUPTED_MESSAGE = "interrupted; the same command goes on from here"


class Watch:
    """Whether the run is to stop; `number` is the first of `SIGNALS` that came, 0 if none did."""

    def __init__(self) -> None:
        self.number = 0
        self._over = threading.Event()

    def raise_interrupts(self) -> None:
        """Let the first of both signals raise KeyboardInterrupt, SIGINT also where a shell has it ignored."""
        for one in SIGNALS:
            signal.signal(one, self._interrupt)

    def ignore_interrupts(self) -> None:
        """Let neither signal do anything, where all there was to stop has stopped."""
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)

    def end(self) -> None:
        """End the deadlines."""
        self._over.set()

    def follow(self, descriptor: int) -> None:
        """Wait for a signal's number to be written to `descriptor`, then see to it that all ends in time."""
        try:
            while received := os.read(descriptor, 1):
                if received[0] in SIGNALS:
                    self.number = self.number or received[0]
                    self._end_in_time()
                    return
        finally:
            os.close(descriptor)

    def _end_in_time(self) -> None:
        if self._over.wait(STEPS_SECONDS):
            return
        kill_steps()
        if self._over.wait(RUN_SECONDS - STEPS_SECONDS):
            return
        kill_steps()
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"\n{INTERRUPTED_MESSAGE}\n".encode())
        os._exit(128 + self.number)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.ignore_interrupts()
        self.number = self.number or number
        raise KeyboardInterrupt


_watches: list[Watch] = []


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch the signals that this process gets while the block runs; a block inside another shares its watch.

    In a thread other than the main one, which gets no signals, nothing is watched.
    """
    if _watches or threading.current_thread() is not threading.main_thread():
        yield _watches[-1] if _watches else Watch()
        return
    watch = Watch()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=watch.follow, args=(reading,), name="interrupts", daemon=True).start()
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)
        signal.set_wakeup_fd(before)
        os.close(writing)
        watch.end()


def is_interrupted() -> bool:
    """Tell whether a signal has come that this process watches."""
    return any(watch.number for watch in _watches)


def end_at_once() -> None:
    """Let SIGTERM end this process at once and in silence, as when its node is gone, so that a step is begun elsewhere.

    For a step on a cluster, which is not the run: Dagster would take the signal for a failure of the step.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def kill_steps() -> None:
    """Kill the processes that `multiprocessing` forked for this one, and their server, with all that they started."""
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if any("multiprocessing.forkserver" in part for part in child.cmdline()):
                for process in [*reversed(child.children(recursive=True)), child]:
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
