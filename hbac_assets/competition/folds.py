"""The assignment of folds, and the sampling of rows of an EEG or spectrogram.

Folds are assigned on all rows, before any row is left out, so that every sampling rule has the same folds.
"""

import warnings
from typing import Literal, assert_never

import numpy as np
import pandas as pd

from hbac_assets.competition.metadata import enrich
from hbac_assets.errors import HbacError
from hbac_assets.labels import CLASSES, VOTE_COLUMNS
from hbac_assets.signals.montage import EEG_WINDOW_SECONDS

SamplingRule = Literal["first_per_spectrogram", "one_per_eeg", "one_per_eeg_and_votes", "all"]


def assign_folds(train: pd.DataFrame, folds: int, seed: int) -> pd.DataFrame:
    """Return `train` with the column `fold`, stratified by consensus, no patient in two folds.

    Classes are numbered in the competition's order, as in the public KerasCV starter: class names would give other
    folds.

    Stratification is limited by the patients: a class that few patients have is absent from some folds.

    Args:
        train: rows with patient_id and expert_consensus.
        folds: number of folds, at least 2.
        seed: of the order in which patients are assigned.

    Raises:
        HbacError: `folds` is below 2, there are fewer patients than folds, or so few rows that a fold would be empty.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    patients = train["patient_id"].nunique()
    if not 2 <= folds <= patients:
        raise HbacError(
            f"folds: expected 2 to {patients}, the number of patients, none of whom may be in two folds, "
            f"found {folds}; change the experiment's folds or add patients"
        )
    consensus = np.array([CLASSES.index(name) for name in train["expert_consensus"]])
    # scikit-learn refuses to stratify if every class has fewer rows than there are folds.
    if pd.Series(consensus).value_counts().max() < folds:
        consensus = np.zeros(len(train), dtype=int)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    assigned = np.full(len(train), -1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        for fold, (_, held_out) in enumerate(splitter.split(train, consensus, train["patient_id"])):
            assigned[held_out] = fold
    empty = sorted(set(range(folds)) - set(assigned))
    if empty:
        raise HbacError(f"folds: expected rows in each of {folds}, found none in fold {empty[0]}; ask for fewer")
    return train.assign(fold=assigned)


def sample_rows(train: pd.DataFrame, rule: SamplingRule) -> pd.DataFrame:
    """Return the rows that `rule` picks, in the order of `train`, with vote fractions, `vote_count` and `agreement`.

    - `first_per_spectrogram`: of each spectrogram the row with the lowest spectrogram_sub_id.
    - `one_per_eeg`: of each EEG the row nearest to the middle of its labelled span (of two equally near the
      earlier one). Its votes are the sum over the EEG's rows, its consensus the class with the most of them
      (in a tie its own if that is among them, else the first in the order of the classes). `vote_count` is the
      largest number of votes on one of the rows, since the same experts label neighbouring rows: the sum would
      overstate the number of experts.
    - `one_per_eeg_and_votes`: of the rows of an EEG that have the same votes, class by class, the one whose 50 s have
      the largest total overlap with all of them (in a tie the earlier one). It keeps its votes.
    - `all`: every row.

    Args:
        train: all rows, with or without `fold`.
        rule: one of the four.
    """
    match rule:
        case "first_per_spectrogram":
            order = train.sort_values(["spectrogram_sub_id", "label_id"])
            rows = enrich(order.drop_duplicates("spectrogram_id"))
        case "one_per_eeg":
            rows = _one_per_eeg(train)
        case "one_per_eeg_and_votes":
            rows = enrich(_one_per_eeg_and_votes(train))
        case "all":
            rows = enrich(train)
        case _:
            assert_never(rule)
    return rows.sort_index().reset_index(drop=True)


def limited(rows: pd.DataFrame, most: int | None) -> pd.DataFrame:
    """Return at most `most` rows, in turn from each fold, so that no fold is empty."""
    if most is None:
        return rows
    turn = rows.groupby("fold").cumcount()
    chosen = rows.assign(turn=turn).sort_values(["turn", "fold"], kind="stable").head(most)
    return chosen.sort_index().drop(columns="turn").reset_index(drop=True)


def _one_per_eeg(train: pd.DataFrame) -> pd.DataFrame:
    votes = list(VOTE_COLUMNS)
    offset = train["eeg_label_offset_seconds"]
    span = offset.groupby(train["eeg_id"])
    # Twice the distance, to stay in whole seconds.
    from_middle = (2 * offset - span.transform("min") - span.transform("max")).abs()
    order = train.assign(from_middle=from_middle).sort_values(["from_middle", "eeg_label_offset_seconds", "label_id"])
    rows = order.drop_duplicates("eeg_id").drop(columns="from_middle")

    summed = train.groupby("eeg_id")[votes].sum().loc[rows["eeg_id"]].to_numpy()
    own = np.array([CLASSES.index(name) for name in rows["expert_consensus"]])
    most = summed == summed.max(axis=1, keepdims=True)
    leading = np.where(most[np.arange(len(rows)), own], own, most.argmax(axis=1))
    experts = train[votes].sum(axis=1).groupby(train["eeg_id"]).max().loc[rows["eeg_id"]]

    rows[votes] = summed
    rows["expert_consensus"] = np.array(CLASSES)[leading]
    return enrich(rows).assign(vote_count=experts.to_numpy())


def _one_per_eeg_and_votes(train: pd.DataFrame) -> pd.DataFrame:
    alike = ["eeg_id", *VOTE_COLUMNS]
    overlap = train.groupby(alike)["eeg_label_offset_seconds"].transform(_overlap)
    by = ["overlap", "eeg_label_offset_seconds", "label_id"]
    order = train.assign(overlap=overlap).sort_values(by, ascending=[False, True, True])
    return order.drop_duplicates(alike).drop(columns="overlap")


def _overlap(offsets: "pd.Series[float]") -> np.ndarray:
    """Return, for each window by its offset (N,), the sum of its overlaps with all windows, in s."""
    start = offsets.to_numpy(dtype=np.float64)
    apart = np.abs(start[:, None] - start[None, :])
    return np.asarray(np.clip(EEG_WINDOW_SECONDS - apart, 0, None).sum(axis=1))
