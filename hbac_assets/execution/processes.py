"""Globally unique identities of processes, whether a process has ended, and ending with the parent.

A process id is not unique: ids are reused, containers have separate ids, and hosts may share a name. So an identity has
six parts, `host:machine:boot:namespace:pid:start`:

- the host's name and a digest of its machine id, which together outlive a reboot;
- the kernel's boot id and the inode of the process-id namespace, within which an id means one process at a time;
- the id, and when the process began. On Linux that is in clock ticks since the boot, which setting the clock does not
  affect; with the time of day, a living process would look like a later one.

Only processes known to be dead count as ended: from another machine or container, or for an identity of an earlier
version, the state is unknown. On systems without boot id and namespaces (macOS), both are empty.

Independent of Dagster; `runs` builds on it.
"""

import hashlib
import multiprocessing
import os
import platform
import threading
from pathlib import Path

import psutil

UNKNOWN = "unknown"
"""The identity of an unknown process."""

INITIAL_NAMESPACE = "4026531836"
"""The process-id namespace outside all containers: Linux' PROC_PID_INIT_INO."""


def end_with_parent() -> None:
    """End this process as soon as its parent is gone, even by SIGKILL.

    Without this, a killed run leaves its steps behind, and a killed step its workers, still computing and writing.
    Files are written atomically and locks die with their process, so ending abruptly is safe. Does nothing in a process
    that was not started by `multiprocessing`.
    """
    parent = multiprocessing.parent_process()
    if parent is None or any(thread.name == "end-with-parent" for thread in threading.enumerate()):
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="end-with-parent", daemon=True).start()


def identity(pid: int) -> str:
    """Return the globally unique identity of a process of this host and container.

    Raises:
        ProcessLookupError: there is none.
    """
    return ":".join([*_here(), str(pid), _state_and_start(pid)[1]])


def pid_here(process: str) -> int | None:
    """Return the id of a process, given by its `identity`, if it belongs to this host and container."""
    place, pid, _ = _parts(process)
    return int(pid) if place == _here() else None


def is_gone(process: str) -> bool:
    """Return whether a process, given by its `identity`, has certainly ended."""
    place, pid, start = _parts(process)
    if place != (here := _here()):
        return _is_of_an_earlier_boot(place, here)
    try:
        os.kill(int(pid), 0)
        state, found = _state_and_start(int(pid))
    except ProcessLookupError:
        return True
    except OSError:  # another user's
        return False
    return found != start or state in "ZX"


def _here() -> list[str]:
    """Return host, machine, boot and namespace of this process."""
    try:
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        namespace = ""
    machine = _line_of("/etc/machine-id")
    digest = hashlib.blake2b(machine.encode(), digest_size=6, person=b"hbac").hexdigest() if machine else ""
    return [platform.node().replace(":", "."), digest, _line_of("/proc/sys/kernel/random/boot_id"), namespace]


def _parts(process: str) -> tuple[list[str], str, str]:
    """Return place, id and start of an identity; all empty if it is invalid."""
    *place, pid, start = ["", "", *process.split(":")]
    return (place[2:], pid, start) if len(place) == 6 else ([], "", "")


def _is_of_an_earlier_boot(there: list[str], here: list[str]) -> bool:
    """Return whether `there` is this machine before a reboot; never for containers, which may share name and id."""
    machine, namespace = here[1], here[3]
    same = machine != "" and there[:2] + there[3:] == here[:2] + here[3:]
    return same and namespace == INITIAL_NAMESPACE


def _line_of(file: str) -> str:
    """Return the text of a small system file, empty if there is none."""
    try:
        return Path(file).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _state_and_start(pid: int) -> tuple[str, str]:
    """Return the state of a process, `Z` or `X` if it has ended, and when it began.

    Raises:
        ProcessLookupError: there is none.
        PermissionError: it is hidden from this user.
    """
    if not Path("/proc/self/stat").exists():
        try:
            process = psutil.Process(pid)
            state = "Z" if process.status() == psutil.STATUS_ZOMBIE else "R"
            return state, f"{process.create_time():.2f}"
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(pid) from error
        except psutil.AccessDenied as error:
            raise PermissionError(pid) from error
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except FileNotFoundError:
        os.kill(pid, 0)  # raises if it has ended meanwhile
        raise PermissionError(pid) from None
    return fields[0], fields[19]
