import os
import sqlite3
import subprocess
import sys
from contextlib import closing

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
