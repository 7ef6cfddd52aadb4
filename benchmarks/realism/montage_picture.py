"""Ten seconds of EEG as a reader sees them: the longitudinal montage, with a bar of µV and seconds."""

import io
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hbac_assets.figures import new_figure, png
from hbac_assets.labels import CLASSES
from hbac_assets.signals.montage import CHAINS, EEG_RATE, bipolar
from hbac_assets.synthetic.recordings import Recording
from hbac_assets.synthetic.rendering import render

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SECONDS, SPACING_UV, BAR_UV = 10, 75.0, 100
ORDER = ("LL", "LP", "RP", "RL")
"""Left lateral and parasagittal chains above the right ones."""
READING_HZ = (1.0, 35.0)
"""Pass band of the picture; readers of critical-care EEG use about this one."""
FEWEST_VOTES, AGREED, TYPICAL_UV, USUAL = 10, 0.85, 11.0, 0.25
"""Readers of an example, the fraction who agree, the level of its background, how far the logarithm may be from it."""


def examples(recordings: list[Recording]) -> dict[str, Recording]:
    """Return, for each class, the largest pattern on which nearly all readers agree, in a patient with usual voltage.

    Where they never agree so well, it is the pattern on which most do.
    """
    many = [recording for recording in recordings if recording.excerpts[0].votes[0].sum() >= FEWEST_VOTES]

    def suitable(recording: Recording, column: int) -> tuple[float, bool, float]:
        excerpt = recording.excerpts[0]
        votes = excerpt.votes[0]
        usual = abs(np.log(recording.patient.background.level / TYPICAL_UV)) < USUAL
        agreed = min(float(votes[column] / votes.sum()), AGREED)
        return agreed, usual, float(recording.course.amplitude[int(excerpt.middles[0])])

    return {name: max(many, key=partial(suitable, column=column)) for column, name in enumerate(CLASSES)}


def draw_examples(recordings: dict[str, Recording]) -> "Figure":
    """Return a figure with the labelled ten seconds of a recording of each class."""
    figure = new_figure(14, 15)
    axes = figure.subplots(3, 2).ravel()
    for (name, recording), place in zip(recordings.items(), axes, strict=True):
        excerpt = recording.excerpts[0]
        votes = excerpt.votes[0]
        start = (int(excerpt.middles[0]) - SECONDS // 2) * EEG_RATE
        draw_montage(place, render(recording)[start - EEG_RATE : start + (SECONDS + 1) * EEG_RATE])
        place.set_title(f"{name}: {votes[CLASSES.index(name)]} of {votes.sum()} readers", loc="left", fontsize=12)
    return figure


def small_png(figure: "Figure") -> bytes:
    """Return a figure of few colours as a PNG file a third of the usual size."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(png(figure))).convert("RGB").quantize(16).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def draw_montage(axes: "Axes", eeg: np.ndarray) -> None:
    """Draw the sixteen derivations of (2400, 20) in µV, negative up, without their first and last second."""
    from scipy.signal import butter, sosfiltfilt

    band = butter(2, READING_HZ, "bandpass", fs=EEG_RATE, output="sos")
    time = np.arange(SECONDS * EEG_RATE) / EEG_RATE
    labels, places = [], []
    for block, chain in enumerate(ORDER):
        signals = sosfiltfilt(band, np.nan_to_num(bipolar(eeg, chain)), axis=1)[:, EEG_RATE:-EEG_RATE]
        for link, signal in enumerate(signals):
            place = -SPACING_UV * (4.8 * block + link)
            axes.plot(time, place - np.clip(signal, -2 * SPACING_UV, 2 * SPACING_UV), color="#123a5e", linewidth=0.6)
            labels.append("-".join(CHAINS[chain][link : link + 2]))
            places.append(place)
    axes.set_yticks(places, labels, fontsize=8)
    axes.set_xticks(range(SECONDS + 1))
    axes.set_xlabel("s")
    axes.set_xlim(0, SECONDS)
    axes.grid(axis="x", color="#cccccc", linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    bottom = min(places) - 2.4 * SPACING_UV
    axes.plot([0.1, 0.1], [bottom, bottom + BAR_UV], color="black", linewidth=2)
    axes.text(0.2, bottom + BAR_UV / 2, f"{BAR_UV} µV", va="center", fontsize=9)
    axes.set_ylim(bottom - 0.3 * SPACING_UV, 1.5 * SPACING_UV)
