"""The channels of an input's lines, and the range of shifts of its window."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from hbac_assets.learning.inputs.kind import InputKind
from hbac_assets.signals.montage import LABEL_SECONDS, mirrored
from hbac_assets.signals.recipes import InputRecipe

if TYPE_CHECKING:
    from hbac_assets.learning.settings import Preprocessing


def channel_of_lines(kind: InputKind, lines: int) -> Int[np.ndarray, " {lines}"]:
    """Return the index of the channel of each of `lines` lines of an array (lines, times).

    All panels have the same channels.
    """
    numbers = np.arange(len(kind.channels))
    return np.tile(np.repeat(numbers, lines // (kind.panels * len(numbers))), kind.panels)


def mirrored_lines(kind: InputKind, lines: int) -> Int[np.ndarray, " {lines}"]:
    """Return the permutation of lines that exchanges left and right electrodes.

    The lines of a channel keep their order and panel. Channels are derivations along the chains, from front to back on
    both sides, so that an exchange changes no sign; those of the midline stay.
    """
    opposite = [kind.channels.index(mirrored(electrodes)) for electrodes in kind.channels]
    return np.arange(lines).reshape(kind.panels, len(kind.channels), -1)[:, opposite].ravel()


def shifted_columns(kind: InputKind, recipe: InputRecipe, seconds: float) -> Int[np.ndarray, "lines columns"]:
    """Return, for every line, the source column of each column when a window shifts by `seconds`.

    Panels shift by whole columns; columns beyond a panel repeat its edge.
    """
    lines, columns = kind.shape(recipe)
    shifts = [round(seconds / length * columns) for length in kind.seconds(recipe)]
    moved = np.arange(columns) + np.repeat(shifts, lines // kind.panels)[:, None]
    clipped: np.ndarray = np.clip(moved, 0, columns - 1)
    return clipped


def require_whole_channels(preprocessing: "Preprocessing") -> None:
    """Refuse arrays in which a line shows two channels.

    Raises:
        ValueError: names valid numbers of frequencies.
    """
    kind = preprocessing.kind
    lines, channels = kind.shape(preprocessing)[0], kind.panels * len(kind.channels)
    if lines % channels:
        raise ValueError(
            f"expected preprocessing.image_size with a number of frequencies that {channels} divides, so that no line "
            f"shows two of the {channels} chains with input {preprocessing.input}, found {lines}"
        )


def require_shift(preprocessing: "Preprocessing", seconds: float) -> None:
    """Refuse a shift below every panel's resolution, or one that moves labelled time out of a panel.

    Raises:
        ValueError: names valid shifts.
    """
    kind = preprocessing.kind
    shortest = min(kind.seconds(preprocessing))
    least = shortest / kind.shape(preprocessing)[1]
    most = round(max(0.0, shortest - LABEL_SECONDS) / 2, 6)  # 10.2 - 10 is less than 0.2
    if not most:
        raise ValueError(
            f"expected no shift with input {preprocessing.input}, which shows {shortest:g} s: the label is of "
            f"{LABEL_SECONDS} s"
        )
    if not least / 2 < abs(seconds) <= most:
        raise ValueError(
            f"expected shifts of {least:.3g} s, its resolution, to {most:g} s, which leave the labelled "
            f"{LABEL_SECONDS} s in all that input {preprocessing.input} shows, found {seconds:g}"
        )
