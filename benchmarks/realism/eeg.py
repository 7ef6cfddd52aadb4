"""Statistics of a window of EEG by which synthetic ones are compared with real ones.

They are of five kinds: size and shape of the distribution, spectrum, correlation over the head, regularity of
repetition, and discharges. Most are of the sixteen bipolar derivations of the longitudinal chains.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from hbac_assets.signals.montage import CHAINS, EEG_RATE, ELECTRODES, bipolar

Statistics = dict[str, float]

PATTERN_SECONDS, STRONGEST = 10, 4
"""Regularity and discharges are measured in the middle ten seconds, in the four derivations of largest deviation."""
FLAT_UV, LARGE_UV = 0.5, 500.0
BANDS = {"delta": (0.5, 4), "theta": (4, 8), "alpha": (8, 13), "beta": (13, 20), "fast": (20, 40)}
REPETITION_HZ = (0.5, 4.0)
HOMOLOGOUS = (
    ("Fp1", "Fp2"),
    ("F3", "F4"),
    ("C3", "C4"),
    ("P3", "P4"),
    ("F7", "F8"),
    ("T3", "T4"),
    ("T5", "T6"),
    ("O1", "O2"),
)
FRONT_BACK = (("Fp1", "O1"), ("Fp2", "O2"))


def eeg_statistics(eeg: np.ndarray) -> Statistics:
    """Return the statistics of one window.

    Args:
        eeg: (samples, 19 or 20) in µV at 200 Hz, columns as in `montage.EEG_COLUMNS`; at least ten seconds.
    """
    missing = float(np.mean(~np.isfinite(eeg)))
    scalp = _filled(np.asarray(eeg, float))[:, : len(ELECTRODES)]
    derivations = _filtered(np.concatenate([bipolar(scalp, chain) for chain in CHAINS]), (0.5,), 3)
    banded = _filtered(derivations, (0.5, 25), 4)
    start = (banded.shape[1] - PATTERN_SECONDS * EEG_RATE) // 2
    middle = banded[:, start : start + PATTERN_SECONDS * EEG_RATE]
    return {
        "missing": missing,
        **_amplitudes(scalp, derivations),
        **_spectrum(derivations),
        **_correlations(scalp, derivations),
        **_regularity(middle),
        **_discharges(middle),
    }


def _filled(eeg: np.ndarray) -> np.ndarray:
    """Return the EEG with missing samples replaced by the median of their column, or 0."""
    finite = np.isfinite(eeg)
    medians = [np.median(column[here]) if here.any() else 0.0 for column, here in zip(eeg.T, finite.T, strict=True)]
    return np.where(finite, eeg, medians)


def _filtered(signals: np.ndarray, corners: tuple[float, ...], order: int) -> np.ndarray:
    """Return (signals, samples) after a zero-phase Butterworth high-pass or, with two corners in Hz, band-pass."""
    from scipy.signal import butter, sosfiltfilt

    kind = "highpass" if len(corners) == 1 else "bandpass"
    sections = butter(order, corners if len(corners) > 1 else corners[0], kind, fs=EEG_RATE, output="sos")
    return np.asarray(sosfiltfilt(sections, signals, axis=1))


def _amplitudes(scalp: np.ndarray, derivations: np.ndarray) -> Statistics:
    from scipy.stats import kurtosis

    deviations = derivations.std(axis=1)
    typical = max(float(np.median(deviations)), 1e-6)
    live = derivations[deviations > FLAT_UV]
    extremes = np.quantile(np.abs(derivations), 0.999, axis=1) / np.maximum(deviations, 1e-6)
    sides = np.log(deviations + 1e-6).reshape(2, 2, 4)  # lateral and parasagittal; left and right; along the chain
    left, right = sides.mean(axis=(0, 2))
    pieces = derivations[:, : derivations.shape[1] // 400 * 400].reshape(len(derivations), -1, 400)
    return {
        "flat_channels": float(np.mean(scalp.std(axis=0) < FLAT_UV)),
        "sd_bip_median": float(np.median(deviations)),
        "sd_ratio_max_median": float(deviations.max() / typical),
        "extreme_ratio": float(np.median(extremes)),
        "kurtosis": float(np.median(kurtosis(live, axis=1))) if len(live) else np.nan,
        "over_500_uv": float(np.mean(np.abs(scalp) > LARGE_UV)),
        "asymmetry_abs": float(abs(left - right)),
        "amplitude_fluctuation": float(np.median(np.log(pieces.std(axis=2) + 1e-3).std(axis=1))),
    }


def _spectrum(derivations: np.ndarray) -> Statistics:
    from scipy.signal import medfilt, welch

    frequency, power = welch(derivations, EEG_RATE, nperseg=4 * EEG_RATE, axis=1)
    logarithm = np.log(power + 1e-9).mean(axis=0)

    def within(low: float, high: float) -> np.ndarray:
        return np.asarray((frequency >= low) & (frequency < high))

    def slope(low: float, high: float) -> float:
        inside = (frequency >= low) & (frequency <= high)
        return float(-np.polyfit(np.log(frequency[inside]), logarithm[inside], 1)[0])

    total = np.maximum(power[:, within(0.5, 40)].sum(axis=1), 1e-9)
    relative = {
        f"relative_{name}": float(np.median(power[:, within(*band)].sum(axis=1) / total))
        for name, band in BANDS.items()
    }
    typical = np.exp(logarithm)
    distance = np.abs(frequency - 60)
    line = typical[distance < 0.6].max() / np.median(typical[(distance > 2) & (distance < 6)])
    prominence = logarithm - medfilt(logarithm, 21)
    return {
        **relative,
        "slope_2_20": slope(2, 20),
        "slope_075_3": slope(0.75, 3),
        "slope_20_45": slope(20, 45),
        "log_power_50_hz": float(np.log(typical[(frequency > 45) & (frequency < 55)].mean())),
        "log_line_60_hz": float(np.log(line)),
        "peak_prominence": float(prominence[(frequency >= 0.75) & (frequency <= 13)].max()),
    }


def _correlations(scalp: np.ndarray, derivations: np.ndarray) -> Statistics:
    average = _filtered((scalp - scalp.mean(axis=1, keepdims=True)).T, (0.5, 25), 4)
    reference = _filtered(scalp.T, (0.5, 25), 4)
    to_average, along = _correlation(average), _correlation(derivations)
    variances = np.maximum(np.linalg.eigvalsh(np.cov(average)), 0)

    def mean_of(pairs: Iterator[tuple[str, str]]) -> float:
        return float(np.mean([to_average[ELECTRODES.index(one), ELECTRODES.index(other)] for one, other in pairs]))

    return {
        "corr_neighbours": mean_of(pair for chain in CHAINS.values() for pair in pairwise(chain)),
        "corr_homologous": mean_of(iter(HOMOLOGOUS)),
        "corr_front_back": mean_of(iter(FRONT_BACK)),
        "corr_common_reference": float(_correlation(reference)[np.triu_indices(len(ELECTRODES), 1)].mean()),
        "spatial_dimensions": float(variances.sum() ** 2 / max(float((variances**2).sum()), 1e-9)),
        "corr_lateral_chains": float(np.mean([along[link, link + 4] for link in range(4)])),
        "corr_links": float(np.mean([along[link, link + 1] for link in range(16) if link % 4 < 3])),
    }


def _correlation(signals: np.ndarray) -> np.ndarray:
    """Return the correlation matrix of (signals, samples), 0 for constant signals."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nan_to_num(np.corrcoef(signals), nan=0.0))


