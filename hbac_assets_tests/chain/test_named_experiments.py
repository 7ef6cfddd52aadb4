"""Each named experiment in miniature, by its name alone: every member on two folds, all ensembles, a submission."""

import pandas as pd
import pytest

from hbac_assets.competition.tables import read_test_tables
from hbac_assets.experiments.loading import available_experiments, load_experiment
from hbac_assets.scoring.submission import violations
from hbac_assets_tests.projects import HBAC

# `make test` runs this one and quickstart, which has tests of its own; `make test-long` the others.
OTHERS = sorted(set(available_experiments()) - {"quickstart"})
SECONDS = 1500


@pytest.mark.timeout(SECONDS)
@pytest.mark.long
@pytest.mark.parametrize("name", OTHERS)
def test_every_member_and_ensemble_comes_out(fresh, name):
    experiment = load_experiment(name, miniature=True)
    done = fresh.command(*HBAC, "run", "--full", HBAC_EXPERIMENT=name)
    assert done.returncode == 0, done.stdout + done.stderr
    results = fresh.results
    assert results.name == f"{name}-miniature"
    grid = pd.read_parquet(results / "models.parquet")
    assert set(zip(grid["member"], grid["fold"], strict=True)) == {
        (one, k) for one in experiment.members for k in (0, 1)
    }
    assert grid["val_loss"].notna().all()
    rows = len(pd.read_parquet(results / "folds.parquet"))
    for table, models in (("oof", experiment.members), ("ensemble/oof", experiment.ensembles)):
        predicted = pd.read_parquet(results / f"{table}.parquet")["member"]
        assert predicted.value_counts().to_dict() == dict.fromkeys(models, rows)
    (raw,) = fresh.folder.glob("synthetic/*")
    assert violations(pd.read_csv(results / "submission.csv"), read_test_tables(raw).sample) == []
    assert all(f"  {name} " in done.stdout for name in [*experiment.members, *experiment.ensembles])
