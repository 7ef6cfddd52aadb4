"""Two users of one group share a cluster and a store; neither may write the other's files."""

import os
import shutil
from pathlib import Path

import pytest

from hbac_assets.resources.dagster_home import SETTINGS
from hbac_assets_tests.cluster.results import require_bits, require_each_epoch_once
from hbac_assets_tests.projects import HBAC

pytestmark = pytest.mark.cluster

USERS, GROUP = (41_001, 41_002), 41_000


def as_user(user):
    """Return the prefix of a user's commands, who may read root's folders, where tests and packages are."""
    who = [f"--reuid={user}", f"--regid={GROUP}", "--clear-groups"]
    may_read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", *who, *may_read, "bash", "-c", 'umask 002; exec "$@"', "-"]


def own_home(folder, user, shared):
    """Return the variables of a user's own folders."""
    home = folder / str(user)
    (home / "dagster").mkdir(parents=True)
    shutil.copyfile(Path(shared.environment["DAGSTER_HOME"]) / SETTINGS.name, home / "dagster" / SETTINGS.name)
    for path in (home, *home.rglob("*")):
        os.chown(path, user, GROUP)
    return {"HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}


def share_with_the_group(folder):
    """Do what docs/cluster.md asks the owner of a store to do, and let others pass the folders of the tests."""
    for parent in folder.parents:
        if parent.stat().st_mode & 0o011 != 0o011:
            parent.chmod(parent.stat().st_mode | 0o011)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            os.chown(path, -1, GROUP)
            path.chmod(path.stat().st_mode | (0o2070 if path.is_dir() else 0o060))


def test_two_users_at_once_share_the_work(shared, undisturbed, tmp_path):
    share_with_the_group(shared.project.folder / "store")
    nodes = (shared.cluster.head, shared.cluster.worker)
    processes = {
        user: node.start(
            *as_user(user), *HBAC, "run", log=tmp_path / f"{user}.log",
            **shared.environment | own_home(tmp_path, user, shared),
        )
        for user, node in zip(USERS, nodes, strict=True)
    }  # fmt: skip
    for user, process in processes.items():
        assert process.wait(1500) == 0, (tmp_path / f"{user}.log").read_text()[-3000:]
    require_bits(shared.project, undisturbed)
    require_each_epoch_once(shared.epochs())
    assert shared.statuses() == ["SUCCESS", "SUCCESS"]
