"""The table of votes on which predictions are scored: from a separate file, or from those of the predictions."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.competition.faults import fault
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.labels import CLASSES
from hbac_assets.scoring.files.columns import (
    CORRECT,
    SHARES,
    ColumnNames,
    class_columns,
    id_index,
    in_pattern,
    numbers,
    row_number,
)
from hbac_assets.scoring.scored_table import ScoredTable


def votes_of_predictions(frames: Mapping[Path, pd.DataFrame], id_column: str, names: ColumnNames) -> pd.DataFrame:
    """Return the votes in prediction files, each id once.

    Raises:
        HbacError: no file has votes, or two differ on a row.
    """
    patterns = (names.votes, SHARES)
    having = {path: frame for path, frame in frames.items() if _any_columns(frame, patterns)}
    if not having:
        path, frame = next(iter(frames.items()))
        expected = " or ".join(in_pattern(pattern) for pattern in patterns)
        raise fault(path, f"votes ({expected} …)", ", ".join(frame.columns), "give a table of votes by --votes")
    parts = []
    for path, frame in having.items():
        truth = votes_of_table(path, frame, id_column, names, repeated=True)
        parts.append(truth)
    together = pd.concat(parts)
    first = together[~together.index.duplicated()]
    shares = list(SHARE_COLUMNS)
    apart = np.abs(together[shares].to_numpy() - first.loc[together.index, shares].to_numpy()).max(axis=1) > 1e-6
    if apart.any():
        found = f"different votes for {together.index[int(np.argmax(apart))]}"
        raise fault(next(iter(having)), "the same votes in all files", found, "give a table of votes by --votes")
    return first


def _any_columns(frame: pd.DataFrame, patterns: Iterable[str]) -> bool:
    return any(in_pattern(pattern, name) in frame.columns for pattern in patterns for name in CLASSES)


def votes_of_table(
    path: Path, frame: pd.DataFrame, id_column: str, names: ColumnNames, *, repeated: bool = False
) -> pd.DataFrame:
    """Return, by id: the fraction of each class, `votes` (NaN if only fractions are known), patient, fold and quality.

    Raises:
        HbacError: a column or id is missing, an id is duplicate (unless `repeated`), or a row has no votes.
    """
    ids = id_index(path, frame, id_column)
    if ids.has_duplicates and not repeated:
        twice = ids.duplicated()
        raise fault(
            path, "each id once", f"{ids[twice][0]} again", CORRECT, row=row_number(frame, twice), column=id_column
        )
    frame = frame[~ids.duplicated()]
    ids = ids[~ids.duplicated()]
    columns = class_columns(path, frame, (names.votes, SHARES))
    values = numbers(path, frame, columns, "a number of votes, 0 or more")
    counts = values.sum(axis=1)
    if (counts == 0).any():
        raise fault(path, "votes", "none", "drop the row", row=row_number(frame, counts == 0), column=columns[0])
    truth = pd.DataFrame(values / counts[:, None], ids, list(SHARE_COLUMNS))
    if "vote_count" in frame.columns:
        truth["votes"] = numbers(path, frame, ["vote_count"], "a number of votes")[:, 0]
    else:  # averaged votes, as some programs store them, do not tell how many voted
        truth["votes"] = counts if (values % 1 == 0).all() and columns[0] == in_pattern(names.votes) else np.nan
    for name, column in (("patient", names.patient), ("fold", names.fold), ("quality", names.quality)):
        if column in frame.columns:
            truth[name] = frame[column].to_numpy()
    return truth


def scored_table(
    truth: pd.DataFrame, frames: Mapping[Path, pd.DataFrame], id_column: str, names: ColumnNames
) -> ScoredTable:
    """Return the table of the rows; patients, folds and quality may also come from the files of predictions."""
    shares = truth[list(SHARE_COLUMNS)].to_numpy()
    counts = truth["votes"].to_numpy(dtype="float64")
    known_counts = not np.isnan(counts).any()
    known = {
        name: _known(truth, name, frames, id_column, column)
        for name, column in (("patient", names.patient), ("fold", names.fold), ("quality", names.quality))
    }
    votes = {"votes": shares, "vote_counts": counts.astype("int64")} if known_counts else {"shares": shares}
    return ScoredTable(**votes, patients=known["patient"], folds=known["fold"], quality=known["quality"])


def _known(
    truth: pd.DataFrame, name: str, frames: Mapping[Path, pd.DataFrame], id_column: str, column: str
) -> np.ndarray | None:
    """Return a column for all rows: from the table of votes, or from the first file that has it for all rows."""
    if name in truth and truth[name].notna().all():
        return truth[name].to_numpy()
    for path, frame in frames.items():
        if column in frame.columns:
            by_id = pd.Series(frame[column].to_numpy(), id_index(path, frame, id_column))
            found = by_id[~by_id.index.duplicated()].reindex(truth.index)
            if found.notna().all():
                return found.to_numpy()
    return None
