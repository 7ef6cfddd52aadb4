"""The positions of electrodes, and the scalp fields of sources.

The head is the unit disc seen from above: x to the right, y to the front.
"""

from itertools import pairwise

import numpy as np

from hbac_assets.signals.montage import CHAINS, ELECTRODES

POSITIONS = {
    "Fp1": (-0.29, 0.90), "Fp2": (0.29, 0.90), "F7": (-0.77, 0.56), "F3": (-0.40, 0.47), "Fz": (0.00, 0.45),
    "F4": (0.40, 0.47), "F8": (0.77, 0.56), "T3": (-0.95, 0.00), "C3": (-0.48, 0.00), "Cz": (0.00, 0.00),
    "C4": (0.48, 0.00), "T4": (0.95, 0.00), "T5": (-0.77, -0.56), "P3": (-0.40, -0.47), "Pz": (0.00, -0.45),
    "P4": (0.40, -0.47), "T6": (0.77, -0.56), "O1": (-0.29, -0.90), "O2": (0.29, -0.90),
}  # fmt: skip
ELECTRODE_POSITIONS = np.array([POSITIONS[name] for name in ELECTRODES])
"""(19, 2)"""


def spread(sources: np.ndarray, width: float) -> np.ndarray:
    """Return the amplitude of each source at each electrode: a Gaussian of the distance on the scalp.

    Args:
        sources: (sources, 2) positions.
        width: standard deviation in head radii; skull and scalp blur a cortical source to about a third.

    Returns:
        (19, sources) float32, 1 directly above a source.
    """
    distance = np.linalg.norm(ELECTRODE_POSITIONS[:, None] - sources, axis=-1)
    return np.asarray(np.exp(-0.5 * (distance / width) ** 2), np.float32)


def dipolar(sources: np.ndarray, width: float, opposition: float) -> np.ndarray:
    """Return the field of tangential dipoles: positive above the source, negative at the opposite end of the head.

    Args:
        sources: (sources, 2) positions.
        width: of both ends, as in `spread`.
        opposition: relative amplitude of the negative end, which is mirrored from front to back.

    Returns:
        (19, sources) float32
    """
    return spread(sources, width) - np.float32(opposition) * spread(sources * (1, -1), width)


def bipolar_field(fields: np.ndarray) -> np.ndarray:
    """Return (16, sources): the fields (19, sources) in the bipolar derivations of the four chains."""
    pairs = [pair for chain in CHAINS.values() for pair in pairwise(chain)]
    anterior, posterior = zip(*pairs, strict=True)
    return np.asarray(fields[indices(*anterior)] - fields[indices(*posterior)])


def indices(*names: str) -> list[int]:
    """Return the rows of the named electrodes."""
    return [ELECTRODES.index(name) for name in names]
