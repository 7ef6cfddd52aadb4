"""A disk that is full: one line with path, space needed and space free; what was there stays; the same command goes on.

The disks are file systems in memory, filled by a real file.
"""

import re
import subprocess
import sys
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest

from hbac_assets.learning.search.study import open_study
from hbac_assets.resources.store import Store
from hbac_assets.store.files import FullDiskError, atomic_write
from hbac_assets.store.locks import hold_any
from hbac_assets_tests.faults.disks import MEGABYTE
from hbac_assets_tests.faults.materializing import materialize_data
from hbac_assets_tests.faults.requirements import last_line, require_finishes, require_same_results, told_of_mlflow
from hbac_assets_tests.faults.small import small_project
from hbac_assets_tests.projects import SECONDS, Project, share_generated_data, wait_until

SPACE = r"\d+\.\d [kM]B"
KNOWN = (
    rf"cannot be written \(No space left on device\): needs {SPACE}, {SPACE} are free; free space or write elsewhere"
)
UNKNOWN = (
    rf"cannot be written \(No space left on device\): needs more than the {SPACE} that are free; "
    "free space or write elsewhere"
)
VALUES = np.random.default_rng(0).random(2_000_000)


def hdf5(path):
    with pytest.importorskip("h5py").File(path, "w", locking=False) as file:
        file["values"] = VALUES


def keras_model(path):
    import keras

    keras.Sequential([keras.layers.Input((1000,)), keras.layers.Dense(2000)]).save(path)


def gone_and_mute(path):
    """Write as libraries do that clean up and say nothing of the reason."""
    try:
        path.write_bytes(VALUES.tobytes())
    except OSError:
        path.write_bytes(b"")
        raise RuntimeError("writing failed") from None


WRITERS = {
    "table.csv": lambda path: pd.DataFrame({"value": VALUES}).to_csv(path, index=False),
    "table.parquet": lambda path: pd.DataFrame({"value": VALUES}).to_parquet(path, index=False),
    "array.npy": lambda path: np.save(path, VALUES),
    "arrays.npz": lambda path: np.savez(path, values=VALUES),
    "weights.h5": hdf5,
    "model.keras": keras_model,
    "mute.bin": gone_and_mute,
}


def written(path, writer, size):
    with atomic_write(path, size=size) as temporary:
        writer(temporary)


def contents(folder):
    """Return the digests of a store's files, but those of the locks, which say who holds them."""
    return {
        path: sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "locks"
    }


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(("size", "expected"), [(VALUES.nbytes, KNOWN), (0, UNKNOWN)], ids=["size known", "unknown"])
def test_whatever_a_writer_raises_it_is_one_line(name, size, expected, disk, case):
    path = disk.folder / "results" / name
    path.parent.mkdir()
    path.write_bytes(b"the earlier result")
    disk.leave(1)
    with pytest.raises(FullDiskError) as error:
        written(path, WRITERS[name], size)
    case(f"{name} on a full disk", f"path, {expected}", error.value)
    assert re.fullmatch(re.escape(f"{path}: ") + expected, str(error.value))
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == {name: b"the earlier result"}
    disk.free_space()
    written(path, WRITERS[name], size)


def test_a_defect_of_a_writer_stays_one(disk):
    with pytest.raises(ZeroDivisionError):
        written(disk.folder / "table.csv", lambda path: 1 / 0, size=0)


def test_a_file_system_without_room_for_names_says_so(disk, case):
    folder = disk.folder / "results"
    folder.mkdir()
    disk.allow_files(2)  # those two folders
    with pytest.raises(FullDiskError) as error:
        written(folder / "table.csv", WRITERS["table.csv"], VALUES.nbytes)
    expected = "table.csv: cannot be written (No space left on device): needs a file more than its file system can hold"
    case("no inodes left", expected, error.value)
    assert expected in str(error.value)


