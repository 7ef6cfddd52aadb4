"""Reading and validation of one EEG's parquet file.

Windows and arrays belong to `arrays`.
"""

from pathlib import Path

import numpy as np

from hbac_assets.competition.faults import fault
from hbac_assets.competition.parquet_file import (
    Quantity,
    numbers,
    one_file_at_fault,
    read_table,
    require_none,
    require_plausible,
    to_array,
)
from hbac_assets.signals.montage import EEG_RATE, EEG_WINDOW, ELECTRODES

# Amplifiers saturate within; the peak of 50 s of scalp EEG is at least tens of µV, in volts 1e-6 of that.
VOLTAGE = Quantity("voltage", "µV", peak=(1.0, 1e6))


def read_eeg(source: Path, least_samples: int = EEG_WINDOW) -> np.ndarray:
    """Return the EEG in `source` as float32 (samples, 19), columns as in `ELECTRODES`, in µV, NaN where missing.

    Each electrode's samples are contiguous. Other columns, such as the electrocardiogram's, are ignored.

    Args:
        source: the file.
        least_samples: the minimum length.

    Raises:
        RecordingError: the file is missing, unreadable or not parquet, lacks an electrode, has one without numbers, is
            too short, or has values that cannot be voltages in µV.
    """
    with one_file_at_fault():
        table = read_table(source)
        if table.num_rows < least_samples:
            expected = f"at least {least_samples} rows ({least_samples / EEG_RATE:g} s)"
            raise fault(source, expected, table.num_rows, "leave the recording out")
        eeg = to_array(numbers(source, table, ELECTRODES))
        require_none(source, np.isinf(eeg), ELECTRODES, "a voltage in µV", "an infinite value")
        require_plausible(source, eeg, VOLTAGE)
    return np.asfortranarray(eeg, dtype=np.float32)
