"""A stored blend equals the fitted one, and none of its files contains code."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.scoring.blend_files import load_blend, load_weights, save_blend
from hbac_assets.scoring.blending import METHODS
from hbac_assets.scoring.blends import CalibratedBlend, StoredBlend
from hbac_assets.scoring.calibration import CALIBRATIONS, learned_calibration
from hbac_assets.scoring.patient_context import learned_context
from hbac_assets_tests.scoring.members import members

NAMES = ["two", "one"]


def learned(method: str) -> StoredBlend:
    predictions, shares, patients, _ = members([0.5, 1.0], rows=60)
    return StoredBlend(NAMES, CalibratedBlend(METHODS[method](predictions, shares, patients)))


@pytest.mark.parametrize("method", METHODS)
def test_a_stored_blend_predicts_like_the_original(tmp_path: Path, method: str) -> None:
    predictions, *_ = members([0.5, 1.0], rows=60)
    stored = learned(method)
    save_blend(stored, tmp_path / "final")
    again = load_blend(tmp_path / "final")
    assert again.members == NAMES
    assert again.context is None
    np.testing.assert_array_equal(again.blend(predictions), stored.blend(predictions))
    assert {path.suffix for path in (tmp_path / "final").iterdir()} <= {".json", ".keras"}


@pytest.mark.parametrize("kind", CALIBRATIONS)
@pytest.mark.parametrize("method", ["mean_logits", "stacking_both"])
def test_calibration_and_patient_context_are_stored_too(tmp_path: Path, method: str, kind: str) -> None:
    predictions, shares, patients, _ = members([0.5, 1.0], rows=60)
    blend = learned(method).blend.blend
    calibration = learned_calibration(kind, blend(predictions), shares)
    context = learned_context(calibration(blend(predictions)), shares, patients, np.arange(60))
    save_blend(StoredBlend(NAMES, CalibratedBlend(blend, calibration), context), tmp_path)
    again = load_blend(tmp_path)
    expected = calibration(blend(predictions))
    np.testing.assert_array_equal(again.blend(predictions), expected)
    assert again.context is not None
    in_context = context(expected, patients, np.arange(60))
    np.testing.assert_array_equal(again.context(expected, patients, np.arange(60)), in_context)


def test_weights_can_be_read_by_eye(tmp_path: Path) -> None:
    save_blend(learned("mean"), tmp_path)
    assert load_weights(tmp_path) == {"one": 0.5, "two": 0.5}
    expected = {"members": NAMES, "mean_of": "probabilities", "weights": {"one": 0.5, "two": 0.5}}
    assert json.loads((tmp_path / "blend.json").read_text()) == expected


def test_a_network_has_no_weights_of_members(tmp_path: Path) -> None:
    save_blend(learned("stacking_both"), tmp_path)
    assert load_weights(tmp_path) == {}


def test_code_in_a_network_is_not_run(tmp_path: Path) -> None:
    save_blend(learned("stacking_both"), tmp_path)
    keras.Sequential([keras.Input((6,)), keras.layers.Lambda(lambda x: x)]).save(tmp_path / "stacking.keras")
    message = r"stacking\.keras: expected a whole Keras model, found none \(ValueError\); materialize ensemble again"
    with pytest.raises(HbacError, match=message):
        load_blend(tmp_path)