def test_programs_are_not_kept_on_a_full_disk(disk):
    compiling = """
import sys
from pathlib import Path
from hbac_assets.learning.device import configure
configure("cpu", "float32", Path(sys.argv[1]))
import jax
print(jax.jit(lambda x: x + 1)(1))
"""
    disk.leave(0)
    command = [sys.executable, "-W", "error", "-c", compiling, str(disk.folder / "cache")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "2\n", done.stderr
    assert not [path for path in (disk.folder / "cache").rglob("*") if path.is_file()]


def test_a_lock_needs_no_space_of_its_own(disk):
    disk.leave(0)
    lock = disk.folder / "made.lock"
    with hold_any([lock], pytest.fail) as held:
        assert held == [lock]


def test_a_search_whose_trials_cannot_be_kept_says_so(disk, case):
    disk.leave(0)
    with pytest.raises(FullDiskError) as error, Store(folder=str(disk.folder)).in_use(pytest.fail):
        open_study(disk.folder / "trials.db", "study")
    case("the trials of a search on a full disk", UNKNOWN, error.value)
    assert re.fullmatch(re.escape(f"{disk.folder}: ") + UNKNOWN, str(error.value))


@pytest.mark.long
def test_a_conversion_goes_on_where_it_stopped(download, disk, case):
    disk.leave(8)
    failure = materialize_data(download, disk.folder / "project").failure
    expected = KNOWN + rf"; all that is left needs about {SPACE}"
    case("full in npy_spectrograms", expected, failure)
    assert re.search(r"spectrograms/(mel-\w+/)?\d+\.npy: " + expected + r"\Z", failure)
    kept = {path: sha256(path.read_bytes()).hexdigest() for path in disk.folder.rglob("*.npy")}
    assert len(kept) > 5
    assert not list(disk.folder.rglob("*.partial*"))

    disk.free_space()
    times = {path: path.stat().st_mtime_ns for path in kept}
    assert materialize_data(download, disk.folder / "project").failure == ""
    after = contents(disk.folder)
    assert {path: after[path] for path in kept} == kept
    assert {path: path.stat().st_mtime_ns for path in kept} == times


def test_a_run_that_cannot_even_begin_is_one_line(disk, case):
    project = small_project(disk.folder / "project")
    disk.leave(0)
    done = project.run()
    case("everything on a full disk, `make run`", KNOWN, done.stderr.strip())
    assert done.returncode == 1
    assert re.fullmatch(re.escape(f"\n{disk.folder}/project/dagster: ") + KNOWN + "\n", done.stderr)


@pytest.mark.long
def test_a_training_goes_on_when_its_checkpoint_has_room(undisturbed, disk, tmp_path, case):
    project = small_project(tmp_path / "project", disk.folder)
    share_generated_data(undisturbed, project)
    arrays = sum(array.stat().st_size for array in (undisturbed.folder / "store").rglob("*.npy"))
    disk.leave(arrays / MEGABYTE + 8)  # a checkpoint takes 15 MB
    stopped = project.run()
    line = last_line(stopped.stderr)
    case("full in a checkpoint, `make run`", KNOWN, line)
    assert stopped.returncode == 1
    assert re.fullmatch(r".*/fold_\d\.checkpoint\.npz: " + KNOWN, line)
    kept = contents(project.folder / "store")
    assert len([path for path in kept if path.suffix == ".npy"]) > 40
    assert not list(disk.folder.rglob("*.partial*"))

    disk.free_space()
    require_finishes(project, undisturbed)
    after = contents(project.folder / "store")
    assert {path: after[path] for path in kept} == kept


@pytest.mark.long
def test_all_on_one_disk_that_fills_up_in_the_middle(undisturbed, disk, tmp_path, case):
    project = small_project(disk.folder / "project")
    share_generated_data(undisturbed, project)
    process = Project(tmp_path, project.environment).start_run()
    log = tmp_path / "started.log"
    wait_until(lambda: "cells to train" in log.read_text(), process)
    disk.leave(0)
    assert process.wait(SECONDS) == 1
    line = last_line(log.read_text())
    case("store, Dagster's home and MLflow on one disk, filled in the middle", f"{KNOWN} or {UNKNOWN}", line)
    assert re.fullmatch(rf".*: ({KNOWN}|{UNKNOWN})", line)
    assert not list(disk.folder.rglob("*.partial*"))

    disk.free_space()
    require_finishes(project, undisturbed)


def plugin_of_an_absent_device(folder):
    """Write a plugin of JAX that fails, as CUDA's without a driver, unless the process keeps to the CPU."""
    plugin = folder / "jax_plugins" / "absent_device.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(
        "def initialize():\n    import jax\n    if jax.config.jax_platforms != 'cpu':\n        raise RuntimeError\n"
    )
    return folder


@pytest.mark.long
def test_training_goes_on_without_mlflow_whose_disk_is_full(fresh, undisturbed, disk, case):
    fresh.environment["PYTHONPATH"] = str(plugin_of_an_absent_device(fresh.folder / "plugins"))
    fresh.environment["MLFLOW_TRACKING_URI"] = f"sqlite:///{disk.folder}/mlflow.db"
    (disk.folder / "mlartifacts").mkdir()
    (fresh.folder / "mlartifacts").symlink_to(disk.folder / "mlartifacts")
    expected = r"MLflow at sqlite:.*; the run continues without it: materialize again once that is fixed"
    for left in (0, 3):  # no room for a database; room for that, none for the models
        disk.leave(left)
        done = fresh.run()
        assert done.returncode == 0, done.stdout + done.stderr
        told = told_of_mlflow(done.stderr)
        case(f"MLflow's disk full, {left} MB left", f"told once: {expected}", told[0] if told else "")
        assert 1 <= len(told) <= 2  # two trainings may notice it at the same moment
        assert all(re.search(expected, line) for line in told)
        assert "Traceback" not in done.stderr
        require_same_results(fresh, undisturbed)

    disk.free_space()
    require_finishes(fresh, undisturbed)
