import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.execution.runs import PROCESS_TAG, sign_run
from hbac_assets.resources import dagster_home
from hbac_assets.resources.dagster_home import DATABASES, open_instance, told_if_locked
from hbac_assets.resources.paths import DEFAULT_PLACES

OPENING = """
import sys
import dagster
from hbac_assets.resources.dagster_home import open_instance

print("ready", flush=True)
sys.stdin.read()
with open_instance() as instance:
    instance.get_runs()
"""


def test_processes_that_open_a_new_home_at_once_leave_it_in_order(tmp_path):
    (tmp_path / "dagster.yaml").touch()
    command, environment = [sys.executable, "-c", OPENING], os.environ | {"DAGSTER_HOME": str(tmp_path)}
    processes = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        process.stdin.close()
    assert [process.wait(120) for process in processes] == [0] * 4
    for name in ("history/runs.db", "history/runs/index.db", "schedules/schedules.db"):
        with closing(sqlite3.connect(tmp_path / name)) as database:
            assert len(database.execute("select * from alembic_version").fetchall()) == 1


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with its databases, one of which can be locked by its name."""
    (tmp_path / "dagster.yaml").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with open_instance():
        pass
    return tmp_path


def locked(path):
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("begin exclusive")
    return closing(database)


@pytest.mark.parametrize("name", DATABASES)
def test_a_locked_database_is_waited_for(name, home, capsys):
    with locked(home / name) as database:
        ending = threading.Timer(1.0, database.execute, ["rollback"])
        ending.start()
        with open_instance() as instance:
            assert not ending.is_alive()
            assert instance.get_runs() == []
        ending.join()
    assert capsys.readouterr().err == f"DAGSTER_HOME: waiting for another program that has locked {home / name}\n"


def test_a_database_that_stays_locked_is_told_in_one_line(home, monkeypatch):
    monkeypatch.setattr(dagster_home, "LOCKED_SECONDS", 1.0)
    path = home / DATABASES[0]
    with locked(path), pytest.raises(HbacError) as caught:
        open_instance()
    assert str(caught.value).startswith(f"DAGSTER_HOME: {path}: another program keeps a database locked; end that one")
    assert "\n" not in str(caught.value)


def test_one_that_is_locked_later_is_told_too(home, monkeypatch):
    monkeypatch.setattr(dagster_home, "LOCKED_SECONDS", 6.0)
    began = time.monotonic()
    with told_if_locked(), open_instance() as instance:
        run = instance.create_run_for_job(job())
        with locked(home / DATABASES[0]), pytest.raises(HbacError, match="keeps a database locked"), told_if_locked():
            sign_run(instance, run.run_id)
        assert time.monotonic() - began > 6
        sign_run(instance, run.run_id)
        assert PROCESS_TAG in instance.get_run_by_id(run.run_id).tags


def job():
    from dagster import job, op

    @op
    def nothing():
        pass

    @job
    def one():
        nothing()

    return one


def test_the_default_home_is_made_with_this_projects_settings_which_are_kept_up_to_date(tmp_path, monkeypatch):
    home = tmp_path / "data" / "dagster"
    monkeypatch.setitem(DEFAULT_PLACES, "DAGSTER_HOME", str(home))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    for _ in range(2):
        with open_instance() as instance:
            assert not instance.telemetry_enabled
            assert not instance.nux_enabled
        (home / "dagster.yaml").write_text("telemetry: {enabled: true}\n")


def test_the_settings_of_a_users_own_home_are_left_alone(home):
    with open_instance():
        assert (home / "dagster.yaml").read_text() == ""


def test_a_default_home_that_cannot_be_made_is_told_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "data").touch()
    home = str(tmp_path / "data" / "dagster")
    monkeypatch.setitem(DEFAULT_PLACES, "DAGSTER_HOME", home)
    monkeypatch.setenv("DAGSTER_HOME", home)
    with pytest.raises(HbacError, match=r"^DAGSTER_HOME: expected a folder that can be written, found .*; make it"):
        open_instance()
