"""Validated reading of one EEG's parquet file.

Which of its windows become spectrograms, and where those go, belongs to `arrays`.
"""

from pathlib import Path

import numpy as np

from hbac_assets.competition.faults import fault
from hbac_assets.competition.parquet_file import (
    NUMBERS,
    Layout,
    Quantity,
    one_file_at_fault,
    read_table,
    require_none,
    require_plausible,
    to_array,
)
from hbac_assets.signals.montage import EEG_COLUMNS, EEG_WINDOW, EEG_WINDOW_SECONDS, ELECTRODES

LAYOUT = Layout(dict.fromkeys(EEG_COLUMNS, NUMBERS), "the 19 electrodes and EKG")

# Amplifiers saturate within; the peak of 50 s on a scalp is at least tens of µV, in volts 1e-6 of that.
VOLTAGE = Quantity("voltage", "µV", peak=(1.0, 1e6))


def read_eeg(source: Path) -> np.ndarray:
    """Return the EEG in `source` as float32 (samples, 20), columns as in `EEG_COLUMNS`, in µV, NaN where it has none.

    Each electrode's samples are contiguous. The electrocardiogram may have any finite values.

    Raises:
        RecordingError: the file is missing, unreadable or no parquet, lacks a column or has another one, holds a
            wrong type, is shorter than a window, or holds values that are no voltage in µV.
    """
    with one_file_at_fault():
        table = read_table(source, LAYOUT)
        if table.num_rows < EEG_WINDOW:
            expected = f"at least {EEG_WINDOW} rows ({EEG_WINDOW_SECONDS} s)"
            raise fault(source, expected, table.num_rows, "leave the recording out")
        eeg = to_array(table)
        require_none(source, np.isinf(eeg), EEG_COLUMNS, "a voltage in µV", "an infinite value")
        require_plausible(source, eeg[:, : len(ELECTRODES)], VOLTAGE)
    return np.asfortranarray(eeg, dtype=np.float32)
