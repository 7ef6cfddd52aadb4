"""The disk space that files take, and that their deletion would free."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = 512
"""Bytes of a block in `st_blocks`, independent of the file system's block size (POSIX)."""

Inode = tuple[int, int]


@dataclass
class DiskUsage:
    """The disk usage of files: one with several hard links counts once, holes do not count.

    Attributes:
        files: the number of names.
        written: the last modification time, in seconds since 1970; 0 without files.
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
        """Bytes freed when all of these names are deleted: none of a file that has a name elsewhere."""
        return sum(size for inode, size in self._blocks.items() if self._names[inode] >= self._links[inode])


def disk_usage(files: Iterable[Path]) -> DiskUsage:
    """Return the disk usage of files; missing ones take nothing."""
    usage = DiskUsage()
    for file in files:
        try:
            usage.add(file.lstat())
        except FileNotFoundError:
            continue
    return usage
