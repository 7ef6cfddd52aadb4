"""Two concurrent runs: on one store they share the work, on one device they take turns, naming whom they wait for."""

import re
from itertools import product

import pytest
import yaml

from hbac_assets_tests.faults.requirements import epochs_logged, require_nothing_left, require_same_results
from hbac_assets_tests.faults.small import EPOCHS, EXPERIMENT, FOLDS, NAME, small_project
from hbac_assets_tests.projects import CHECKOUT, SECONDS


def together(project, **second_environment):
    """Run what `make run` runs twice at once, the second time with other variables, and return what either printed."""
    names = ("first.log", "second.log")
    processes = [project.start_run(names[0]), project.start_run(names[1], **second_environment)]
    statuses = [process.wait(SECONDS) for process in processes]
    printed = [(project.folder / name).read_text() for name in names]
    assert statuses == [0, 0], "\n".join(printed)
    return printed


@pytest.fixture
def untouched(tmp_path, undisturbed):
    """A project in which nothing is made yet, neither data nor Dagster's and MLflow's databases."""
    project = small_project(tmp_path / "project")
    (project.folder / "cache").symlink_to(undisturbed.folder / "cache")
    return project


@pytest.mark.long
def test_on_one_store_nothing_is_made_twice(untouched, undisturbed, case):
    printed = together(untouched)
    waited = sorted(set(re.findall(rf"waiting for \S+, being made by process \d+ of {CHECKOUT}", "".join(printed))))
    case("two `make run` on one fresh store", "one waits and says for whom, same bits", "; ".join(waited))
    assert waited
    assert sorted(epochs_logged(untouched)) == list(product(range(FOLDS), range(1, EPOCHS + 1)))
    require_same_results(untouched, undisturbed)
    require_nothing_left(untouched)


@pytest.mark.long
def test_on_one_device_two_experiments_take_turns(fresh, undisturbed, case):
    other = fresh.folder / "other.yaml"
    other.write_text(yaml.safe_dump(EXPERIMENT | {"fold_seed": 1}))
    printed = together(fresh, HBAC_EXPERIMENT=str(other))
    waited = re.findall(rf"waiting for the CPU, held by process \d+ of {CHECKOUT}", "".join(printed))
    case("two experiments on one device", "no more than two cells at once, same bits", "; ".join(waited))
    assert waited
    for name in (NAME, "other"):
        (submission,) = fresh.folder.glob(f"store/*/{name}/submission.csv")
        assert submission.stat().st_size > 0
    (oof,) = fresh.folder.glob(f"store/*/{NAME}/oof.parquet")
    assert oof.read_bytes() == (undisturbed.results / "oof.parquet").read_bytes()
