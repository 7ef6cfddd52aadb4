"""A project that was moved or copied: its commands are reinstalled."""

import os
import shutil
import subprocess

import pytest

from hbac_assets_tests.projects import CHECKOUT
from hbac_assets_tests.terminals import run_in_terminal


@pytest.fixture
def project(tmp_path):
    """A project with an environment that is as new as its lock file, and what writes a command into that."""
    folder = tmp_path / "my project"
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", ".envrc", ".ci", "uv.lock", "pyproject.toml", "hbac_assets"):
        (shutil.copytree if (CHECKOUT / name).is_dir() else shutil.copy)(CHECKOUT / name, folder / name)
    for name in (".locked", ".locked-dev"):
        (folder / ".venv" / name).touch()

    def install(beginning):
        for name in ("dagster", "pytest"):
            (folder / ".venv" / "bin" / name).write_text(f"{beginning}\nimport sys\n")

    return folder, install


def would_do(folder):
    """Return what `make run` would do, and what `source .envrc` says."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    made, sourced = (
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        for command in (["make", "-n", "run"], ["bash", "-c", "source .envrc"])
    )
    return made.stdout, sourced.stderr


@pytest.mark.parametrize("beginning", ["#!{}/bin/python", "#!/bin/sh\n'''exec' '{}/bin/python3' \"$0\" \"$@\"\n' '''"])
def test_commands_of_another_folder_are_installed_again(project, beginning):
    folder, install = project
    install(beginning.format(folder / ".venv"))
    makes, says = would_do(folder)
    assert "sync" not in makes
    assert "exec hbac run" in makes
    assert says == ""

    moved = folder.rename(folder.with_name("moved"))
    makes, says = would_do(moved)
    assert "sync --frozen $quiet --inexact --no-dev --reinstall" in " ".join(makes.split())
    assert says == f"{moved} was moved or copied, and the commands in .venv are those of the old folder: make setup\n"


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "file"])
def test_an_installation_says_so(project, terminal):
    folder, _ = project
    (folder / "bin").mkdir()
    uv = folder / "bin" / "uv"
    uv.write_text('#!/bin/sh\necho "uv $*"\n')
    uv.chmod(0o755)
    (folder / ".venv" / ".locked").unlink()
    environment = {"PATH": f"{uv.parent}:{os.environ['PATH']}", "TERM": "xterm"}
    command = ("make", ".venv/.locked")
    if terminal:
        _, written = run_in_terminal(command, environment, folder=folder)
    else:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        written = done.stderr + done.stdout
    said, quiet = written.splitlines()[0], "" if terminal else " --quiet"
    assert said == "installing the packages of uv.lock into .venv; the first time takes minutes"
    assert f"uv sync --frozen{quiet} --inexact --no-dev" in written
