"""MLflow on PostgreSQL: created by one process at a time, used like a file, and no password is stored or printed."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.resources.logged_runs import logged_runs
from hbac_assets.resources.tracking import Tracking
from hbac_assets.resources.tracking_database import require_present_schema
from hbac_assets.resources.tracking_uri import require_usable
from hbac_assets_tests.faults.small import small_project
from hbac_assets_tests.projects import CHECKOUT
from hbac_assets_tests.resources.postgres import PASSWORD, dump, postgres
from hbac_assets_tests.resources.test_tracking import CELL, HISTORY

WORKING = "postgresql+psycopg2://"
SECRETS = (PASSWORD, PASSWORD.replace("%40", "@"))
MAKE = """
import sys
from pathlib import Path
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from hbac_assets.resources.tracking_database import make_whole, require_present_schema
print("ready", flush=True)
sys.stdin.readline()
make_whole(sys.argv[1], Path(sys.argv[2]))
require_present_schema(sys.argv[1])
"""


@pytest.fixture(scope="module")
def address():
    """The address of an empty database, without its driver."""
    with postgres() as address:
        yield address


@pytest.fixture(scope="module")
def made_at_once(address, tmp_path_factory):
    """The same address after two processes created MLflow's tables at the same time, and their results."""
    command = [sys.executable, "-c", MAKE, WORKING + address, str(tmp_path_factory.mktemp("artifacts"))]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    both = [subprocess.Popen(command, cwd=CHECKOUT, text=True, **pipes) for _ in range(2)]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("now\n")
        process.stdin.flush()
    said = [process.communicate()[1] for process in both]
    return address, {process.returncode: errors for process, errors in zip(both, said, strict=True)}


@pytest.fixture
def made(made_at_once):
    """The address of a database with MLflow's tables."""
    return made_at_once[0]


def shows_secret(text):
    return any(secret in text for secret in SECRETS)


def files_with_secrets(folder):
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file for file in files if any(secret.encode() in file.read_bytes() for secret in SECRETS)]


def test_two_processes_at_once_make_the_tables_whole(made_at_once):
    address, ended = made_at_once
    assert list(ended) == [0], ended
    require_present_schema(WORKING + address)


def test_a_cell_is_logged_and_no_password_is_in_the_database_or_a_file(made, tmp_path):
    uri = WORKING + made
    runs = Tracking(uri=uri, artifact_folder=str(tmp_path / "mlartifacts")).open("kept", "data", "d", pytest.fail)
    tracked = runs.cell(CELL, "", "f", {"epochs": 3}, {})
    tracked.log_epochs(HISTORY)
    tracked.log_picture(b"\x89PNG", "loss_curves.png", "See.")
    tracked.fail(f"could not write to {uri}")
    tracked.finish()
    assert runs.is_finished("f")
    (run,) = logged_runs(uri, ["data"])
    assert (run.experiment, run.member, run.fold) == ("kept", "b2", 0)
    assert list((tmp_path / "mlartifacts" / "kept").rglob("loss_curves.png"))
    written = dump(made)
    assert "b2 fold 0" in written
    assert "could not write to postgresql+psycopg2://hbac:***@" in written
    assert not shows_secret(written)
    assert files_with_secrets(tmp_path) == []


@pytest.mark.parametrize("fault", ["wrong password", "no server"])
def test_a_database_that_lets_nobody_in_is_one_line_without_the_password(fault, made, tmp_path):
    right = made.rpartition(":")[2]
    password, port = ("wr0ng-passw0rd", right) if fault == "wrong password" else (PASSWORD, "1/postgres")
    uri = f"{WORKING}hbac:{password}@127.0.0.1:{port}"
    told = []
    Tracking(uri=uri, artifact_folder=str(tmp_path)).open("kept", "data", "d", told.append)
    with pytest.raises(HbacError) as refused:
        logged_runs(uri, ["data"])
    for line in (*told, str(refused.value)):
        assert line.startswith(f"MLflow at {WORKING}hbac:***@127.0.0.1:{port}: ")
        assert "\n" not in line
        assert not shows_secret(line)
        assert "wr0ng" not in line
    assert len(told) == 1
    assert "failed" in told[0]


@pytest.mark.skipif(find_spec("psycopg") is not None, reason="the other driver is installed, and works for MLflow")
def test_the_form_without_a_driver_is_told_with_the_one_that_works():
    with pytest.raises(HbacError, match=r"^MLFLOW_TRACKING_URI: expected postgresql\+psycopg2://…, found") as told:
        require_usable(f"postgresql://me:{PASSWORD}@host/db")
    assert "\n" not in str(told.value)
    assert not shows_secret(str(told.value))
    assert "begin it with the first, whose driver hbac-assets[cluster] installs" in str(told.value)


@pytest.mark.long
def test_a_whole_run_keeps_and_says_no_password(made, tmp_path):
    uri = WORKING + made
    project = small_project(tmp_path / "project", MLFLOW_TRACKING_URI=uri, MLFLOW_BACKEND_STORE_URI=uri)
    done = project.run()
    assert done.returncode == 0, done.stderr
    assert not shows_secret(done.stdout + done.stderr)
    assert files_with_secrets(project.folder) == []
    assert "small fold 1" in dump(made)
    assert not shows_secret(dump(made))
