"""Two devices compute the same as one. The CPU acts as two devices, in a separate process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.training import train_cell
from hbac_assets_tests.learning.conftest import easy_examples, pixels

TRAINING, VALIDATION = easy_examples(28, seed=0), easy_examples(10, seed=1)

PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np
from hbac_assets.errors import HbacError
from hbac_assets.learning.device import configure
from hbac_assets.learning.settings import MemberSettings
from hbac_assets_tests.learning.conftest import add_tiny_backbone, pixels
from hbac_assets_tests.learning.test_parallel import TRAINING, VALIDATION
folder = Path(sys.argv[2])
configure("cpu", "float32", folder / "cache")
add_tiny_backbone()
settings = MemberSettings.model_validate_json(sys.argv[1])

import jax
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.learning.training import train_cell
odd = settings.model_copy(update={"batch_size": 7})
try:
    train_cell(odd, TRAINING, VALIDATION, folder, on_epoch=lambda record: None)
except HbacError as error:
    complaint = str(error)
train_cell(settings, TRAINING, VALIDATION, folder, on_epoch=lambda record: None)
probabilities = predict(load_model(folder / "last.keras"), pixels(VALIDATION), 8)
print(json.dumps([jax.device_count(), complaint, probabilities.tolist()]))
"""


@pytest.fixture(scope="module")
def short(settings: MemberSettings) -> MemberSettings:
    return settings.model_copy(update={"epochs": 1, "batchnorm_statistics": "reestimated"})


@pytest.mark.slow
def test_two_devices_train_and_predict_as_one(short: MemberSettings, tmp_path: Path) -> None:
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, short.model_dump_json(), str(tmp_path / "two")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    devices, complaint, probabilities = json.loads(run.stdout.splitlines()[-1])
    assert devices == 2
    assert complaint.startswith("batch_size: expected a multiple of the 2 devices that a cell has, found 7")
    train_cell(short, TRAINING, VALIDATION, tmp_path / "one", on_epoch=lambda record: None)
    one, two = (load_model(tmp_path / name / "last.keras") for name in ("one", "two"))
    for expected, found in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(probabilities, predict(two, pixels(VALIDATION), 8), atol=1e-5)
