"""How much space files take on their disk, and how much their deletion would give back."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = 512
"""Bytes of a block in `st_blocks`, whatever the file system's own blocks are (POSIX)."""

Inode = tuple[int, int]


@dataclass
class DiskUsage:
    """Files as their disk has them: one that has several names takes its space once, the hole in a file takes none.

    Attributes:
        files: how many names there are.
        written: when the last of them was written, in seconds since the epoch; 0 without any.
    """

    files: int = 0
    written: float = 0.0
    _blocks: dict[Inode, int] = field(default_factory=dict)
    _links: dict[Inode, int] = field(default_factory=dict)
    _names: Counter[Inode] = field(default_factory=Counter)

    def add(self, status: os.stat_result) -> None:
        """Count a name by its `lstat`."""
        inode = status.st_dev, status.st_ino
        self.files += 1
        self.written = max(self.written, status.st_mtime)
        self._blocks[inode] = status.st_blocks * BLOCK
        self._links[inode] = status.st_nlink
        self._names[inode] += 1

    @property
    def size(self) -> int:
        """Bytes that the files take."""
        return sum(self._blocks.values())

    @property
    def freed(self) -> int:
        """Bytes that come free when all of these names are deleted: none of a file that has a name elsewhere."""
        return sum(size for inode, size in self._blocks.items() if self._names[inode] >= self._links[inode])


def disk_usage(files: Iterable[Path]) -> DiskUsage:
    """Return what files take; one that is no longer there takes nothing."""
    usage = DiskUsage()
    for file in files:
        try:
            usage.add(file.lstat())
        except FileNotFoundError:
            continue
    return usage
