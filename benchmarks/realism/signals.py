"""Facts about signals: real and synthetic value of each statistic, with tolerances."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.realism.fact import Fact
from benchmarks.realism.measuring import EEG_GROUP, PATTERNS, SPECTROGRAM_GROUP, pattern_of
from hbac_assets.labels import CLASSES
from hbac_assets.synthetic.recordings import Recording

REAL = Path(__file__).parent / "real_quantiles.csv"
"""10, 50 and 90 % quantiles of real windows: 27 of 50 s, 25 of ten seconds of each pattern, 25 spectrograms."""

Key = tuple[str, str]
"""Group of windows and statistic."""

TOLERANCES: dict[Key, float] = {
    (EEG_GROUP, "corr_neighbours"): 0.08,
    (EEG_GROUP, "corr_front_back"): 0.15,
    **{(group, "delta_peak_hz"): 0.3 for group in (EEG_GROUP, *PATTERNS)},
    **{(group, "reg_env"): 0.08 for group in PATTERNS},
    **{(group, "delta_peak_share"): 0.08 for group in ("LRDA", "GRDA")},
    **{(group, "interval_cv"): 0.12 for group in ("LPD", "GPD")},
    **{(group, "asymmetry_abs"): 0.12 for group in ("LPD", "LRDA")},
    (SPECTROGRAM_GROUP, "chain_corr"): 0.1,
    (SPECTROGRAM_GROUP, "broadband_sd"): 0.08,
    (SPECTROGRAM_GROUP, "broadband_kurtosis"): 0.6,
}
"""Absolute tolerance of the synthetic median."""
RELATIVE_TOLERANCES: dict[Key, float] = {
    **{(group, "sd_bip_median"): 0.3 for group in PATTERNS},
    **{(group, "peak_width_ms"): 0.25 for group in ("LPD", "GPD")},
}
"""Tolerance relative to the real median."""

RATES_HZ = {"LPD": 1.0, "GPD": 1.25, "LRDA": 1.33, "GRDA": 1.30}
"""Published medians of the repetition rate."""


def quantile_facts(measured: pd.DataFrame) -> list[Fact]:
    """Return a fact for each statistic: the synthetic median, tolerated between the real 10 and 90 % quantiles."""
    median = _quantile(measured, 0.5)
    return [
        Fact(key[0], f"{key[1]}, median", middle, median[key], low, high)
        for key, (low, middle, high) in _real().items()
        if key in median
    ]


def tolerance_facts(measured: pd.DataFrame) -> list[Fact]:
    """Return a fact for each statistic whose median, spread or tail has a tighter tolerance."""
    low, median, high = (_quantile(measured, quantile) for quantile in (0.1, 0.5, 0.9))
    real = _real()
    facts = []
    for key in (*TOLERANCES, *RELATIVE_TOLERANCES):
        if key in median:
            value = real[key][1]
            tolerance = TOLERANCES.get(key) or RELATIVE_TOLERANCES[key] * value
            facts.append(Fact.within(key[0], f"{key[1]}, median", value, median[key], tolerance))
    for group in ("LPD", "GPD"):
        key = group, "peak_width_ms"
        if key in median:
            spread = real[key][2] - real[key][0]
            facts.append(Fact(group, "peak_width_ms, 10 to 90 %", spread, high[key] - low[key], spread / 2, np.inf))
    for statistic, least, most in (("sd_ratio_max_median", 6.0, np.inf), ("over_500_uv", 0.03, 0.15)):
        key = EEG_GROUP, statistic
        facts.append(Fact(EEG_GROUP, f"{statistic}, 90 %", real[key][2], high[key], least, most))
    return facts


def rate_facts(recordings: list[Recording]) -> list[Fact]:
    """Return the facts of the repetition rates of the recordings whose readers agree on a pattern."""
    rates: dict[str, list[float]] = {group: [] for group in PATTERNS}
    for recording in recordings:
        excerpt = recording.excerpts[0]
        pattern = pattern_of(excerpt.votes[0])
        # A lone vote for a pattern is little evidence.
        if pattern and excerpt.probabilities[0].argmax() == CLASSES.index(pattern):
            rates[pattern].append(float(recording.course.frequency[int(excerpt.middles[0])]))
    facts = []
    for group, real in RATES_HZ.items():
        if rates[group]:
            facts.append(
                Fact.within(group, "repetition rate, median, Hz", real, float(np.median(rates[group])), 0.1 * real)
            )
            spread = float(np.log(rates[group]).std())
            facts.append(Fact(group, "repetition rate, SD of its logarithm", 0.37, spread, 0.29, 0.46))
    return facts


def _real() -> dict[Key, tuple[float, float, float]]:
    """Return the real 10, 50 and 90 % quantiles of each group and statistic."""
    table = pd.read_csv(REAL)
    keys = zip(table["group"].tolist(), table["statistic"].tolist(), strict=True)
    quantiles = zip(*(table[column].astype(float).tolist() for column in ("q10", "q50", "q90")), strict=True)
    return dict(zip(keys, quantiles, strict=True))


def _quantile(measured: pd.DataFrame, quantile: float) -> dict[Key, float]:
    """Return the quantile of each group and statistic over the windows."""
    table = measured.groupby(["group", "statistic"])["value"].quantile(quantile).reset_index()
    keys = zip(table["group"].tolist(), table["statistic"].tolist(), strict=True)
    return dict(zip(keys, table["value"].tolist(), strict=True))
