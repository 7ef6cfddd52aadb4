"""MLflow's SQLite file is there whole or not at all, also where two processes want it or one was killed."""

import signal
import sqlite3
import subprocess
import sys
import time

from mlflow import MlflowClient

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
    assert not list(tmp_path.glob("*.partial*"))
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    assert [experiment.name for experiment in client.search_experiments()] == ["Default"]
    assert client.create_experiment("mine")