def _strongest(middle: np.ndarray) -> np.ndarray:
    """Return (4,): the derivations of largest standard deviation, largest first."""
    return np.argsort(-middle.std(axis=1))[:STRONGEST]


def _regularity(middle: np.ndarray) -> Statistics:
    from scipy.signal import butter, sosfiltfilt, welch

    strongest = middle[_strongest(middle)]
    smoothing = butter(2, 8, fs=EEG_RATE, output="sos")
    envelopes = sosfiltfilt(smoothing, np.abs(np.diff(strongest, axis=1)), axis=1)
    fine, fine_power = welch(strongest, EEG_RATE, nperseg=5 * EEG_RATE, nfft=20 * EEG_RATE, axis=1)
    whole, power = welch(strongest, EEG_RATE, nperseg=PATTERN_SECONDS * EEG_RATE, axis=1)
    searched = (fine >= 0.6) & (fine <= 4)
    delta = power.mean(axis=0)[(whole >= 0.5) & (whole <= 4)]
    deviations = middle.std(axis=1)
    statistics = {
        "field_concentration": float(deviations.max() / max(float(np.median(deviations)), 1e-9)),
        "delta_peak_hz": float(fine[searched][fine_power.mean(axis=0)[searched].argmax()]),
        "delta_peak_share": float(np.sort(delta)[-3:].sum() / max(float(delta.sum()), 1e-12)),
    }
    for name, signals in (("env", envelopes), ("wave", strongest)):
        found = np.array([repetition(signal) for signal in signals])
        known = found[np.isfinite(found[:, 0])]
        rate, regularity = np.median(known, axis=0) if len(known) else (np.nan, np.nan)
        statistics |= {f"rate_{name}_hz": float(rate), f"reg_{name}": float(regularity)}
    return statistics


def repetition(signal: np.ndarray) -> tuple[float, float]:
    """Return the repetition rate of a signal in Hz, and its autocorrelation there; NaN if it does not repeat.

    It is the first peak of the autocorrelation of at least 85 % of the highest, which avoids subharmonics.
    """
    from scipy.signal import find_peaks

    samples = len(signal)
    spectrum = np.fft.rfft(signal - signal.mean(), 2 * samples)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:samples]
    correlation *= samples / (np.arange(samples, 0, -1) * (correlation[0] + 1e-12))
    slowest, fastest = REPETITION_HZ
    first = int(EEG_RATE / fastest)
    searched = correlation[first : min(int(EEG_RATE / slowest), samples // 2) + 1]
    peaks, _ = find_peaks(searched)
    if not len(peaks):
        return np.nan, np.nan
    highest = searched[peaks].max()
    peak = next(peak for peak in peaks if searched[peak] >= min(0.85 * highest, highest))
    return EEG_RATE / (first + peak), float(searched[peak])


def _discharges(middle: np.ndarray) -> Statistics:
    """Return the peaks above two standard deviations in the strongest derivation, at least 0.25 s apart."""
    from scipy.signal import find_peaks, peak_widths

    signal = middle[_strongest(middle)[0]]
    signal = signal if signal.max() > -signal.min() else -signal
    peaks, _ = find_peaks(signal, height=2 * signal.std(), distance=EEG_RATE // 4)
    statistics = {"peaks_per_s": len(peaks) / PATTERN_SECONDS}
    if len(peaks) < 3:
        return statistics
    heights, intervals = signal[peaks], np.diff(peaks)
    widths = peak_widths(signal, peaks, rel_height=0.5)[0] / EEG_RATE * 1000
    return statistics | {
        "peak_width_ms": float(np.median(widths)),
        "peak_height_sd": float(np.median(heights) / signal.std()),
        "interval_cv": float(intervals.std() / intervals.mean()),
        "height_cv": float(heights.std() / heights.mean()),
        "peak_uv": float(np.median(heights)),
    }
