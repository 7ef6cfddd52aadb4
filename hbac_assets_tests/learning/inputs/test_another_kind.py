"""Another kind of input is one module: its effects everywhere else, for the example of a series."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from hbac_assets.learning.image_source import open_images
from hbac_assets.learning.inputs.kaggle import cut_window
from hbac_assets.learning.inputs.kind import Arrays, Stored
from hbac_assets.learning.inputs.kinds import KINDS
from hbac_assets.learning.montage_augmentation import drop_channel, mirrored_images
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.learning.published_backbones import BACKBONES, BackboneSpec
from hbac_assets.learning.settings import ChannelDropout, MemberSettings, Preprocessing
from hbac_assets.learning.training import Examples, train_cell
from hbac_assets.signals.montage import CHAINS
from hbac_assets.signals.recipes import InputRecipe
from hbac_assets.signals.window import Window

TIMES, CHANNELS = 300, 4


def log_powers(power: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(power.reshape(CHANNELS, -1, TIMES).mean(axis=1)), np.float16)


@dataclass(frozen=True)
class RegionPowers:
    """The power of each region over time, as a series (regions, times)."""

    dimensions = 1
    augmentations = frozenset({"mixup", "hemisphere_flip", "channel_dropout"})
    normalisations = frozenset({"per_image"})
    panels = 1
    reads = ("spectrogram",)
    recipes: frozenset[str] = frozenset()
    channels = tuple(CHAINS.values())

    def sources(self, preprocessing: Preprocessing) -> tuple[None]:
        return (None,)

    def of_window(self, window: Window, recipe: InputRecipe) -> np.ndarray | None:
        return None if window.spectrogram is None else log_powers(window.spectrogram)

    def shape(self, recipe: InputRecipe) -> tuple[int, int]:
        return CHANNELS, TIMES

    def seconds(self, recipe: InputRecipe) -> tuple[float]:
        return (600.0,)

    def reader(self, rows: pd.DataFrame, stored: Stored, preprocessing: Preprocessing) -> Callable[[int], np.ndarray]:
        ids = rows["spectrogram_id"].to_numpy()

        def read(row: int) -> np.ndarray:
            power = cut_window(stored[None].folder / f"{ids[row]}.npy", 0.0)
            return log_powers(power)

        return read


def one_dimensional(input_shape: tuple[int, ...], name: str) -> Any:
    import keras

    layers = [keras.layers.Permute((2, 1)), keras.layers.Conv1D(8, 9, activation="relu")]
    return keras.Sequential([keras.Input(input_shape), *layers, keras.layers.BatchNormalization()], name=name)


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "powers", RegionPowers())
    monkeypatch.setitem(BACKBONES, "one_dimensional", BackboneSpec(one_dimensional, {}, dimensions=1))


def member(**settings: Any) -> MemberSettings:
    content = {"backbone": "one_dimensional", "preprocessing": {"input": "powers"}, "batch_size": 8, "epochs": 40}
    return MemberSettings.model_validate(content | {"schedule": {"peak": 1e-2}} | settings)


def test_a_series_is_read_learned_from_and_predicted(tmp_path: Path) -> None:
    """The class is the region with the most power; of six classes the first four are seen."""
    rng = np.random.default_rng(0)
    classes = np.arange(32) % CHANNELS
    for row, region in enumerate(classes):
        power = rng.lognormal(size=(CHANNELS, 100, TIMES))
        power[region] *= 4
        np.save(tmp_path / f"{row}.npy", power.reshape(400, TIMES).astype(np.float32))
    rows = pd.DataFrame({"spectrogram_id": np.arange(32)})
    settings = member()
    kind = settings.preprocessing.kind
    read = kind.reader(rows, {None: Arrays(tmp_path, rows)}, settings.preprocessing)
    images = open_images(read, len(rows), kind.shape(settings.preprocessing))
    examples = Examples(images, np.eye(6, dtype=np.float32)[classes])
    train_cell(settings, examples, examples, tmp_path / "model", on_epoch=lambda record: None)
    predicted = predict(load_model(tmp_path / "model" / "last.keras"), images, settings.batch_size)
    assert (predicted.argmax(axis=1) == classes).all()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"augmentation": {"time_mask": {}, "mixup": {}}}, "expected no time_mask with input powers"),
        (
            {"preprocessing": {"input": "kaggle"}},
            "input: expected one of waveform, powers for one_dimensional, found kaggle",
        ),
        ({"preprocessing": {}}, "input: expected one of waveform, powers for one_dimensional, found kaggle"),
        ({"backbone": "tiny"}, "input: expected one of kaggle, .*, kaggle_eeg_50_10 for tiny, found powers"),
        ({"preprocessing": {"input": "powers", "normalisation": "data_wide"}}, "expected per_image with input powers"),
        ({"test_time": {"shifts": [2.0]}}, "expected no shifts with input powers"),
        (
            {"preprocessing": {"input": "powers", "eeg": {}}},
            "expected none with input powers; such a recipe belongs to eeg, both, .*, kaggle_eeg_50_10",
        ),
    ],
    ids=str,
)
def test_incompatible_settings_are_refused(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        member(**settings)


def test_its_channels_can_be_exchanged_and_dropped() -> None:
    kind = KINDS["powers"]
    series = jnp.asarray(np.random.default_rng(0).normal(size=(50, CHANNELS, TIMES)), np.float32)
    np.testing.assert_array_equal(mirrored_images(series, kind), series[:, np.array([1, 0, 3, 2])])
    dropped = drop_channel(jax.random.key(3), series, kind, ChannelDropout(probability=1.0)) == 0
    assert (dropped.all(axis=2).sum(axis=1) == 1).all()
    assert (dropped.all(axis=2) == dropped.any(axis=2)).all()
