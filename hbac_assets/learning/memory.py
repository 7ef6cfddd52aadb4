"""The host memory still available to this process: the machine's, or within the limit of its container or job.

Containers and clusters limit memory by control groups, in one of Linux's two layouts; other systems have none.
"""

from collections.abc import Iterator
from pathlib import Path

import psutil

GROUPS, MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
# The files of a group, by layout: its limit, its usage, and the line of memory.stat with the reclaimable file cache.
FILES = {
    "v2": ("memory.max", "memory.current", "inactive_file"),
    "v1": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def free_host_bytes() -> int:
    """Return the bytes free within every limit."""
    return min([psutil.virtual_memory().available, *_left_by_groups()])


def _left_by_groups() -> Iterator[int]:
    """Yield the bytes left of the limit of each group of this process, if it has one."""
    try:
        memberships = MEMBERSHIP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in memberships:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        layout, root = ("v1", GROUPS / "memory") if controllers else ("v2", GROUPS)
        # In a container the path may be the host's, of which only the last group is visible, as the root.
        group = root / path.lstrip("/")
        for one in (group, *group.parents):
            if (left := _left(one, layout)) is not None:
                yield left
            if one == root:
                break


def _left(group: Path, layout: str) -> int | None:
    """Return the bytes left of a group's limit; None if it has none or is not visible."""
    limit, used, given_up = FILES[layout]
    try:
        allowed, taken = ((group / name).read_text(encoding="utf-8").strip() for name in (limit, used))
        statistics = (group / "memory.stat").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    if not allowed.isdecimal():  # max
        return None
    files = {name: int(number) for name, number in (line.split() for line in statistics)}.get(given_up, 0)
    return max(0, int(allowed) - int(taken) + files)
