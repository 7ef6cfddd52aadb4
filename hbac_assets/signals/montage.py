"""Electrodes of the 10-20 system and the bipolar chains of the longitudinal ("double banana") montage.

Electrode names are the older ones that the competition uses (T3, T4, T5, T6 for T7, T8, P7, P8).
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from jaxtyping import Float

ELECTRODES = (
    "Fp1", "F3", "C3", "P3", "F7", "T3", "T5", "O1", "Fz", "Cz",
    "Pz", "Fp2", "F4", "C4", "P4", "F8", "T4", "T6", "O2",
)  # fmt: skip
EEG_COLUMNS = (*ELECTRODES, "EKG")
EEG_RATE = 200
"""Samples a second."""

EEG_WINDOW_SECONDS = 50
EEG_WINDOW = EEG_WINDOW_SECONDS * EEG_RATE
"""Samples of the EEG around a labelled moment."""

LABEL_SECONDS = 10
"""Samples in the middle of each window that the experts labelled, having seen the whole window
(https://www.kaggle.com/competitions/hms-harmful-brain-activity-classification/data)."""

# In the column order of the spectrogram files: L or R for left or right, then L or P for lateral or parasagittal.
CHAINS: dict[str, tuple[str, ...]] = {
    "LL": ("Fp1", "F7", "T3", "T5", "O1"),
    "RL": ("Fp2", "F8", "T4", "T6", "O2"),
    "LP": ("Fp1", "F3", "C3", "P3", "O1"),
    "RP": ("Fp2", "F4", "C4", "P4", "O2"),
}

OTHER_SIDE = str.maketrans("12345678", "21436587")

MIDLINE = ("Fz", "Cz", "Pz")

DERIVATIONS = tuple(
    pair for chain in (*(CHAINS[name] for name in ("LL", "LP", "RL", "RP")), MIDLINE) for pair in pairwise(chain)
)
"""The 18 derivations of the double banana, each as (front, back): temporal and parasagittal chain of the left side,
those of the right side in the same order, then the midline."""

SIDE_DERIVATIONS = 8
"""Derivations of each side: number n of the left side mirrors number n + 8."""


def mirrored(electrodes: Iterable[str]) -> tuple[str, ...]:
    """Return the homologous electrodes of the other hemisphere; those of the midline stay.

    In the 10-20 system odd numbers are on the left, the even number after each at the same place on the right
    (Klem et al. 1999, The ten-twenty electrode system of the International Federation, Electroencephalography and
    Clinical Neurophysiology, Supplement 52:3-6).
    """
    return tuple(name.translate(OTHER_SIDE) for name in electrodes)


def bipolar(eeg: Float[np.ndarray, "samples electrodes"], chain: str) -> Float[np.ndarray, "4 samples"]:
    """Return the bipolar derivations along a chain, anterior minus posterior.

    Args:
        eeg: (samples, electrodes) in µV, columns as in `ELECTRODES`; an EKG column after them is ignored.
        chain: a key of `CHAINS`.

    Returns:
        (4, samples) in µV, contiguous in time.
    """
    return _differences(eeg, CHAINS[chain][:-1], CHAINS[chain][1:])


def double_banana(eeg: Float[np.ndarray, "samples electrodes"]) -> Float[np.ndarray, "18 samples"]:
    """Return the derivations of the longitudinal bipolar montage, anterior minus posterior, ordered as `DERIVATIONS`.

    Args:
        eeg: (samples, electrodes) in µV, columns as in `ELECTRODES`; an EKG column after them is ignored.

    Returns:
        (18, samples) in µV, contiguous in time.
    """
    fronts, backs = zip(*DERIVATIONS, strict=True)
    return _differences(eeg, fronts, backs)


def _differences(
    eeg: Float[np.ndarray, "samples electrodes"], fronts: tuple[str, ...], backs: tuple[str, ...]
) -> Float[np.ndarray, "derivations samples"]:
    front, back = ([ELECTRODES.index(name) for name in names] for names in (fronts, backs))
    differences: np.ndarray = eeg[:, front].T - eeg[:, back].T
    return np.ascontiguousarray(differences)
