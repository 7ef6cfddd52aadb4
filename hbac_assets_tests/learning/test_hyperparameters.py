"""Hyperparameters as variables: one program for all values, and the same training as with constants."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hbac_assets.learning.backbones import build_classifier
from hbac_assets.learning.network import Network
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.step import build_optimizer, compile_steps, initial_state
from hbac_assets.learning.training import train_cell
from hbac_assets_tests.learning.conftest import easy_examples, pixels

TRAINING, VALIDATION = easy_examples(40, seed=0), easy_examples(20, seed=1)
OPTIMIZER = {"beta_1": 0.5, "beta_2": 0.9, "weight_decay": 5.0}
OTHERS = {"dropout": 0.5, "optimizer": OPTIMIZER, "schedule": {"start": 0.01, "peak": 0.01}}


def changed(settings: MemberSettings, change: dict) -> MemberSettings:
    return MemberSettings.model_validate({**settings.model_dump(), **change})


def program(settings: MemberSettings, variable_rates: bool) -> str:
    network = Network(build_classifier(settings, variable_rates=variable_rates))
    optimizer = build_optimizer(network, settings.optimizer, variable_rates=variable_rates)
    batch = (pixels(TRAINING)[None, :8], TRAINING.targets[None, :8])
    rates = np.full(1, 0.1, dtype=np.float32)
    steps: Any = compile_steps(network, optimizer, settings)
    return str(steps.lower(initial_state(network, optimizer), batch, rates, np.uint32(0), 0, 1).as_text())


@pytest.mark.parametrize("variable_rates", [True, False])
def test_only_as_variables_do_other_values_leave_the_program_as_it_is(settings, variable_rates):
    before = program(settings, variable_rates)
    for change in ({"dropout": 0.5}, *({"optimizer": {name: value}} for name, value in OPTIMIZER.items())):
        assert (program(changed(settings, change), variable_rates) == before) == variable_rates


def training_loss(settings: MemberSettings, folder: Path, variable_rates: bool) -> float:
    result = train_cell(
        settings, TRAINING, VALIDATION, folder, on_epoch=lambda record: None, variable_rates=variable_rates
    )
    return result.history[-1].loss


@pytest.mark.long
def test_variables_give_the_training_that_constants_give(settings, tmp_path):
    short = changed(settings, {**OTHERS, "epochs": 1})
    constant, variable = (training_loss(short, tmp_path / f"{kind}", kind) for kind in (False, True))
    assert variable == pytest.approx(constant, abs=1e-5)
    for change in ({"dropout": 0.1}, *({"optimizer": OPTIMIZER | {name: 0.1}} for name in OPTIMIZER)):
        assert abs(training_loss(changed(short, change), tmp_path / f"{change}", True) - variable) > 1e-3
