"""The same weights and predictions, bit for bit, whatever the order of the cells and the number trained at once."""

import json

import numpy as np
import pytest

from hbac_assets.learning.prediction import load_model
from hbac_assets_tests.faults.requirements import require_same_results
from hbac_assets_tests.faults.small import FOLDS


def weights(project, fold):
    return load_model(project.results / "models" / "small" / f"fold_{fold}" / "best.keras").get_weights()


@pytest.mark.long
def test_cells_one_by_one_in_reverse_are_those_of_a_whole_run(fresh, undisturbed, case):
    materialize = ("dagster", "asset", "materialize", "--select")
    done = fresh.command(*materialize, "*fold_assignments")
    assert done.returncode == 0, done.stderr
    for fold in reversed(range(FOLDS)):
        config = json.dumps({"ops": {"trained_models": {"config": {"folds": [fold]}}}})
        one = fresh.command(
            *materialize, "trained_models", "--config-json", config, DAGSTER_MULTIPROCESS_EXECUTOR_MAX_CONCURRENT="1"
        )
        assert one.returncode == 0, one.stderr
    for fold in range(FOLDS):
        for ours, theirs in zip(weights(fresh, fold), weights(undisturbed, fold), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    rest = fresh.run(DAGSTER_MULTIPROCESS_EXECUTOR_MAX_CONCURRENT="1")
    assert rest.returncode == 0, rest.stderr
    assert "0 of 2 cells to train" in rest.stderr
    require_same_results(fresh, undisturbed)
    case("each fold in a launch of its own, last first, one step at a time", "the weights of a whole run", "the same")
