"""The data of an experiment."""

from collections.abc import Sequence

import pandas as pd

from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.competition.set_aside import counted
from hbac_assets.labels import CLASSES
from hbac_assets.lineage import Lineage
from hbac_assets.report.page import Section, Table
from hbac_assets.report.text import percent, plural, whole
from hbac_assets.results.set_aside import read_set_aside
from hbac_assets.scoring.classes import TIE, majority
from hbac_assets.scoring.slices import ALL, SLICES, within

SYNTHETIC = (
    "Synthetic data: all results on this page are for recordings that this project generated. They show that the "
    "chain works and that models learn, but support no conclusion about patients or the competition."
)
SAMPLING = {
    "first_per_spectrogram": "the first row of each spectrogram",
    "one_per_eeg": "one row of each EEG, with the sum of its rows' votes",
    "one_per_eeg_and_votes": "one row of each EEG and combination of votes",
    "all": "every row",
}


def data_section(lineage: Lineage, rows: pd.DataFrame) -> Section:
    """Return the section of an experiment's rows; `rows` are those of its folds."""
    dataset, experiment = lineage.dataset, lineage.experiment
    counts = rows["vote_count"]
    made_from = [lineage.train_metadata, *lineage.arrays, lineage.folds]
    aside = [counted(found) for found in map(read_set_aside, made_from) if len(found)]
    limit = f", at most {experiment.max_rows}, evenly over the folds" if experiment.max_rows else ""
    facts = [
        ("Data set", dataset.key),
        ("Fingerprint of the training table", dataset.fingerprint),
        ("Kind", "synthetic" if dataset.is_synthetic else "a folder in the competition's layout"),
        ("Rows", whole(len(rows))),
        ("Sampling", SAMPLING[experiment.sampling] + limit),
        *((name, whole(rows[column].nunique())) for name, column in _IDS.items()),
        ("Folds", f"{experiment.folds}, no patient in two"),
        ("Experts' votes", whole(counts.sum())),
        ("Votes of a row", f"{whole(counts.median())} in the middle, {counts.min()} to {counts.max()}"),
        *((f"Rows with {name} votes", whole(within(counts.to_numpy(), name).sum())) for name in SLICES if name != ALL),
        ("Set aside as unusable", "; ".join(aside) or "nothing"),
    ]
    table = Table("The rows that all scores of this page refer to.", ("What", "Value"), facts, words=frozenset({1}))
    return Section("Data", [table, _classes(rows)])


_IDS = {"Patients": "patient_id", "EEGs": "eeg_id", "Spectrograms": "spectrogram_id"}


def _classes(rows: pd.DataFrame) -> Table:
    shares = rows[list(SHARE_COLUMNS)].to_numpy()
    truth = majority(shares)
    cells: Sequence[tuple[str, ...]] = [
        (name, whole((truth == number).sum()), percent(shares[:, number].mean())) for number, name in enumerate(CLASSES)
    ]
    tied = int((truth == TIE).sum())
    return Table(
        f"Classes. A row's majority is the class with the most votes; {plural(tied, 'row')} with a tie "
        f"{'has' if tied == 1 else 'have'} none.",
        ("Class", "Rows with this majority", "Mean fraction of the votes"),
        cells,
    )
