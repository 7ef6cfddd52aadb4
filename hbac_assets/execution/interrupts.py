"""Ctrl-C and SIGTERM: all steps of a run end within a few seconds.

Dagster forwards an interrupt to the steps and waits for them. A step handles it only between two Python instructions,
which a compilation can delay by half a minute. So a thread of the run's process, which is notified of a signal at once,
kills the remaining processes. Files are written atomically and locks die with their process, so ending abruptly is
safe, and the next run reports this one. Independent of Dagster; `executor` builds on it.
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
# Seconds from the signal until the steps are killed, and until the run's own process is ended.
STEPS_SECONDS, RUN_SECONDS = 4.0, 8.0
INTERRUPTED_MESSAGE = "interrupted; the same command goes on from here"


class Watch:
    """Whether the run is to stop; `number` is the first of `SIGNALS` received, 0 if none."""

    def __init__(self) -> None:
        self.number = 0
        self._over = threading.Event()

    def raise_interrupts(self) -> None:
        """Let the first signal raise KeyboardInterrupt; SIGINT even if the shell ignores it."""
        for one in SIGNALS:
            signal.signal(one, self._interrupt)

    def ignore_interrupts(self) -> None:
        """Ignore both signals once everything has stopped."""
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)

    def end(self) -> None:
        """Cancel the deadlines."""
        self._over.set()

    def follow(self, descriptor: int) -> None:
        """Wait for a signal's number on `descriptor`, then enforce the deadlines."""
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
    """Watch the signals of this process while the block runs; nested blocks share the watch.

    Threads other than the main one get no signals: there nothing is watched.
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
    """Return whether a watched signal has been received."""
    return any(watch.number for watch in _watches)


def end_at_once() -> None:
    """Let SIGTERM kill this process silently, as if its node were lost, so that its step is retried on another node.

    For steps on a cluster: Dagster would otherwise report the signal as a failure of the step.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def kill_steps() -> None:
    """Kill the processes that `multiprocessing` forked for this one, their server and all their children."""
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if any("multiprocessing.forkserver" in part for part in child.cmdline()):
                for process in [*reversed(child.children(recursive=True)), child]:
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
