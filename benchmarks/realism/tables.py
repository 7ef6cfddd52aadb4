"""The facts about train.csv that a synthetic set shares with the competition's, computed from its tables.

Real values are computed from the competition's train.csv (Kaggle, HMS - Harmful Brain Activity Classification) by the
definitions here, unless noted otherwise on the first row of each EEG. The experts' thresholds are estimates from its
single votes; a synthetic set has them among its latents.
"""

from functools import partial

import numpy as np
import pandas as pd

from benchmarks.realism.fact import Fact
from hbac_assets.competition.metadata import agreement
from hbac_assets.labels import AGREEMENTS, CLASSES, PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.synthetic.readers import MANY, POPULATIONS, thresholds

TABLES, READERS = "tables", "readers"
"""Groups of facts."""
within, at_least = partial(Fact.within, TABLES), partial(Fact.at_least, TABLES)

POPULATION_FRACTIONS = (0.29, 0.39, 0.32)
MEAN_FRACTIONS = (
    (0.04, 0.15, 0.14, 0.03, 0.07, 0.57),
    (0.35, 0.10, 0.06, 0.08, 0.17, 0.25),
    (0.04, 0.18, 0.13, 0.07, 0.09, 0.49),
)
ENTROPIES = (0.79, 0.61, 0.70, 0.92, 0.89, 0.54)
OTHER_BESIDE = {"LRDA": 0.26, "GRDA": 0.28}
AGREEMENT_FRACTIONS = (0.37, 0.09, 0.05)
SAME_CONSENSUS, CHANCE = 0.64, 0.34
ROWS_MEDIAN, ROWS_MEAN, ROWS_99, ROWS_MOST = 3, 6.3, 52, 743
FILES_MEDIAN, FILES_MEAN, FILES_MOST = 3, 5.7, 66
OFFSET_MEDIAN, OFFSET_95, OFFSET_MOST = 62, 2_496, 17_632
DIFFERENT_VOTES = 0.105
ODD_FILES = 0.0008
THRESHOLD_SD = (0.57, 0.42, 0.39, 0.70, 0.78, 0.72)
VOTE_FLOOR = 0.11
"""Midpoint of two estimates for the real rows with ten votes and more, see `scoring.floor`; the true one is unknown."""


def table_facts(train: pd.DataFrame, truth: pd.DataFrame) -> list[Fact]:
    """Return every fact about the tables of a set; most need 2,000 spectrogram files.

    Args:
        train: train.csv.
        truth: the truth of the training set, row by row with `train`.
    """
    count = train[list(VOTE_COLUMNS)].sum(axis=1)
    least = [population.least_votes for population in POPULATIONS]
    table = train.assign(population=np.searchsorted(least, count, side="right") - 1)
    first = table.drop_duplicates("eeg_id")
    many = first[first["population"] == 2]
    return [
        *_populations(first),
        *_disagreement(many),
        *_agreement(table[table["population"] == 2]),
        *_patients(many),
        *_rows(table),
        *_files(table),
        *_offsets(table),
        *_experts(),
        _floor(truth),
    ]


def _fractions(table: pd.DataFrame) -> np.ndarray:
    votes = table[list(VOTE_COLUMNS)].to_numpy()
    return np.asarray(votes / votes.sum(axis=1, keepdims=True))


def _populations(first: pd.DataFrame) -> list[Fact]:
    sizes = [(first["population"] == number).mean() for number in range(len(POPULATIONS))]
    facts = [
        within(f"fraction of the EEGs with {population.name} votes", real, size, 0.05)
        for population, real, size in zip(POPULATIONS, POPULATION_FRACTIONS, sizes, strict=True)
    ]
    for number, population in enumerate(POPULATIONS):
        means = _fractions(first[first["population"] == number]).mean(axis=0)
        facts += [
            within(f"mean fraction of {name}, {population.name} votes", real, mean, 0.05)
            for name, real, mean in zip(CLASSES, MEAN_FRACTIONS[number], means, strict=True)
        ]
    return facts


def _disagreement(many: pd.DataFrame) -> list[Fact]:
    from scipy.special import entr

    fractions = _fractions(many)
    entropy, consensus = entr(fractions).sum(axis=1), fractions.argmax(axis=1)

    def mean(values: np.ndarray, name: str) -> float:
        chosen = values[consensus == CLASSES.index(name)]
        return float(chosen.mean()) if len(chosen) else float("nan")

    return [
        *(
            within(f"entropy in nats where the consensus is {name}, ≥ 10 votes", real, mean(entropy, name), 0.1)
            for name, real in zip(CLASSES, ENTROPIES, strict=True)
        ),
        *(
            within(
                f"fraction of Other where the consensus is {name}, ≥ 10 votes", real, mean(fractions[:, -1], name), 0.05
            )
            for name, real in OTHER_BESIDE.items()
        ),
    ]


