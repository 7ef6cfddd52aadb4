"""Waveforms of labelled windows, from the EEG's parquet file to a network's input."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from hbac_assets.competition.arrays import convert_eeg
from hbac_assets.errors import HbacError
from hbac_assets.learning.image_source import read_all
from hbac_assets.learning.images import augment
from hbac_assets.learning.inputs.kind import Arrays
from hbac_assets.learning.settings import Augmentation, Mask, MemberSettings, Preprocessing
from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE
from hbac_assets.signals.waveform import waveform
from hbac_assets.signals.waveform_recipe import WaveformRecipe

RECIPE = WaveformRecipe(rate=50, seconds=10)
PREPROCESSING = Preprocessing(input="waveform", waveform=RECIPE)
WINDOWS = pd.DataFrame({"eeg_id": [40, 41, 41], "offset_seconds": [0, 0, 6], "position": [0, 0, 1]})
ROWS = pd.DataFrame({"eeg_id": [41, 41, 40], "eeg_label_offset_seconds": [6, 0, 0]})


@pytest.fixture(scope="module")
def eegs() -> dict[int, pd.DataFrame]:
    """Two EEGs of 56 s in µV."""
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 40, (2, 56 * EEG_RATE, len(EEG_COLUMNS))).astype(np.float32)
    return {eeg_id: pd.DataFrame(one, columns=EEG_COLUMNS) for eeg_id, one in zip((40, 41), samples, strict=True)}


@pytest.fixture
def arrays(eegs: dict[int, pd.DataFrame], tmp_path: Path) -> Arrays:
    for (eeg_id, eeg), offsets in zip(eegs.items(), ([0], [0, 6]), strict=True):
        eeg.to_parquet(tmp_path / f"{eeg_id}.parquet", index=False)
        convert_eeg(tmp_path / f"{eeg_id}.parquet", tmp_path / f"{eeg_id}.npy", RECIPE, offsets)
    return Arrays(tmp_path, WINDOWS)


def load(rows: pd.DataFrame, arrays: Arrays) -> np.ndarray:
    kind = PREPROCESSING.kind
    return read_all(kind.reader(rows, {RECIPE: arrays}, PREPROCESSING), len(rows), kind.shape(PREPROCESSING))


def test_a_row_is_the_waveforms_of_the_window_of_its_label(arrays: Arrays, eegs: dict[int, pd.DataFrame]) -> None:
    found = load(ROWS, arrays)
    assert (found.dtype, found.shape) == (np.float16, (3, 18, 500))
    for waveforms, (eeg_id, offset) in zip(found, ROWS.itertuples(index=False), strict=True):
        window = eegs[eeg_id].to_numpy()[offset * EEG_RATE :][: 50 * EEG_RATE]
        np.testing.assert_array_equal(waveforms, waveform(window, RECIPE))


def test_missing_windows_and_arrays_of_another_kind_are_named(arrays: Arrays) -> None:
    with pytest.raises(HbacError, match=r"no window of EEG 41 from 2 s on; materialize eeg_spectrograms again"):
        load(ROWS.assign(eeg_label_offset_seconds=[6, 2, 0]), arrays)
    np.save(arrays.folder / "40.npy", np.zeros((1, 18, 500), np.float32))
    line = r"40\.npy: expected float16 \(windows, 18, 500\), found float32 \(1, 18, 500\); materialize eeg_spectrograms"
    with pytest.raises(HbacError, match=line):
        load(ROWS, arrays)


def test_a_time_mask_hides_all_derivations_for_a_while() -> None:
    waveforms = jax.random.normal(jax.random.key(1), (8, 18, 500))
    augmentation = Augmentation(time_mask=Mask(probability=1, size=(0.1, 0.2)))
    hidden = np.asarray(augment(jax.random.key(0), waveforms, jnp.eye(8, 6), augmentation, PREPROCESSING)[0]) == 0
    for one in hidden:
        (times,) = np.nonzero(one.any(axis=0))
        assert one[:, times].all()
        assert 50 <= len(times) == times[-1] - times[0] + 1 <= 100
    assert len({tuple(one[0]) for one in hidden}) > 1


def test_the_recipe_is_the_default_unless_given() -> None:
    assert Preprocessing(input="waveform").waveform == WaveformRecipe()
    assert Preprocessing(input="eeg").waveform is None
    assert Preprocessing(input="waveform").eeg is None
    for settings in (PREPROCESSING, Preprocessing(input="waveform")):
        assert Preprocessing.model_validate(settings.model_dump(mode="json")) == settings


def test_settings_shared_with_image_members_do_not_matter(arrays: Arrays) -> None:
    shared = {"window": 200, "image_size": (64, 96), "clip": (-6, 10)}
    settings = Preprocessing.model_validate({"input": "waveform", "waveform": RECIPE, **shared})
    read = settings.kind.reader(ROWS, {RECIPE: arrays}, settings)
    assert settings.kind.shape(settings) == (18, 500)
    np.testing.assert_array_equal(read(0), load(ROWS, arrays)[0])


def test_the_longest_shift_leaves_the_labelled_seconds() -> None:
    preprocessing = {"input": "waveform", "waveform": {"seconds": 10.2}}
    settings = {"preprocessing": preprocessing, "augmentation": {"time_shift": {"seconds": 0.1}}}
    assert MemberSettings.model_validate({"backbone": "bipolar_resnet", **settings}).augmentation.time_shift


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"pretrained": "imagenet"}, "pretrained.*expected none for bipolar_resnet: no others are published"),
        ({"kernel": 3}, "kernel.*expected none for bipolar_resnet; only efficientnetv2_b2"),
        ({"preprocessing": {"input": "eeg"}}, "input: expected one of waveform for bipolar_resnet, found eeg"),
        ({"preprocessing": {}}, "input: expected one of waveform for bipolar_resnet, found kaggle"),
        (
            {"backbone": "mobilenet_v3_small"},
            "expected one of kaggle, .*, kaggle_eeg_50_10 for mobilenet_v3_small, found waveform",
        ),
        (
            {"augmentation": {"frequency_mask": {}, "cutout": {}, "translation": {}, "mixup": {}, "time_mask": {}}},
            "expected no cutout, frequency_mask, translation with input waveform",
        ),
        ({"augmentation": {"time_shift": {}}}, "of 0.025 s, its resolution, to 1.4 s, .* waveform shows, found 2"),
        ({"test_time": {"shifts": [-1.5]}}, "to 1.4 s, which leave the labelled 10 s .* found -1.5"),
        (
            {"test_time": {"shifts": [1]}, "preprocessing": {"input": "waveform", "waveform": {"seconds": 8}}},
            "expected no shift with input waveform, which shows 8 s: the label is of 10 s",
        ),
        (
            {"preprocessing": {"input": "waveform", "normalisation": "data_wide"}},
            "expected per_image with input waveform",
        ),
        (
            {"preprocessing": {"input": "waveform", "eeg": {}}},
            "expected none with input waveform; such a recipe belongs to eeg, both, .*, kaggle_eeg_50_10",
        ),
        (
            {"backbone": "mobilenet_v3_small", "preprocessing": {"waveform": {"rate": 50}}},
            "expected none with input kaggle; such a recipe belongs to waveform",
        ),
    ],
    ids=str,
)
def test_settings_incompatible_with_waveforms_are_refused(settings: dict[str, Any], complaint: str) -> None:
    content = {"backbone": "bipolar_resnet", "preprocessing": {"input": "waveform"}}
    with pytest.raises(ValidationError, match=f"(?s){complaint}"):
        MemberSettings.model_validate(content | settings)
