"""Waveforms of constructed EEGs: a sinusoid of its own frequency on each electrode."""

import numpy as np
import pytest
from pydantic import ValidationError

from hbac_assets.signals.montage import DERIVATIONS, EEG_RATE, EEG_WINDOW, ELECTRODES
from hbac_assets.signals.waveform import UNIT, waveform
from hbac_assets.signals.waveform_recipe import WaveformRecipe

SECONDS = np.arange(EEG_WINDOW) / EEG_RATE
FREQUENCIES = {name: 2.0 + 0.5 * number for number, name in enumerate(ELECTRODES)}
"""2 to 11 Hz, far from the edges of the default band and from half the default rate."""
MICROVOLTS = 50.0


def sinusoids() -> np.ndarray:
    """Return an EEG (10,000, 19) in which each electrode has a sinusoid of 50 µV at its own frequency."""
    columns = [MICROVOLTS * np.sin(2 * np.pi * FREQUENCIES[name] * SECONDS) for name in ELECTRODES]
    return np.stack(columns, axis=1).astype(np.float32)


def alone(signal: np.ndarray, electrode: str = "Cz") -> np.ndarray:
    """Return an EEG in which one electrode has a signal and the others have none."""
    eeg = np.zeros((EEG_WINDOW, len(ELECTRODES)), np.float32)
    eeg[:, ELECTRODES.index(electrode)] = signal
    return eeg


def derivation(eeg: np.ndarray, front: str, back: str, **settings: object) -> np.ndarray:
    """Return the waveform of one derivation in µV."""
    waveforms = waveform(eeg, WaveformRecipe.model_validate(settings))
    return np.asarray(waveforms[DERIVATIONS.index((front, back))], np.float64) * UNIT


def times(rate: int, seconds: float) -> np.ndarray:
    """Return the times of the samples in the middle of the window."""
    return 25 - seconds / 2 + np.arange(round(rate * seconds)) / rate


@pytest.mark.parametrize(("rate", "seconds"), [(40, 12.8), (100, 10.0), (64, 50.0), (200, 4.0)])
def test_each_derivation_is_its_front_electrode_minus_its_back_one(rate: int, seconds: float) -> None:
    waveforms = waveform(sinusoids(), WaveformRecipe(rate=rate, seconds=seconds))
    assert waveforms.dtype == np.float16
    assert waveforms.shape == (18, round(rate * seconds))
    within = slice(3 * rate, -3 * rate) if seconds == 50 else slice(None)  # the filter settles at the window's ends
    at = times(rate, seconds)[within]
    for (front, back), found in zip(DERIVATIONS, waveforms * np.float32(UNIT), strict=True):
        sines = (MICROVOLTS * np.sin(2 * np.pi * FREQUENCIES[name] * at) for name in (front, back))
        expected = next(sines) - next(sines)
        np.testing.assert_allclose(found[within], expected, atol=1.5, err_msg=f"{front}-{back}")


def test_derivations_are_left_then_right_then_midline_from_front_to_back() -> None:
    names = ["-".join(pair) for pair in DERIVATIONS]
    assert names[:8] == ["Fp1-F7", "F7-T3", "T3-T5", "T5-O1", "Fp1-F3", "F3-C3", "C3-P3", "P3-O1"]
    assert names[8:16] == ["Fp2-F8", "F8-T4", "T4-T6", "T6-O2", "Fp2-F4", "F4-C4", "C4-P4", "P4-O2"]
    assert names[16:] == ["Fz-Cz", "Cz-Pz"]


def amplitude(frequency: float, **settings: object) -> float:
    """Return what is left of a sinusoid of 100 µV, in its middle."""
    found = derivation(alone(100 * np.sin(2 * np.pi * frequency * SECONDS)), "Cz", "Pz", **settings)
    return float(np.sqrt(2) * found.std())


@pytest.mark.parametrize(
    ("frequency", "settings", "low", "high"),
    [
        (10, {}, 99, 101),
        (0.5, {"seconds": 20}, 47, 53),  # -6 dB
        (0.1, {"seconds": 40}, 0, 3),
        (12, {"band": (0.5, 12.0)}, 47, 53),
        (60, {"rate": 200}, 0, 20),
        (10, {"band": (15.0, 40.0)}, 0, 30),
    ],
)
def test_the_band_is_what_passes(frequency: float, settings: dict, low: float, high: float) -> None:
    assert low <= amplitude(frequency, **settings) <= high


