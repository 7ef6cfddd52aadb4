"""What a process must know of others: whether its parent lives, and who it is itself.

Knows nothing of Dagster; `runs` builds on it.
"""

import multiprocessing
import os
import platform
import threading

import psutil


def end_with_parent() -> None:
    """End this process as soon as the process that spawned it is gone, even by SIGKILL.

    Without this, a killed run leaves its steps behind, and a killed step its workers, still computing and writing.
    Every file is written whole or not at all, and locks die with their process, so ending abruptly is safe. Does
    nothing in a process that was not started by `multiprocessing`.
    """
    parent = multiprocessing.parent_process()
    if parent is None or any(thread.name == "end-with-parent" for thread in threading.enumerate()):
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="end-with-parent", daemon=True).start()


def running_process() -> str:
    """Return the identity of the process that a step belongs to: its parent, or itself when it was not spawned."""
    parent = multiprocessing.parent_process()
    return identity(parent.pid if parent and parent.pid else os.getpid())


def identity(pid: int) -> str:
    """Return `host:pid:start`, which no later process shares, though pids are used again."""
    return f"{platform.node()}:{pid}:{psutil.Process(pid).create_time():.2f}"


def is_gone(process: str) -> bool:
    """Tell whether a process of this host, given by its `identity`, has ended; of another host it cannot be told."""
    host, pid, _ = process.rsplit(":", 2)
    if host != platform.node():
        return False
    try:
        return identity(int(pid)) != process or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
