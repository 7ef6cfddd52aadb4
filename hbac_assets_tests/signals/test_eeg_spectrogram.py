import numpy as np
import pytest
from scipy.signal import stft

from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.eeg_spectrogram import eeg_spectrogram
from hbac_assets.signals.montage import CHAINS, EEG_RATE, ELECTRODES
from hbac_assets_tests.signals.librosa_references import (
    FILE,
    LOUD,
    RECIPES,
    differences,
    loud_eeg,
    references,
    some_eeg,
    thinned,
)


@pytest.fixture(scope="module")
def eeg() -> np.ndarray:
    return some_eeg()


def scaled(power: np.ndarray, columns: int) -> np.ndarray:
    """Return the decibels of one difference as the public notebooks scale them: at most 80 below the largest."""
    decibels = 10 * np.log10(np.maximum(power, 1e-10) / power.max())
    return np.asarray((np.maximum(decibels, -80)[:, :columns] + 40) / 40)


@pytest.mark.parametrize("name", RECIPES)
def test_mel_equals_librosa(name: str, eeg: np.ndarray) -> None:
    recipe = EegRecipe.model_validate(RECIPES[name])
    ours = eeg_spectrogram(eeg, recipe)
    assert ours.dtype == np.float32
    assert ours.shape == (4 * recipe.size[0], recipe.size[1])
    with np.load(FILE) as expected:
        np.testing.assert_allclose(thinned(ours), expected[name], atol=1e-4)


def test_mel_equals_librosa_where_little_lies_beside_much() -> None:
    with np.load(FILE) as expected:
        np.testing.assert_allclose(thinned(eeg_spectrogram(loud_eeg(), EegRecipe())), expected[LOUD], atol=1e-4)


@pytest.mark.long
@pytest.mark.filterwarnings("default")
def test_librosa_still_makes_the_arrays_that_are_kept() -> None:
    with np.load(FILE) as kept:
        for name, image in references().items():
            np.testing.assert_allclose(kept[name], image, atol=1e-6)


def test_fewer_columns_are_means_of_the_frames(eeg: np.ndarray) -> None:
    fine, coarse = (eeg_spectrogram(eeg, EegRecipe(size=(128, columns))) for columns in (256, 64))
    np.testing.assert_allclose(coarse, fine.reshape(512, 64, 4).mean(axis=2), atol=1e-6)


def test_stft_equals_scipy(eeg: np.ndarray) -> None:
    recipe = EegRecipe(transform="stft", frequencies=(1.0, 15.75), fft_length=800, size=(30, 256))
    chains = []
    for chain in CHAINS:
        frequencies, _, spectra = stft(np.stack(differences(eeg, chain)), EEG_RATE, "hann", 128, 89, 800)
        power = np.abs(spectra[:, (frequencies >= 1) & (frequencies < 16), :257]) ** 2
        in_pairs = power.reshape(4, 30, 2, 257).mean(axis=2)
        chains.append(np.mean([scaled(one, 256) for one in in_pairs], axis=0))
    np.testing.assert_allclose(eeg_spectrogram(eeg, recipe), np.concatenate(chains), atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"transform": "stft"},
        {"segment_length": 130},
        {"overlap": 88},
        {"fft_length": 2048},
        {"frequencies": (0.5, 20)},
        {"frequencies": (0, 19)},
        {"denoising": "db8"},
        {"denoising": "haar"},
    ],
    ids=str,
)
def test_every_setting_changes_the_spectrogram(change: dict, eeg: np.ndarray) -> None:
    size = {"size": (128, 100)}
    plain = eeg_spectrogram(eeg, EegRecipe.model_validate(size))
    other = eeg_spectrogram(eeg, EegRecipe.model_validate(size | change))
    assert np.abs(other - plain).max() > 0.01
    if change.get("denoising") == "haar":
        db8 = eeg_spectrogram(eeg, EegRecipe.model_validate(size | {"denoising": "db8"}))
        assert np.abs(other - db8).max() > 0.01


