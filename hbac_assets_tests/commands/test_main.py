"""The command line of `hbac`: the time of `--help`, exit statuses, and variables."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from hbac_assets.commands.main import COMMANDS
from hbac_assets.execution.interrupts import INTERRUPTED_MESSAGE
from hbac_assets.resources.dagster_home import DATABASES
from hbac_assets_tests.faults.servers import free_port
from hbac_assets_tests.projects import CHECKOUT, HBAC, make_project, wait_until

SLOW = {
    "dagster", "jax", "keras", "keras_cv", "matplotlib", "mlflow", "numpy", "optuna", "pandas", "pydantic", "pywt",
    "scipy", "sklearn", "sqlalchemy", "tensorflow",
}  # fmt: skip
LOADED = """
import runpy, sys
try:
    runpy.run_module("hbac_assets", run_name="__main__", alter_sys=True)
finally:
    print(*sys.modules, file=sys.stderr)
"""
SET = """
import os, sys
from hbac_assets.commands.main import command_line
from hbac_assets.commands.variables import set_variables
set_variables(command_line().parse_args())
print(*(f"{name}={value}" for name, value in os.environ.items()), sep="\\0", end="")
"""
SHELLS_OWN = {"VIRTUAL_ENV", "PATH", "PWD", "OLDPWD", "SHLVL", "_", "DAGSTER_CLI_ASSET_MATERIALIZE_MODULE_NAME"}


def python(code, *arguments, folder=CHECKOUT, **environment):
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def variables(printed):
    return dict(one.split("=", 1) for one in printed.split("\0") if "=" in one)


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_lists_the_subcommands_and_imports_nothing_slow(arguments):
    done = python(LOADED, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: hbac{''.join(f' {name}' for name in arguments[:-1])} [-h]")
    if arguments == ["--help"]:
        assert set(COMMANDS) <= set(done.stdout.split())
    modules = set(done.stderr.split())
    assert "hbac_assets.commands.main" in modules
    assert not modules & SLOW


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "hbac: error: the following arguments are required: COMMAND"),
        (["train"], "hbac: error: argument COMMAND: invalid choice: 'train'"),
        (["run", "quickstart"], "hbac: error: unrecognized arguments: quickstart"),
        (["run", "--mini"], "hbac: error: unrecognized arguments: --mini"),
        (["run", "--data", ""], "hbac run: error: argument --data: expected a value, found an empty one"),
    ],
    ids=["no subcommand", "unknown subcommand", "unknown argument", "abbreviated option", "empty value"],
)
def test_wrong_usage_is_told_before_anything_is_made(arguments, said, tmp_path):
    project = make_project(tmp_path / "project")
    done = project.command(*HBAC, *arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(said)
    assert {path.name for path in project.folder.iterdir()} == {"dagster"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"HBAC_DATA_DIR": "/nowhere"},
            "/nowhere: expected a folder in Kaggle's layout, found none; correct ",
        ),
        (
            {"HBAC_DATA_DIR": "{here}"},
            "{here}/train.csv: expected a file, found none; download ",
        ),
        ({"HBAC_STORE": f"{__file__}/store"}, "HBAC_STORE: expected the path of a folder, "),
        ({"HBAC_STORE": "/proc/x"}, "/proc/x/locks: cannot be written (No such file or directory); "),
        ({"HBAC_EXPERIMENT": "quikstart"}, "HBAC_EXPERIMENT: expected one of ablation, best, best_cpu, odu, "),
        ({"HBAC_EXPERIMENT": "{here}/mine.yaml"}, "HBAC_EXPERIMENT: expected a file whose name no other has, found "),
    ],
    ids=["no data", "no table", "no store", "a store in /proc", "no experiment", "an experiment of another's name"],
)
def test_errors_are_reported_in_one_line_before_a_dagster_run_exists(variables, said, tmp_path):
    project = make_project(tmp_path / "project")
    (tmp_path / "mine.yaml").write_text("description: mine\nmembers: {small: {backbone: mobilenet_v3_small}}\n")
    (tmp_path / "its.yaml").touch()
    record = project.folder / "store" / "experiments" / "mine-miniature.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"file": str(tmp_path / "its.yaml")}))
    given = {name: value.replace("{here}", str(tmp_path)) for name, value in variables.items()}
    done = project.command(*HBAC, "run", **given)
    assert done.returncode == 1
    assert done.stderr.startswith("\n" + said.replace("{here}", str(tmp_path)))
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    assert {path.name for path in (project.folder / "dagster").iterdir()} == {"dagster.yaml"}


@pytest.mark.slow
def test_a_taken_port_is_told_before_anything_starts(tmp_path):
    project = make_project(tmp_path / "project")
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = str(other.getsockname()[1])
        for variable in ("HBAC_DAGSTER_PORT", "HBAC_MLFLOW_PORT"):
            free = {"HBAC_DAGSTER_PORT": str(free_port())}
            done = project.command(*HBAC, "ui", **free | {variable: port})
            assert done.returncode == 1
            assert done.stderr.startswith(f"\n{variable}: expected a free port of 127.0.0.1, found {port} ")
            assert len(done.stderr.strip().splitlines()) == 1
    assert {path.name for path in project.folder.iterdir()} == {"dagster"}


@pytest.mark.slow
def test_ctrl_c_before_anything_runs_is_told(tmp_path):
    project = make_project(tmp_path / "project")
    path = tmp_path / "project" / "dagster" / DATABASES[0]
    path.parent.mkdir()
    log = project.folder / "started.log"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("begin exclusive")
        ports = {name: str(free_port()) for name in ("HBAC_DAGSTER_PORT", "HBAC_MLFLOW_PORT")}
        process = project.start(*HBAC, "ui", **ports)
        wait_until(lambda: "waiting for another program" in log.read_text(), process)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert log.read_text().splitlines()[-1] == INTERRUPTED_MESSAGE
    assert "Traceback" not in log.read_text()


def test_options_stand_for_variables():
    options = ("--experiment", "odu", "--data", "/a/folder", "--miniature")
    given = variables(python(SET, "run", *options, HBAC_EXPERIMENT="osu", HBAC_MINIATURE="0").stdout)
    assert {name: value for name, value in given.items() if name.startswith("HBAC_")} == {
        "HBAC_EXPERIMENT": "odu",
        "HBAC_DATA_DIR": "/a/folder",
        "HBAC_MINIATURE": "1",
        "HBAC_STORE": str(CHECKOUT / "data" / "store"),
    }
    kept = variables(python(SET, "run", HBAC_EXPERIMENT="osu", HBAC_MINIATURE="1").stdout)
    assert (kept["HBAC_EXPERIMENT"], kept["HBAC_MINIATURE"]) == ("osu", "1")


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {
            "HBAC_STORE": "/elsewhere/store",
            "MLFLOW_TRACKING_URI": "http://127.0.0.1:5001",
            "DAGSTER_HOME": "/elsewhere",
        },
        {"MLFLOW_BACKEND_STORE_URI": "sqlite:////elsewhere/mlflow.db", "MLFLOW_ARTIFACTS_DESTINATION": "/elsewhere"},
        {"HBAC_STORE": "", "MLFLOW_TRACKING_URI": "", "MLFLOW_BACKEND_STORE_URI": "", "DAGSTER_HOME": ""},
    ],
    ids=["nothing chosen", "places", "MLflow's own", "empty"],
)
def test_without_envrc_the_variables_are_what_it_sets(chosen, tmp_path):
    clean = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"} | chosen
    shell = subprocess.run(
        ["bash", "-c", f"source '{CHECKOUT}/.envrc' && env -0"], env=clean, capture_output=True, text=True, check=True
    )
    expected = {name: value for name, value in variables(shell.stdout).items() if name not in SHELLS_OWN}
    assert {"HBAC_STORE", "DAGSTER_HOME", "DO_NOT_TRACK", "MLFLOW_BACKEND_STORE_URI"} <= set(expected)
    done = python(SET, "run", folder=tmp_path, PYTHONDONTWRITEBYTECODE="", HOME=str(tmp_path), **chosen)
    found = variables(done.stdout)
    assert {name: found.get(name) for name in expected} == expected
