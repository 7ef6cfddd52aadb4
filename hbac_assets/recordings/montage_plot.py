"""EEG plots in the longitudinal bipolar montage, negative up, with scale bars of time and voltage.

The order of the derivations, left above midline above right, is LB-18.2 of the American Clinical Neurophysiology
Society (Acharya et al. 2016, Guideline 3, https://doi.org/10.1097/WNP.0000000000000317).
"""

from typing import TYPE_CHECKING

import numpy as np

from hbac_assets.signals.montage import CHAINS, EEG_RATE, ELECTRODES, MIDLINE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLOCKS = (CHAINS["LL"], CHAINS["LP"], MIDLINE, CHAINS["RP"], CHAINS["RL"])
COLORS = ("#1f4e79", "#1f4e79", "#3a3a3a", "#8b2323", "#8b2323")
DISPLAY_HZ = (1.0, 35.0)
"""Pass band of the plot, Hz: a zero-phase Butterworth filter of order 2."""
MARGIN_SECONDS = 2
"""Margin of the filter on either side, s; it is not drawn."""
SENSITIVITIES_UV = (20, 30, 50, 75, 100, 150, 200, 300, 500, 1000)
"""Possible spacings of derivations, µV."""
FILLED = 1.0
"""Fraction of the spacing that the middle 98 % of the samples may reach."""
BLOCK_GAP = 0.6
"""Additional space between chains, in spacings."""


def draw_montage(axes: "Axes", eeg: np.ndarray, start: float = 0.0) -> None:
    """Draw the derivations of a stretch of EEG, without its first and last two seconds.

    The spacing is the smallest that separates most of the waves; the bar shows it. Waves beyond two spacings are
    clipped, and missing samples leave a gap.

    Args:
        axes: to draw on.
        eeg: (samples, 19 or 20) in µV at 200 Hz, columns as in `montage.EEG_COLUMNS`.
        start: of the time axis, s.
    """
    blocks = [_derivations(eeg, names) for names in BLOCKS]
    spacing = sensitivity(np.concatenate(blocks))
    seconds = start + np.arange(blocks[0].shape[1]) / EEG_RATE
    places: list[float] = []
    labels: list[str] = []
    for names, signals, color in zip(BLOCKS, blocks, COLORS, strict=True):
        for first, second, signal in zip(names, names[1:], signals, strict=False):
            below = places[-1] - spacing * (1 + BLOCK_GAP * (first == names[0])) if places else 0.0
            # Negative up, the convention for EEG.
            axes.plot(seconds, below - np.clip(signal, -2 * spacing, 2 * spacing), color=color, linewidth=0.6)
            places.append(below)
            labels.append(f"{first}-{second}")
    _draw_frame(axes, seconds, spacing, dict(zip(labels, places, strict=True)))


def sensitivity(signals: np.ndarray) -> int:
    """Return the spacing in µV for derivations (N, samples), which may contain NaN."""
    there = np.abs(signals[~np.isnan(signals)])
    reached = float(np.quantile(there, 0.98)) if there.size else 0.0
    return next((one for one in SENSITIVITIES_UV if reached <= FILLED * one), SENSITIVITIES_UV[-1])


def _derivations(eeg: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Return the filtered bipolar derivations, (N, samples) in µV, NaN where an electrode is missing."""
    from scipy.signal import butter, sosfiltfilt

    columns = [ELECTRODES.index(name) for name in names]
    differences = eeg[:, columns[:-1]].T.astype(np.float64) - eeg[:, columns[1:]].T
    missing = np.isnan(differences)
    counts = np.maximum((~missing).sum(axis=1, keepdims=True), 1)
    means = np.where(missing, 0, differences).sum(axis=1, keepdims=True) / counts
    band = butter(2, DISPLAY_HZ, "bandpass", fs=EEG_RATE, output="sos")
    filtered = np.where(missing, np.nan, sosfiltfilt(band, np.where(missing, 0, differences - means), axis=1))
    margin = MARGIN_SECONDS * EEG_RATE
    return filtered[:, margin:-margin]


def _draw_frame(axes: "Axes", seconds: np.ndarray, spacing: int, places: dict[str, float]) -> None:
    end = seconds[-1] + 1 / EEG_RATE
    lowest = min(places.values())
    axes.set_yticks(list(places.values()), list(places), fontsize=7)
    axes.set_xticks(np.arange(seconds[0], end + 0.5))
    axes.tick_params(axis="x", labelsize=7)
    axes.set_xlabel("seconds", fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(seconds[0], end)
    axes.set_ylim(lowest - 2.6 * spacing, 1.6 * spacing)
    axes.grid(axis="x", color="#d0d0d0", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    bottom, left = lowest - 2.3 * spacing, seconds[0] + 0.08
    axes.plot([left, left], [bottom, bottom + spacing], color="black", linewidth=1.8, solid_capstyle="butt")
    low, high = DISPLAY_HZ
    label = f"{spacing} µV, negative up, {low:g}-{high:g} Hz"
    axes.text(left + 0.1, bottom + spacing / 2, label, va="center", fontsize=7)