@pytest.mark.parametrize("frequency", [25, 30, 33])
def test_frequencies_above_half_the_rate_do_not_alias(frequency: float) -> None:
    """With one sample in five alone, 30 Hz would be 10 Hz of the whole amplitude."""
    assert amplitude(frequency) < 1
    assert amplitude(frequency, rate=200) > 60


def test_no_wave_is_delayed() -> None:
    pulse = 100 * np.exp(-(((SECONDS - 25) / 0.1) ** 2))
    found = derivation(alone(pulse), "Cz", "Pz")
    middle = len(found) // 2
    assert found.argmax() == middle
    np.testing.assert_allclose(found[middle - 100 : middle], found[middle + 100 : middle : -1], atol=0.5)


def test_amplitudes_beyond_the_clip_are_set_to_it() -> None:
    eeg = alone(5000 * np.sin(2 * np.pi * 2 * SECONDS))
    for clip in (1024.0, 200.0):
        found = derivation(eeg, "Cz", "Pz", clip=clip)
        assert (found.min(), found.max()) == (-clip, clip)
        assert (abs(found) == clip).mean() > 0.5


def test_float16_holds_the_values() -> None:
    """An offset of an electrode, and amplitudes up to the largest that an amplifier gives."""
    small = derivation(alone(20 * np.sin(2 * np.pi * 5 * SECONDS)), "Cz", "Pz")
    with_offset = derivation(alone(9000 + 20 * np.sin(2 * np.pi * 5 * SECONDS)), "Cz", "Pz")
    np.testing.assert_allclose(small, with_offset, atol=0.05)
    large = waveform(alone(1e6 * np.sign(np.sin(2 * np.pi * 2 * SECONDS))), WaveformRecipe(clip=1e6))
    assert np.isfinite(large).all()


def test_missing_samples_have_the_mean_and_missing_electrodes_are_zero() -> None:
    eeg = sinusoids()
    eeg[:, ELECTRODES.index("T3")] += 300
    eeg[5000:5400, ELECTRODES.index("T3")] = np.nan
    eeg[:, ELECTRODES.index("O2")] = np.nan
    waveforms = waveform(eeg, WaveformRecipe())
    whole = waveform(sinusoids(), WaveformRecipe())
    assert np.isfinite(waveforms).all()
    changed = [DERIVATIONS[number] for number in np.flatnonzero((waveforms != whole).any(axis=1))]
    assert changed == [("F7", "T3"), ("T3", "T5"), ("T6", "O2"), ("P4", "O2")]
    assert not waveforms[DERIVATIONS.index(("T6", "O2"))].any()
    inside = waveforms[DERIVATIONS.index(("F7", "T3"))][270:320] * UNIT  # 25.35 to 26.6 s of a gap from 25 to 27 s
    assert abs(inside).max() < 5


def test_the_ekg_does_not_matter_and_the_window_is_whole() -> None:
    eeg = sinusoids()
    with_ekg = np.column_stack([eeg, eeg[:, 0]])
    np.testing.assert_array_equal(waveform(eeg, WaveformRecipe()), waveform(with_ekg, WaveformRecipe()))
    with pytest.raises(ValueError, match="expected 10000 samples, found 9999"):
        waveform(eeg[1:], WaveformRecipe())


@pytest.mark.parametrize(
    ("settings", "key", "complaint"),
    [
        ({"rate": 5}, "rate", "greater than or equal to 10"),
        ({"rate": 201}, "rate", "less than or equal to 200"),
        ({"rate": 40.5}, "rate", "valid integer"),
        ({"seconds": 50.1}, "seconds", "less than or equal to 50"),
        ({"seconds": 0}, "seconds", "greater than or equal to 1"),
        ({"band": (40, 0.5)}, "band", "the lower one first, from 0.02 to below 100 Hz"),
        ({"band": (0.0, 40)}, "band", "from 0.02 to below 100 Hz"),
        ({"band": (0.5, 100)}, "band", "from 0.02 to below 100 Hz"),
        ({"band": (20, 40)}, "band", "the lower one below 20 Hz, half of rate"),
        ({"clip": 0}, "clip", "greater than 0"),
        ({"scale": 1}, "scale", "not permitted"),
    ],
)
def test_what_cannot_be_is_refused_at_its_key(settings: dict, key: str, complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WaveformRecipe.model_validate(settings)
    (error,) = caught.value.errors()
    assert error["loc"][0] == key
    assert complaint in error["msg"]
