"""No input runs code, only locked packages are installed, and no password is written anywhere.

Ruff refuses the rest: pickles, shells, `eval`, unsafe YAML.
"""

import ast
import os
import re
import signal
import sys
import tomllib

import pytest
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._serdes import serialize_value

from hbac_assets.definitions import build_defs
from hbac_assets_tests.faults.servers import free_port
from hbac_assets_tests.projects import CHECKOUT

SOURCES = sorted(file for folder in ("hbac_assets", "benchmarks") for file in (CHECKOUT / folder).rglob("*.py"))
# The argument without which a file could run code when it is read.
SAFE = {"np.load": ("allow_pickle", False), "keras.models.load_model": ("safe_mode", True)}
SECRET = "hunter-2-of-the-tests"


def unsafe_calls(source):
    """Return the lines of calls that read arrays or models without their safe argument."""
    unsafe = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        argument, value = SAFE.get(ast.unparse(call.func), (None, None))
        given = {one.arg: ast.literal_eval(one.value) for one in call.keywords if isinstance(one.value, ast.Constant)}
        if argument and given.get(argument) is not value:
            unsafe.append(call.lineno)
    return unsafe


def test_arrays_and_models_are_read_by_the_safe_way_alone():
    found = {str(file): lines for file in SOURCES if (lines := unsafe_calls(file.read_text()))}
    assert found == {}
    assert unsafe_calls("np.load(path)\nkeras.models.load_model(path)\nnp.load(path, allow_pickle=False)") == [1, 2]


def test_everything_that_is_installed_is_pinned_by_a_hash():
    packages = tomllib.loads((CHECKOUT / "uv.lock").read_text())["package"]
    distributions = {
        package["name"]: [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        for package in packages
        if package["source"] != {"editable": "."}
    }
    assert len(distributions) > 100
    for name, files in distributions.items():
        assert files, name
        for file in files:
            assert re.fullmatch("sha256:[0-9a-f]{64}", file["hash"]), name
    # uv itself comes before the lock file can be read.
    pinned = (CHECKOUT / ".ci" / "uv.txt").read_text()
    assert re.search(r"^uv==[0-9.]+ \\\n    --hash=sha256:[0-9a-f]{64}", pinned, re.M)
    (bootstrap,) = re.findall(r"pip install .*", (CHECKOUT / "Makefile").read_text())
    assert "--require-hashes -r .ci/uv.txt" in bootstrap


def with_password(port):
    return f"http://someone:{SECRET}@127.0.0.1:{port}"


def files_with_the_secret(folder):
    return [file for file in folder.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]


def test_the_code_location_contains_only_the_variables_name(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", with_password(1))
    repository = build_defs().get_repository_def()
    known = [serialize_value(RepositorySnap.from_def(repository))]
    known += [serialize_value(job.get_job_snapshot()) for job in repository.get_all_jobs()]
    assert SECRET not in "".join(known)
    assert "MLFLOW_TRACKING_URI" in known[0]


def test_a_materialization_writes_no_password(fresh):
    command = ("dagster", "asset", "materialize", "--select", "competition_data")
    done = fresh.command(*command, MLFLOW_TRACKING_URI=with_password(1))
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert files_with_the_secret(fresh.folder) == []


@pytest.mark.long
def test_a_whole_run_that_is_tracked_writes_no_password_and_says_where_mlflow_was(fresh):
    port = free_port()
    command = (sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    server = fresh.start(*command, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
    try:
        done = fresh.run(MLFLOW_TRACKING_URI=with_password(port))
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # its session is its own
        server.wait()
    assert done.returncode == 0, done.stderr
    gone = fresh.run(MLFLOW_TRACKING_URI=with_password(port))
    assert gone.returncode == 0, gone.stderr
    assert f"MLflow at http://someone:***@127.0.0.1:{port}: " in gone.stdout + gone.stderr
    assert SECRET not in done.stdout + done.stderr + gone.stdout + gone.stderr
    assert files_with_the_secret(fresh.folder) == []
