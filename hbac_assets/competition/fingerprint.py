"""The fingerprints of the tables, which identify the results made from them.

They depend on a table's values, not on its file format. Recordings are not included: each array made from one has its
own digest.
"""

import hashlib

import pandas as pd

from hbac_assets.competition.tables import TestTables, TrainTable

DIGITS = 16


def fingerprint_of_train(table: TrainTable) -> str:
    """Return 16 hexadecimal digits that change with the usable rows of train.csv."""
    return _digest(table.rows)


def fingerprint_of_test(tables: TestTables) -> str:
    """Return 16 hexadecimal digits that change with the rows to predict or their order."""
    return _digest(tables.rows, tables.sample)


def _digest(*frames: pd.DataFrame) -> str:
    digest = hashlib.sha256()
    for frame in frames:
        for name, values in frame.items():
            digest.update(f"\n{name} {values.dtype}\n".encode())
            numbers = pd.api.types.is_integer_dtype(values.dtype)
            digest.update(values.to_numpy().tobytes() if numbers else "\x1f".join(values).encode())
    return digest.hexdigest()[:DIGITS]
