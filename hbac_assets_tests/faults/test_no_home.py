"""A user without a name or home, as in `docker run --user 12345`: everything works."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hbac_assets_tests.faults.requirements import require_same_results
from hbac_assets_tests.faults.small import small_project
from hbac_assets_tests.projects import CHECKOUT, HBAC

USER = 12345
AS_USER = [
    "setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups",
    "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search",  # to an interpreter in root's own home
]  # fmt: skip
NAMES = ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
HOMES = """
import os, pathlib, hbac_assets
print(os.environ.get("HOME"), pathlib.Path.home())
"""


@pytest.fixture
def nobody():
    """Run a command as that user, in an environment that names no home."""
    tried = shutil.which("setpriv") and subprocess.run([*AS_USER, "true"], capture_output=True, check=False)
    if os.getuid() != 0 or not tried or tried.returncode:
        pytest.skip("another user can be taken on by root only, with setpriv")

    def run(command, environment):
        known = {name: value for name, value in environment.items() if name not in NAMES}
        return subprocess.run(
            [*AS_USER, *command], cwd=CHECKOUT, env=known, capture_output=True, text=True, check=False
        )

    return run


def test_libraries_find_a_home(nobody):
    for empty in ({}, {"HOME": ""}):
        done = nobody([sys.executable, "-c", HOMES], dict(os.environ) | {"PYTHONPATH": str(CHECKOUT)})
        assert done.stdout.split() == [str(CHECKOUT / "data" / "cache" / "home")] * 2, (done.stderr, empty)


def test_an_empty_home_is_that_of_the_system():
    environment = dict(os.environ) | {"HOME": "", "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run([sys.executable, "-c", HOMES], env=environment, capture_output=True, text=True, check=True)
    known = subprocess.run(
        [sys.executable, "-c", "import os, pwd; print(pwd.getpwuid(os.getuid()).pw_dir)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["None", known.stdout.strip()]


@pytest.mark.long
def test_the_whole_chain_runs(nobody, undisturbed, tmp_path, case):
    project = small_project(tmp_path / "project")
    for name in ("synthetic", "cache"):
        shutil.copytree(undisturbed.folder / name, project.folder / name)
    for path in [project.folder, *project.folder.rglob("*")]:
        os.chown(path, USER, USER)
    for folder in [project.folder, *project.folder.parents]:
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(folder.stat().st_mode | 0o055)
    done = nobody([*HBAC, "run"], project.environment)
    case("a user without a home", "works, the same bits", done.stdout.strip().splitlines()[-1:])
    assert done.returncode == 0, done.stderr
    require_same_results(project, undisturbed)
