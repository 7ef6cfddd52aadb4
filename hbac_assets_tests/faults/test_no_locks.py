"""File systems without locks: refused in one line before anything is written there."""

import os
import re
import shutil
import subprocess

import pytest

from hbac_assets_tests.faults.small import small_project

# Answers for one folder as a file system without locks does.
LIBRARY = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int flock(int descriptor, int operation) {
    char link[64], path[4096];
    const char *folder = getenv("FOLDER_WITHOUT_LOCKS");
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (folder && length > 0 && !strncmp(path, folder, strlen(folder))) {
        errno = ENOSYS;
        return -1;
    }
    int (*next)(int, int) = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");
    return next(descriptor, operation);
}
"""


@pytest.fixture
def without_locks(tmp_path):
    """The variables with which a folder has no locks."""
    if not (compiler := shutil.which("cc") or shutil.which("gcc")) or os.uname().sysname != "Linux":
        pytest.skip("no compiler for the library that stands for such a file system")
    source, library = tmp_path / "flock.c", tmp_path / "flock.so"
    source.write_text(LIBRARY)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return lambda folder: {"LD_PRELOAD": str(library), "FOLDER_WITHOUT_LOCKS": str(folder)}


@pytest.mark.parametrize(("variable", "name"), [("HBAC_STORE", "store"), ("DAGSTER_HOME", "dagster")])
def test_the_folder_and_its_variable_are_named(variable, name, without_locks, tmp_path, case):
    project = small_project(tmp_path / "project")
    folder = project.folder / name
    done = project.run(**without_locks(folder))
    assert "Traceback" not in done.stderr
    line = done.stderr.splitlines()[-1]
    case(f"{variable} on a file system without locks", "one line", line)
    assert done.returncode == 1
    assert re.fullmatch(
        rf"{variable}: expected a folder whose file system has locks, found {re.escape(str(folder))} \(Function not "
        r"implemented\); name one on another file system, or have this one mounted with locks",
        line,
    )
    assert not list(project.folder.glob("store/*/*.parquet"))
