"""Pictures are PNG files that show their data; only eyes can judge their clarity."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hbac_assets.competition.folds import assign_folds
from hbac_assets.competition.metadata import enrich
from hbac_assets.competition.pictures import (
    class_counts,
    eeg_spectrogram_image,
    spectrogram_image,
    vote_distributions,
    waveform_image,
)
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.waveform_recipe import WaveformRecipe


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture), formats=["PNG"]).convert("RGB"))


def test_class_counts_with_and_without_folds(train: pd.DataFrame) -> None:
    plain, folded = pixels(class_counts(train)), pixels(class_counts(assign_folds(train, 3, 0)))
    assert plain.shape == folded.shape
    assert (plain != folded).any()
    assert (pixels(class_counts(train[train["expert_consensus"] != "GPD"])) != plain).any()  # a class is absent


def test_votes_before_and_after_sampling(train: pd.DataFrame) -> None:
    rows = enrich(train)
    many = rows[rows["expert_consensus"] == rows["expert_consensus"].iloc[0]]
    assert 0 < len(many) < len(rows)
    same, sampled = pixels(vote_distributions(rows, rows)), pixels(vote_distributions(rows, many))
    assert same.shape == sampled.shape
    assert (same != sampled).any()


def test_low_frequencies_are_drawn_below_and_the_first_chain_above() -> None:
    power = np.full((400, 300), np.exp(-4.0), np.float32)
    power[:50] = np.exp(8.0)  # the lower half of the first chain, brightest of all
    require_yellow_above(pixels(spectrogram_image(power, title="one")))


def test_a_spectrogram_from_the_eeg_is_drawn_alike() -> None:
    spectrogram = np.full((4 * 32, 64), -1, np.float32)
    spectrogram[:16] = 1
    require_yellow_above(pixels(eeg_spectrogram_image(spectrogram, EegRecipe(size=(32, 64)), title="one")))


def test_a_derivation_is_drawn_in_its_place_negative_up() -> None:
    waveforms = np.zeros((18, 512), np.float16)
    flat = pixels(waveform_image(waveforms, WaveformRecipe(), title="one")).mean(axis=2)
    waveforms[4, 100:200] = -10  # 320 µV
    drawn = pixels(waveform_image(waveforms, WaveformRecipe(), title="one")).mean(axis=2)
    rows, columns = np.nonzero(drawn < flat - 100)
    assert columns.max() - columns.min() < flat.shape[1] / 4
    zeros = np.flatnonzero(flat[:, columns.min() - 20] < 128)
    assert len(zeros) >= 18
    derivation = zeros[np.flatnonzero(np.diff(zeros, prepend=-9) > 1)[4]]
    assert derivation - rows.min() == pytest.approx(320 / 200 * np.median(np.diff(zeros)[np.diff(zeros) > 1]), abs=3)
    assert rows.max() <= derivation


def require_yellow_above(picture: np.ndarray) -> None:
    """Require that the brightest pixels lie in the first of the four panels."""
    yellow = (picture[:, :700] == [253, 231, 36]).all(axis=2)  # the end of the colour map, without its bar
    rows = np.flatnonzero(yellow.any(axis=1))
    quarter = len(picture) / 4
    assert quarter * 0.3 < rows.min()
    assert rows.max() < quarter * 1.2
