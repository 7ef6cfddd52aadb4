"""The rehearsal at full size covers everything that an experiment can require."""

from typing import get_args

from benchmarks.rehearsal import STAGES, experiments
from hbac_assets.competition.folds import SamplingRule
from hbac_assets.experiments.schema import Experiment


def test_each_sampling_rule_has_a_stage_and_each_stage_an_experiment():
    checked = {name: Experiment.model_validate({**one, "name": name}) for name, one in experiments().items()}
    assert {stage.experiment for stage in STAGES} == set(checked)
    assert {checked[stage.experiment].sampling for stage in STAGES} == set(get_args(SamplingRule))
