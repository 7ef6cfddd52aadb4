"""A stored blend blends as the one that was learned, and no file of it holds code."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.scoring.blend_files import StoredBlend, load_blend, load_weights, save_blend
from hbac_assets.scoring.blending import METHODS
from hbac_assets_tests.scoring.members import members

NAMES = ["one", "two"]


@pytest.mark.parametrize("method", METHODS)
def test_what_is_read_blends_as_what_was_written(tmp_path: Path, method: str) -> None:
    predictions, shares, patients, _ = members([0.5, 1.0], rows=60)
    blend = METHODS[method](predictions, shares, patients)
    save_blend(StoredBlend(NAMES, blend), tmp_path / "final")
    again = load_blend(tmp_path / "final")
    assert again.members == NAMES
    np.testing.assert_array_equal(again.blend(predictions), blend(predictions))
    assert {path.suffix for path in (tmp_path / "final").iterdir()} <= {".json", ".keras"}


def test_weights_can_be_read_by_eye(tmp_path: Path) -> None:
    predictions, shares, patients, _ = members([0.5, 1.0], rows=60)
    save_blend(StoredBlend(NAMES, METHODS["mean"](predictions, shares, patients)), tmp_path)
    assert load_weights(tmp_path) == {"one": 0.5, "two": 0.5}
    assert json.loads((tmp_path / "blend.json").read_text()) == {"weights": {"one": 0.5, "two": 0.5}}


def test_a_network_has_no_weights_of_members(tmp_path: Path) -> None:
    predictions, shares, patients, _ = members([0.5, 1.0], rows=60)
    save_blend(StoredBlend(NAMES, METHODS["stacking_both"](predictions, shares, patients)), tmp_path)
    assert load_weights(tmp_path) == {}


def test_code_in_a_network_is_not_run(tmp_path: Path) -> None:
    predictions, shares, patients, _ = members([0.5, 1.0], rows=60)
    save_blend(StoredBlend(NAMES, METHODS["stacking_both"](predictions, shares, patients)), tmp_path)
    keras.Sequential([keras.Input((6,)), keras.layers.Lambda(lambda x: x)]).save(tmp_path / "stacking.keras")
    message = r"stacking\.keras: expected a whole Keras model, found none \(ValueError\); materialize ensemble again"
    with pytest.raises(HbacError, match=message):
        load_blend(tmp_path)
