"""Read-only folders: refused at once for results, accepted for input."""

import re
import shutil

import pytest

from hbac_assets_tests.faults.materializing import materialize_data
from hbac_assets_tests.faults.requirements import require_finishes, require_same_results, told_of_mlflow
from hbac_assets_tests.faults.small import small_project


def refusal(variable, folder):
    """Return the pattern of the line that refuses a folder."""
    return (
        f"{variable}: expected a folder that can be written, found {re.escape(str(folder))}( in .*, which cannot)?; "
        "make it writable or name another"
    )


def test_a_store_is_refused_before_anything_is_made(download, disk, tmp_path, case):
    project = tmp_path / "project"
    project.mkdir()
    (project / "store").symlink_to(disk.folder)
    disk.protect()
    failure = materialize_data(download, project).failure
    expected = refusal("HBAC_STORE", project / "store")
    case("a read-only store", expected, failure)
    assert re.fullmatch(expected, failure)


def test_the_raw_files_may_be_read_only(whole, disk, tmp_path, case):
    data = shutil.copytree(whole, disk.folder / "data")
    disk.protect()
    failure = materialize_data(data, tmp_path / "project").failure
    case("a read-only HBAC_DATA_DIR", "no failure", failure or "no failure")
    assert failure == ""


@pytest.mark.parametrize("variable", ["HBAC_STORE", "DAGSTER_HOME"])
def test_make_run_ends_at_once_in_one_line(variable, disk, tmp_path, case):
    project = small_project(tmp_path / "project")
    disk.protect()
    done = project.run(**{variable: str(disk.folder)})
    expected = refusal(variable, disk.folder)
    case(f"{variable} read-only, `make run`", expected, done.stderr.strip())
    assert done.returncode == 1
    assert re.fullmatch(f"\n{expected}\n", done.stderr)


@pytest.mark.long
def test_dagsters_own_command_says_it_first_of_all(disk, tmp_path, case):
    project = small_project(tmp_path / "project")
    disk.protect()
    done = project.command("dagster", "asset", "materialize", "--select", "trained_models", HBAC_STORE=str(disk.folder))
    expected = refusal("HBAC_STORE", disk.folder)
    found = re.search(expected, done.stderr)
    case("a read-only store, `dagster asset materialize --select trained_models`", expected, found and found[0])
    assert done.returncode != 0
    assert found
    assert "train_fold" not in done.stderr.split(found[0])[0]


@pytest.mark.long
def test_a_read_only_data_folder_and_mlflow_do_not_end_a_training(fresh, undisturbed, whole, disk, case):
    data = shutil.copytree(whole, disk.folder / "data")
    fresh.environment["HBAC_DATA_DIR"] = str(data)
    fresh.environment["MLFLOW_TRACKING_URI"] = f"sqlite:///{disk.folder}/mlflow.db"
    disk.protect()
    done = fresh.run()
    assert done.returncode == 0, done.stdout + done.stderr
    told = told_of_mlflow(done.stderr)
    case("HBAC_DATA_DIR and MLflow's folder read-only", "trained, MLflow's fault told once", told)
    assert len(told) == 1
    assert "Traceback" not in done.stderr
    require_same_results(fresh, undisturbed)

    disk.unprotect()
    require_finishes(fresh, undisturbed)
