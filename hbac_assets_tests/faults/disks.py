"""Small disks that can be filled, emptied and made read-only: in-memory file systems, mounted for one test."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Disk:
    """A file system of its own at `folder`."""

    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def leave(self, megabytes: float) -> None:
        """Fill the disk until no more than so much is free."""
        self.free_space()
        with self._ballast.open("wb") as file:
            while not file.seek(0, os.SEEK_END):
                filling = shutil.disk_usage(self.folder).free - int(megabytes * MEGABYTE)
                with suppress(OSError):  # somebody else has written meanwhile
                    os.posix_fallocate(file.fileno(), 0, filling)

    def free_space(self) -> None:
        """Take away what `leave` filled the disk with."""
        self._ballast.unlink(missing_ok=True)

    def allow_files(self, number: int) -> None:
        """Let there be no more than so many files and folders."""
        _run("mount", "-o", f"remount,nr_inodes={number}", str(self.folder))

    def protect(self) -> None:
        """Let nobody write, not even root."""
        _run("mount", "-o", "remount,ro", str(self.folder))

    def unprotect(self) -> None:
        """Let everybody write again."""
        _run("mount", "-o", "remount,rw", str(self.folder))


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Mount an empty disk at `folder` for the length of the block; skip the test where that is not allowed."""
    folder.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes * MEGABYTE},mode=777", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a disk of its own cannot be mounted here, that takes Linux and root: {error}")
    try:
        yield Disk(folder)
    finally:
        _run("umount", "--lazy", str(folder))  # lazy: a process that is just ending may hold it


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)
