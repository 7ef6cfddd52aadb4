import warnings

import librosa
import numpy as np
import pytest
from scipy.signal import stft

from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.eeg_spectrogram import eeg_spectrogram
from hbac_assets.signals.montage import CHAINS, EEG_COLUMNS, EEG_RATE, ELECTRODES


@pytest.fixture(scope="module")
def eeg() -> np.ndarray:
    """50 s of noise with most power at low frequencies, offsets and a seizure-like rhythm, as EEG has."""
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(0, 3, (10_000, 20)), axis=0)
    rhythm = 60 * np.sin(2 * np.pi * 3 * np.arange(10_000) / EEG_RATE) * (np.arange(10_000) > 6_000)
    eeg = walk + rng.normal(0, 5, walk.shape) + 300
    eeg[:, ELECTRODES.index("T4")] += rhythm
    return eeg.astype(np.float32)


def differences(eeg: np.ndarray, chain: str) -> list[np.ndarray]:
    place = {name: eeg[:, EEG_COLUMNS.index(name)] for name in CHAINS[chain]}
    return [place[front] - place[back] for front, back in zip(CHAINS[chain], CHAINS[chain][1:], strict=False)]


def scaled(power: np.ndarray, columns: int) -> np.ndarray:
    """Return the decibels of one difference as the public notebooks scale them."""
    decibels: np.ndarray = librosa.power_to_db(power, ref=np.max)
    return (decibels[:, :columns] + 40) / 40


def by_librosa(eeg: np.ndarray, recipe: EegRecipe) -> np.ndarray:
    def image(signal: np.ndarray) -> np.ndarray:
        power = librosa.feature.melspectrogram(
            y=signal, sr=EEG_RATE, hop_length=recipe.hop, n_fft=recipe.fft_length, win_length=recipe.segment_length,
            n_mels=recipe.size[0], fmin=recipe.frequencies[0], fmax=recipe.frequencies[1],
        )  # fmt: skip
        return scaled(power, recipe.size[1])

    return np.concatenate([np.mean([image(one) for one in differences(eeg, chain)], axis=0) for chain in CHAINS])


RECIPES = {
    "the default": {},
    "longer segments": {"segment_length": 256, "overlap": 206, "size": (64, 200)},
    "no overlap": {"overlap": 0, "size": (100, 78)},
    "another FFT length": {"fft_length": 512, "size": (80, 256)},
    "a segment as long as the FFT": {"segment_length": 512, "overlap": 462, "fft_length": 512, "size": (60, 200)},
    "up to Nyquist": {"frequencies": (2.5, 100), "size": (128, 256)},
    "frequencies between two bins": {"frequencies": (0.6, 33.3)},
}


@pytest.mark.parametrize("name", RECIPES)
def test_mel_equals_librosa(name: str, eeg: np.ndarray) -> None:
    recipe = EegRecipe.model_validate(RECIPES[name])
    ours = eeg_spectrogram(eeg, recipe)
    assert ours.dtype == np.float32
    assert ours.shape == (4 * recipe.size[0], recipe.size[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # librosa's about filters that hold no bin
        np.testing.assert_allclose(ours, by_librosa(eeg, recipe), atol=1e-4)


def test_mel_equals_librosa_where_little_lies_beside_much(eeg: np.ndarray) -> None:
    loud = eeg.copy()
    loud[5_000:5_100, ELECTRODES.index("F7")] += 5_000
    loud[2_000:4_000, ELECTRODES.index("C4")] = 0
    loud[2_000:4_000, ELECTRODES.index("P4")] = 0
    np.testing.assert_allclose(eeg_spectrogram(loud, EegRecipe()), by_librosa(loud, EegRecipe()), atol=1e-4)


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
