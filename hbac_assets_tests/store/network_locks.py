"""File systems with other locks than a local disk, simulated by a preloaded library."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

# NFS emulates flock by locks of byte ranges (flock(2), fcntl(2)): the kernel grants one that excludes others only
# where the file is open for writing.
BY_RANGES = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

int flock(int descriptor, int operation) {
    struct flock range = {.l_whence = SEEK_SET};
    range.l_type = operation & LOCK_UN ? F_UNLCK : operation & LOCK_SH ? F_RDLCK : F_WRLCK;
    int done = fcntl(descriptor, operation & LOCK_NB ? F_OFD_SETLK : F_OFD_SETLKW, &range);
    if (done && errno == EAGAIN)
        errno = EWOULDBLOCK;
    return done;
}
"""
ON_ONE_MACHINE = r"""
int flock(int descriptor, int operation) {
    return 0;
}
"""
"""Grants every lock, like a file system with locks that only work within another machine."""


def preloaded(folder: Path, source: str) -> dict[str, str]:
    """Return the variables that preload a library, compiled from C in `folder`; without a compiler, skip the test."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler or os.uname().sysname != "Linux":
        pytest.skip("no compiler for the library that stands for such a file system")
    written, library = folder / "flock.c", folder / "flock.so"
    written.write_text(source)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(written)], check=True)
    return {"LD_PRELOAD": str(library)}
