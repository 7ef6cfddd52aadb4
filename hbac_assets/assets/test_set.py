"""The test set at the time of prediction: arrays of its recordings, and the readable inputs of each row.

No row is dropped for a bad recording: it is predicted by the members that do not need that recording.
"""

import logging

import numpy as np
import pandas as pd

from hbac_assets.assets.eeg_spectrograms import convert_windows
from hbac_assets.assets.spectrograms import convert_spectrograms
from hbac_assets.competition.eeg_windows import numbered_windows
from hbac_assets.competition.set_aside import rows_set_aside, together
from hbac_assets.competition.tables import NO_RECORDING, TestTables
from hbac_assets.competition.usable import eeg_windows, spectrogram_windows, worst
from hbac_assets.competition.windows import LEAST, MIDDLE
from hbac_assets.lineage import Lineage
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, WINDOW_COLUMNS
from hbac_assets.store.tables import read_table, write_if_changed


def convert_test_recordings(tables: TestTables, lineage: Lineage, log: logging.Logger) -> pd.DataFrame:
    """Make the test-set arrays that members of the submitted ensemble need; those that are up to date are kept.

    Returns:
        The list of the files that cannot be used.

    Raises:
        HbacError: an array cannot be written.
    """
    write_if_changed(tables.rows, lineage.test_rows)
    unusable = []
    for arrays in lineage.test_inputs:
        if arrays.source is None:
            ids = tables.rows["spectrogram_id"].drop_duplicates()
            ids = ids[ids != NO_RECORDING]
            converted, failures = convert_spectrograms(ids, lineage, "test", log, LEAST)
        else:
            windows = numbered_windows(tables.rows)
            converted, failures = convert_windows(windows, lineage, arrays.source, "test", log, LEAST)
        unusable.append(failures)
        write_if_changed(converted, arrays.table)
    return together(unusable).drop_duplicates(ignore_index=True)


def placed_rows(lineage: Lineage) -> pd.DataFrame:
    """Return the test rows; a spectrogram's window without an offset in the table is the middle."""
    rows = read_table(lineage.test_rows)
    kaggles = [arrays.table for arrays in lineage.test_inputs if arrays.source is None]
    if not kaggles:
        return rows
    columns = rows["spectrogram_id"].map(read_table(kaggles[0]).set_index("spectrogram_id")["columns"])
    middle = (columns.fillna(WINDOW_COLUMNS).astype("int64") - WINDOW_COLUMNS) // 2 * SECONDS_PER_COLUMN
    offset = "spectrogram_label_offset_seconds"
    return rows.assign(**{offset: rows[offset].where(rows[offset] != MIDDLE, middle)})


def readable(lineage: Lineage, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return, for each member of the submitted ensemble, `reason` (empty if it can predict the row) and `missing`."""
    return {member: _readable_by(lineage, member, rows) for member in lineage.submitted_members}


def incomplete_rows(lineage: Lineage, rows: pd.DataFrame, states: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the list of the rows that not all members can predict, with the members that do."""
    reasons = pd.DataFrame({member: state["reason"] for member, state in states.items()})
    lacking = reasons != ""
    path = lineage.dataset.folder / "test.csv"
    places, why_each, details = [], [], []
    for row in map(int, np.flatnonzero(lacking.any(axis=1))):
        why = sorted(set(reasons.iloc[row]) - {""})
        left = [member for member in states if not lacking[member].iloc[row]]
        by = f"predicted by {', '.join(left)} alone" if left else "predicted by the class prior"
        which = f"EEG {rows['eeg_id'].iloc[row]}, spectrogram {rows['spectrogram_id'].iloc[row] or 'not named'}"
        places.append(row + 1)
        why_each.append(" and ".join(why))
        details.append(f"{path}, row {row + 1}: {why_each[-1]} ({which}): {by}")
    return rows_set_aside(path, places, why_each, details)


def _readable_by(lineage: Lineage, member: str, rows: pd.DataFrame) -> pd.DataFrame:
    inputs = lineage.member_inputs(member, "test")
    windows = [(eeg_windows if one.source else spectrogram_windows)(rows, read_table(one.table)) for one in inputs]
    return worst(windows)
