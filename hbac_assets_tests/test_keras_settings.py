"""A user's Keras configuration has no effect here."""

import json
import os
import subprocess
import sys

import pytest

from hbac_assets_tests.projects import CHECKOUT

NUMBERS = """
from hbac_assets.learning.backbones import build_classifier
from hbac_assets.learning.settings import MemberSettings, Preprocessing
settings = MemberSettings(backbone="mobilenet_v3_small", preprocessing=Preprocessing(image_size=(32, 32)))
model = build_classifier(settings)
import keras
from hbac_assets.scoring.stacking import build_network
print(keras.config.backend(), keras.config.image_data_format(), keras.config.floatx(), keras.config.epsilon())
print(round(float(keras.losses.kl_divergence([1.0, 0.0], [0.0, 1.0])), 3), "= log(1e7)")
print({weight.dtype for weight in model.weights + build_network(6).weights}, model.count_params())
"""
EXPECTED = "jax channels_last float32 1e-07\n16.118 = log(1e7)\n{'float32'} 942582\n"


@pytest.fixture
def numbers(tmp_path):
    """Return what a program prints on which nothing of this process' environment has an influence."""

    def numbers(**environment):
        clean = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        clean |= {"HOME": str(tmp_path), "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"} | environment
        run = subprocess.run([sys.executable, "-c", NUMBERS], env=clean, capture_output=True, text=True, check=True)
        return run.stdout

    return numbers


@pytest.mark.long
def test_keras_own_file_and_its_variables_change_nothing(numbers, tmp_path):
    settings = {"image_data_format": "channels_first", "epsilon": 1e-3, "floatx": "float64", "backend": "torch"}
    (tmp_path / ".keras").mkdir(exist_ok=True)
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(settings))
    assert numbers() == EXPECTED
    refused = tmp_path / "elsewhere" / "keras.json"
    refused.parent.mkdir()
    refused.write_text('{"epsilon": 1, "floatx": "bfloat16", "nnx_enabled": true}')
    assert numbers(KERAS_HOME=str(refused.parent), KERAS_BACKEND="torch", TF_USE_LEGACY_KERAS="1") == EXPECTED