def _agreement(many_rows: pd.DataFrame) -> list[Fact]:
    distinct = many_rows.drop_duplicates(["eeg_id", *VOTE_COLUMNS])
    found = agreement(distinct[list(VOTE_COLUMNS)].to_numpy())
    return [
        within(f"fraction {name} of distinct votes of an EEG, ≥ 10 votes", real, (found == name).mean(), 0.04)
        for name, real in zip(AGREEMENTS, AGREEMENT_FRACTIONS, strict=False)
    ]


def _patients(many: pd.DataFrame) -> list[Fact]:
    consensus = _fractions(many).argmax(axis=1)
    counts = pd.crosstab(many["patient_id"], consensus).to_numpy()
    sizes = counts.sum(axis=1)
    # All pairs of a patient's EEGs, with equal weight for each patient.
    counts, sizes = counts[sizes > 1], sizes[sizes > 1]
    same = ((counts * (counts - 1)).sum(axis=1) / (sizes * (sizes - 1))).mean() if len(sizes) else float("nan")
    chance = (np.bincount(consensus) ** 2).sum() / len(consensus) ** 2
    return [
        within("pairs of EEGs of one patient with the same consensus, ≥ 10 votes", SAME_CONSENSUS, same, 0.08),
        within("any pairs of EEGs with the same consensus, ≥ 10 votes", CHANCE, chance, 0.08),
    ]


def _rows(table: pd.DataFrame) -> list[Fact]:
    rows = table.groupby("eeg_id").size()
    distinct = table.drop_duplicates(["eeg_id", *VOTE_COLUMNS]).groupby("eeg_id").size()
    return [
        within("rows an EEG, median", ROWS_MEDIAN, float(rows.median()), 1),
        within("rows an EEG, mean", ROWS_MEAN, float(rows.mean()), 1.5),
        within("rows an EEG, 99 % quantile", ROWS_99, float(rows.quantile(0.99)), 25),
        at_least("rows an EEG, most", ROWS_MOST, rows.max(), 100),
        within("fraction of the EEGs with different votes", DIFFERENT_VOTES, (distinct > 1).mean(), 0.04),
    ]


def _files(table: pd.DataFrame) -> list[Fact]:
    files = table.groupby("patient_id")["spectrogram_id"].nunique()
    odd = table.loc[table["spectrogram_label_offset_seconds"] % 2 == 1, "spectrogram_id"].nunique()
    return [
        within("spectrograms a patient, median", FILES_MEDIAN, files.median(), 1),
        within("spectrograms a patient, mean", FILES_MEAN, files.mean(), 0.5),
        at_least("spectrograms a patient, most", FILES_MOST, files.max(), 40),
        Fact(
            TABLES, "fraction of the spectrograms with odd offsets", ODD_FILES,
            odd / table["spectrogram_id"].nunique(), 0.0002, 0.02,
        ),
    ]  # fmt: skip


def _offsets(table: pd.DataFrame) -> list[Fact]:
    offsets = table["spectrogram_label_offset_seconds"]
    late = float(offsets.quantile(0.95))
    return [
        Fact(TABLES, "spectrogram offset of all rows in s, median", OFFSET_MEDIAN, offsets.median(), 30, 120),
        at_least("spectrogram offset of all rows in s, 95 % quantile", OFFSET_95, late, 1_500),
        at_least("spectrogram offset of all rows in s, most", OFFSET_MOST, offsets.max(), 5_000),
    ]


def _experts() -> list[Fact]:
    return [
        Fact.within(READERS, f"standard deviation of the experts' log-odds of {name}", real, deviation, 0.15)
        for name, real, deviation in zip(CLASSES, THRESHOLD_SD, thresholds().std(axis=0), strict=True)
    ]


def _floor(truth: pd.DataFrame) -> Fact:
    first = truth.drop_duplicates("eeg_id")
    first = first[first[list(VOTE_COLUMNS)].sum(axis=1) >= MANY.least_votes]
    floor = kl_divergence(_fractions(first), first[list(PROBABILITY_COLUMNS)].to_numpy()).mean()
    return within("KL divergence of the votes from the true probabilities, ≥ 10 votes", VOTE_FLOOR, floor, 0.02)