def test_a_rhythm_is_seen_at_its_frequency_and_time_on_its_chain() -> None:
    eeg = np.random.default_rng(1).normal(0, 1, (10_000, 20)).astype(np.float32)
    time = np.arange(10_000) / EEG_RATE
    eeg[:, ELECTRODES.index("T4")] += 50 * np.sin(2 * np.pi * 12 * time) * (time > 25)
    chains = dict(zip(CHAINS, eeg_spectrogram(eeg, EegRecipe()).reshape(4, 128, 256), strict=True))
    right = chains["RL"]
    assert abs((right[:, 200].argmax() + 1) * 20 / 129 - 12) < 0.3
    assert right[:, 140:].max() > right[:, :120].max() + 0.3
    assert max(chains[name][:, 140:].max() for name in ("LL", "LP", "RP")) < right[:, 140:].max()


def test_a_missing_sample_has_the_mean_of_its_difference(eeg: np.ndarray) -> None:
    holes, filled = eeg.copy(), eeg.copy()
    fp1, f7 = ELECTRODES.index("Fp1"), ELECTRODES.index("F7")
    holes[3_000:3_500, fp1] = np.nan
    there = np.r_[0:3_000, 3_500:10_000]
    filled[3_000:3_500, fp1] = filled[3_000:3_500, f7] + (eeg[there, fp1] - eeg[there, f7]).mean()
    left = slice(0, 128)
    result = eeg_spectrogram(holes, EegRecipe())
    np.testing.assert_allclose(result[left], eeg_spectrogram(filled, EegRecipe())[left], atol=1e-3)
    assert np.abs(result[left] - eeg_spectrogram(eeg, EegRecipe())[left]).max() > 0.1
    np.testing.assert_array_equal(result[128:256], eeg_spectrogram(eeg, EegRecipe())[128:256])


@pytest.mark.parametrize("denoising", [None, "db8"])
def test_absent_zero_and_flat_electrodes_give_finite_values(denoising: str | None, eeg: np.ndarray) -> None:
    recipe = EegRecipe(denoising=denoising)
    missing, zero = eeg.copy(), eeg.copy()
    missing[:, ELECTRODES.index("Fp1")] = np.nan
    zero[:, [ELECTRODES.index(name) for name in ("Fp1", "F7", "F3")]] = 0
    flat = np.full_like(eeg, 7)
    nothing = np.full_like(eeg, np.nan)
    for spoilt in (missing, zero, flat, nothing):
        result = eeg_spectrogram(spoilt, recipe)
        assert np.isfinite(result).all()
        assert result.min() >= -1
        assert result.max() <= 1 + 1e-6
    np.testing.assert_array_equal(eeg_spectrogram(nothing, recipe), eeg_spectrogram(np.zeros_like(eeg), recipe))


def test_the_ekg_does_not_matter_and_the_window_is_whole(eeg: np.ndarray) -> None:
    np.testing.assert_array_equal(eeg_spectrogram(eeg, EegRecipe()), eeg_spectrogram(eeg[:, :19], EegRecipe()))
    with pytest.raises(ValueError, match="expected 10000 samples, found 9999"):
        eeg_spectrogram(eeg[1:], EegRecipe())


def test_the_labelled_seconds_are_the_middle_of_the_window(eeg: np.ndarray) -> None:
    """Up to what the decibels of each chain are relative to: the loudest moment of 10 s is not that of 50 s."""
    recipe = EegRecipe(overlap=88, size=(32, 250)).of_label()
    found = eeg_spectrogram(eeg[4_000:6_000], recipe).reshape(4, 32, 250)
    whole = eeg_spectrogram(eeg, EegRecipe(overlap=120, size=(32, 1250))).reshape(4, 32, 1250)
    # The first and last frames reach beyond the 10 s.
    difference = found[:, :, 8:242] - whole[:, :, 508:742]
    same = np.abs(difference - np.median(difference, axis=(1, 2), keepdims=True)) < 1e-4
    assert same.mean() > 0.999  # but for what is 80 dB below the loudest moment of either
