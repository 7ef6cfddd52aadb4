"""MLflow's SQLite file is complete or absent, even if two processes create it or one is killed."""

import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from alembic import command
from mlflow import MlflowClient
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
from sqlalchemy import create_engine

from hbac_assets.errors import HbacError
from hbac_assets.resources.tracking import Tracking
from hbac_assets.resources.tracking_database import require_present_schema
from hbac_assets_tests.faults.servers import free_port
from hbac_assets_tests.projects import HBAC

MAKE = """
import sys
from pathlib import Path
from hbac_assets.resources.tracking_database import make_whole
print("ready", flush=True)
make_whole(sys.argv[1], Path(sys.argv[2]))
"""


def start(folder):
    command = [sys.executable, "-c", MAKE, f"sqlite:///{folder}/mlflow.db", str(folder / "artifacts")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def begun(folder):
    """Tell whether some of the tables are there, in the file that becomes MLflow's."""
    for path in folder.glob(".mlflow.*.partial.db"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30) as database:
            return database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 5
    return False


def test_two_at_once_and_one_after_a_killed_one_make_it_whole(tmp_path):
    killed = start(tmp_path)
    deadline = time.monotonic() + 120
    while not begun(tmp_path):
        assert time.monotonic() < deadline
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / "mlflow.db").exists()

    both = [start(tmp_path), start(tmp_path)]
    for process in both:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        assert errors == ""
    assert not list(tmp_path.glob("*.partial*"))
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    assert [experiment.name for experiment in client.search_experiments()] == ["Default"]
    assert client.create_experiment("mine")


@pytest.fixture
def older(tmp_path):
    """The URI of a database as an older MLflow made it."""
    uri = f"sqlite:///{tmp_path}/older.db"
    engine = create_engine(uri)
    Base.metadata.create_all(engine)
    engine.dispose()
    command.upgrade(_get_alembic_config(uri), "97727af70f4d")  # MLflow 2.0
    return uri


def test_an_older_database_is_told_with_the_command_that_upgrades_it(older, tmp_path):
    told = []
    Tracking(uri=older, artifact_folder=str(tmp_path)).open("e", "d", "r", told.append)
    (line,) = told
    upgrade = f"mlflow db upgrade '{older}'"
    assert f"MLflow at {older}: its database is of an older version; keep a copy of it, then run `{upgrade}`;" in line
    ports = {name: str(free_port()) for name in ("HBAC_DAGSTER_PORT", "HBAC_MLFLOW_PORT")}
    environment = os.environ | ports | {"MLFLOW_BACKEND_STORE_URI": older}
    done = subprocess.run([*HBAC, "ui"], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    starting, line = done.stderr.split("\n\n")
    assert starting.startswith("starting Dagster and MLflow; ")
    assert line == f"MLflow: its database is of an older version; keep a copy of it, then run `{upgrade}`\n"

    subprocess.run([sys.executable, "-m", *shlex.split(upgrade)], check=True, capture_output=True)
    require_present_schema(older)
    Tracking(uri=older, artifact_folder=str(tmp_path)).open("e", "d", "r", pytest.fail)


def test_a_newer_database_and_what_is_none_are_told_in_one_line(tmp_path):
    path = tmp_path / "newer.db"
    with sqlite3.connect(path) as database:
        database.execute("create table alembic_version (version_num varchar(32))")
        database.execute("insert into alembic_version values ('ffffffffffff')")
    with pytest.raises(HbacError, match=r"newer.db is of a newer version; install that one or name another database$"):
        require_present_schema(f"sqlite:///{path}")
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(
        HbacError, match=r"newer.db cannot be read \(file is not a database\); fix that or name another$"
    ):
        require_present_schema(f"sqlite:///{path}")


def log_picture(project, name):
    """Log a picture in a project that lies in a folder; return the client and the id of the run."""
    tracking = Tracking(uri=f"sqlite:///{project}/mlflow.db", artifact_folder=str(project / "mlartifacts"))
    runs = tracking.open("quickstart", "data", "d", pytest.fail)
    run = runs.member(name, name, {}, {})
    run.log_picture(b"\x89PNG", "loss_curves.png", "Falling is good.")
    run.finish()
    return runs._client, run.run_id


def test_artifacts_that_were_moved_with_the_database_are_found_and_new_ones_lie_beside_them(tmp_path):
    old, new = tmp_path / "old % folder", tmp_path / "new"
    old.mkdir()
    _, first = log_picture(old, "first")
    old.rename(new)
    client, second = log_picture(new, "second")
    assert not old.exists()
    for run in (first, second):
        assert [one.path for one in client.list_artifacts(run)] == ["loss_curves.png"]
        assert (
            client.get_run(run).info.artifact_uri == (new / "mlartifacts" / "quickstart" / run / "artifacts").as_uri()
        )


def test_artifacts_elsewhere_stay_there(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    _, first = log_picture(old, "first")
    shutil.copytree(old, new)
    client, second = log_picture(new, "second")
    for run in (first, second):
        assert client.get_run(run).info.artifact_uri.startswith(old.as_uri())
