"""Rows of the benchmark whose sides follow the chain and its experiments, in small: they run, and do the same work."""

import pandas as pd
import pytest
import yaml

from benchmarks.rows import cpu_training, growth
from benchmarks.rows.chain import plain_chain, same_submission
from hbac_assets.experiments.loading import load_experiment
from hbac_assets_tests.projects import RECORDINGS

pytestmark = pytest.mark.long


def test_the_plain_script_ends_with_the_submission_of_the_chain(finished, tmp_path):
    experiment = tmp_path / "miniature.yaml"
    settings = load_experiment("quickstart", miniature=True).model_dump(mode="json", exclude={"name"})
    experiment.write_text(yaml.safe_dump(settings))
    plain_chain(str(experiment), RECORDINGS, tmp_path / "plain")
    theirs = tmp_path / "plain" / "submission.csv"
    assert same_submission(finished[0].results / "submission.csv", theirs)
    assert len(pd.read_csv(theirs)) > 1


@pytest.mark.parametrize("backbone", ["bipolar_resnet", "mobilenet_v3_small"])
def test_networks_of_images_and_of_waveforms_are_compared_with_keras(backbone):
    results = cpu_training.against(backbone, "tensorflow", row=4, least=None)
    assert [result.work for result in results] == [f"{backbone}, training", f"{backbone}, prediction"]
    assert all(result.ratio > 0 for result in results)


def test_growth_measures_every_stage_at_every_size(tmp_path, monkeypatch):
    monkeypatch.setattr(growth, "SIZES", (60, 120))
    *stages, plan = growth.run(tmp_path)
    assert len(stages) == 12
    assert all(result.against == "itself at 60, 120 spectrograms" for result in stages)
    assert plan.ratio > 0
