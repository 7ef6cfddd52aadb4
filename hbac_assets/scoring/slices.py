"""Slices of a table, and their mean scores with intervals over patients."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from hbac_assets.labels import AGREEMENTS, CLASSES
from hbac_assets.scoring.bootstrap import Bootstrap
from hbac_assets.scoring.classes import TIE, majority

ALL = "all"
SLICES = {ALL: (0, np.inf), "<3": (0, 3), "3-9": (3, 10), ">=10": (10, np.inf)}
"""By name: lowest vote count, and the lowest one beyond the slice. Rater populations differ between them."""

PATIENT_SIZES = {"1": (1, 2), "2-9": (2, 10), "10-99": (10, 100), ">=100": (100, np.inf)}
"""By name: fewest rows of a patient, and the fewest beyond the slice."""


def scores(frame: pd.DataFrame, column: str = "kl", seed: int = 0) -> pd.DataFrame:
    """Return one row for each vote slice: slice, rows, patients, mean, low, high.

    `low` and `high` bound the central 95 % interval of the mean, by `bootstrap`. An empty slice has NaN for a mean, a
    single patient NaN for bounds.

    Args:
        frame: rows with patient_id, vote_count and `column`.
        column: the values to average, such as the divergence of each row.
        seed: of the bootstrap.
    """
    votes = frame["vote_count"].to_numpy()
    return _table("slice", frame, {name: within(votes, name) for name in SLICES}, column, seed)


def agreement_scores(frame: pd.DataFrame, column: str = "kl", seed: int = 0) -> pd.DataFrame:
    """Return one row for each agreement category: agreement, and the columns of `scores`.

    Args:
        frame: rows with patient_id, agreement and `column`.
        column: the values to average.
        seed: of the bootstrap.
    """
    category = frame["agreement"].to_numpy()
    return _table("agreement", frame, {name: category == name for name in AGREEMENTS}, column, seed)


def score(frame: pd.DataFrame, column: str = "kl", seed: int = 0) -> dict[str, float]:
    """Return rows, patients, mean, low and high of all rows of `frame`, as `scores` does for each slice."""
    return _scores(frame, {ALL: np.ones(len(frame), bool)}, column, seed)[ALL]


def within(vote_counts: np.ndarray, name: str) -> np.ndarray:
    """Return (N,): whether vote counts (N,) are in the vote slice of this name."""
    low, high = SLICES[name]
    return np.asarray((vote_counts >= low) & (vote_counts < high))


def slice_masks(
    shares: np.ndarray,
    vote_counts: np.ndarray | None = None,
    agreement: np.ndarray | None = None,
    patients: np.ndarray | None = None,
    quality: np.ndarray | None = None,
) -> dict[tuple[str, str], np.ndarray]:
    """Return (N,) masks of all non-empty slices, by kind and name.

    - `votes`: by vote count, see `SLICES`.
    - `agreement`: the categories of `labels.AGREEMENTS`.
    - `class`: the class with the most votes, or `tie`.
    - `patient size`: the patient's number of rows in the table.
    - `quality`: the lowest, middle and highest third, and `unknown` where it is NaN. Equal values stay together, so
      that the thirds may be unequal.

    Args:
        shares: (N, 6) vote fractions.
        vote_counts: (N,) votes.
        agreement: (N,) names of categories.
        patients: (N,) patient of each row.
        quality: (N,) any measure of signal quality, such as the fraction of samples present.
    """
    classes = majority(shares)
    masks = {("class", name): classes == number for number, name in enumerate(CLASSES)}
    masks["class", "tie"] = classes == TIE
    if vote_counts is not None:
        masks |= {("votes", name): within(vote_counts, name) for name in SLICES if name != ALL}
    if agreement is not None:
        masks |= {("agreement", name): agreement == name for name in AGREEMENTS}
    if patients is not None:
        _, places, sizes = np.unique(patients, return_inverse=True, return_counts=True)
        size = sizes[places.ravel()]
        masks |= {("patient size", name): (size >= low) & (size < high) for name, (low, high) in PATIENT_SIZES.items()}
    if quality is not None:
        masks |= {("quality", name): mask for name, mask in _thirds(quality).items()}
    return {key: np.asarray(mask) for key, mask in masks.items() if mask.any()}


def _thirds(quality: np.ndarray) -> dict[str, np.ndarray]:
    unknown = np.isnan(quality)
    if unknown.all():
        return {"unknown": unknown}
    first, second = np.quantile(quality[~unknown], [1 / 3, 2 / 3])
    return {
        "lowest third": quality < first,
        "middle third": (quality >= first) & (quality < second),
        "highest third": quality >= second,
        "unknown": unknown,
    }


def _table(title: str, frame: pd.DataFrame, parts: Mapping[str, np.ndarray], column: str, seed: int) -> pd.DataFrame:
    return pd.DataFrame([{title: name, **one} for name, one in _scores(frame, parts, column, seed).items()])


def _scores(
    frame: pd.DataFrame, parts: Mapping[str, np.ndarray], column: str, seed: int
) -> dict[str, dict[str, float]]:
    bootstrap = Bootstrap(frame["patient_id"].to_numpy(), seed=seed)
    values, found = frame[[column]].to_numpy(dtype=float), {}
    for name, rows in parts.items():
        of = bootstrap.means(values, rows)
        found[name] = {
            "rows": int(of.rows[0]),
            "patients": int(of.patients[0]),
            "mean": float(of.value[0]),
            "low": float(of.low[0]),
            "high": float(of.high[0]),
        }
    return found
