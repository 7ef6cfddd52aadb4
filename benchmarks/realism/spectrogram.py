"""Statistics of ten minutes of a spectrogram by which synthetic ones are compared with real ones."""

import numpy as np

from hbac_assets.signals.spectrogram_grid import BINS, FREQUENCIES, WINDOW_COLUMNS

LOG_RANGE = (-6.0, 10.0)
"""Bounds of the natural logarithm of the power."""
BURST = 1.5
"""Excess of a burst column's mean log power over the mean of all."""


def spectrogram_statistics(power: np.ndarray) -> dict[str, float]:
    """Return the statistics of one window.

    Args:
        power: (columns, 400) in µV²/Hz on the competition's grid; columns after the 300th are ignored, and those with a
            missing value count for the fraction of missing values only.
    """
    power = power[:WINDOW_COLUMNS]
    statistics = {
        "missing": float(np.isnan(power).mean()),
        "zero": float(np.mean(power == 0)),
        "largest": float(np.nanmax(power)),
    }
    whole = power[~np.isnan(power).any(axis=1)]
    logarithm = np.log(np.clip(whole, *np.exp(LOG_RANGE)))
    chains = logarithm.reshape(len(logarithm), 4, BINS)
    return statistics | _distribution(logarithm) | _courses(chains) | _shapes(chains) | _textures(chains)


def _distribution(logarithm: np.ndarray) -> dict[str, float]:
    low, median, high = np.percentile(logarithm, (1, 50, 99))
    return {
        "log_p1": float(low),
        "log_p50": float(median),
        "log_p99": float(high),
        "log_sd": float(logarithm.std()),
        "over_8": float(np.mean(logarithm >= 8)),
        "under_minus_4": float(np.mean(logarithm <= -4)),
    }


def _courses(chains: np.ndarray) -> dict[str, float]:
    """Return the changes of power over time: per frequency, in total, and per chain."""
    deviations = chains.std(axis=0)
    broadband = chains.mean(axis=(1, 2))
    broadband = broadband - broadband.mean()
    variance = max(float((broadband**2).mean()), 1e-9)
    along = np.corrcoef(chains.mean(axis=2).T)
    return {
        "time_sd": float(deviations.mean()),
        "time_sd_below_4_hz": float(deviations[:, FREQUENCIES < 4].mean()),
        "time_sd_above_10_hz": float(deviations[:, FREQUENCIES > 10].mean()),
        "broadband_sd": float(broadband.std()),
        "broadband_ac_2s": float((broadband[1:] * broadband[:-1]).mean() / variance),
        "broadband_ac_60s": float((broadband[30:] * broadband[:-30]).mean() / variance),
        "broadband_kurtosis": float((broadband**4).mean() / variance**2),
        "bursts": float(np.mean(broadband > BURST)),
        "chain_corr": float(along[np.triu_indices(4, 1)].mean()),
    }


def _shapes(chains: np.ndarray) -> dict[str, float]:
    """Return the shape of the mean spectrum, and the differences between chains."""
    mean = chains.mean(axis=0)

    def band(low: float, high: float) -> float:
        return float(mean[:, (low <= FREQUENCIES) & (high > FREQUENCIES)].mean())

    delta, theta, alpha, beta = band(0.5, 4), band(4, 8), band(8, 13), band(13, 20)
    fast = FREQUENCIES > 2
    above = FREQUENCIES > 13
    left, right, *_ = mean.mean(axis=1)
    return {
        "delta_theta": delta - theta,
        "theta_alpha": theta - alpha,
        "alpha_beta": alpha - beta,
        "slope_2_20": float(-np.polyfit(np.log(FREQUENCIES[fast]), mean.mean(axis=0)[fast], 1)[0]),
        "asymmetry_abs": float(abs(left - right)),
        "lateral_parasagittal": float(mean[:2].mean() - mean[2:].mean()),
        "lateral_parasagittal_above_13_hz": float(mean[:2, above].mean() - mean[2:, above].mean()),
    }


def _textures(chains: np.ndarray) -> dict[str, float]:
    """Return size and correlation over frequency of the residual without the means of each frequency and column."""
    rest = chains - chains.mean(axis=0)
    rest = rest - rest.mean(axis=2, keepdims=True)

    def correlation(bins: int) -> float:
        one, other = rest[..., bins:], rest[..., :-bins]
        return float((one * other).mean() / np.sqrt((one**2).mean() * (other**2).mean()))

    return {"freq_neighbour_corr": correlation(1), "freq_1hz_corr": correlation(5), "residual_sd": float(rest.std())}
