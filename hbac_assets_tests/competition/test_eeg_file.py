"""The accepted variants of an EEG file, and the one-line refusals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.competition.eeg_file import read_eeg
from hbac_assets.competition.parquet_file import RecordingError
from hbac_assets.signals.montage import ELECTRODES
from hbac_assets_tests.projects import require_real_files


def cell(row: int, column: str, value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return a change of one cell; the row is counted from 1, as messages count."""

    def spoil(table: pd.DataFrame) -> pd.DataFrame:
        changed = table.copy()
        changed.loc[row - 1, column] = value
        return changed

    return spoil


BAD_TABLES = {
    "column missing": (lambda t: t.drop(columns="T4"), ["column T4", "expected the column once, found 0 times"]),
    "newer names": (lambda t: t.rename(columns={"T3": "T7"}), ["column T3", "0 times"]),
    "text": (lambda t: t.astype({"Cz": str}), ["column Cz", "expected numbers", "string"]),
    "too short": (lambda t: t.head(9_999), ["at least 10000 rows (50 s)", "found 9999"]),
    "no rows": (lambda t: t.head(0), ["at least 10000 rows", "found 0"]),
    "all NaN": (lambda t: t * np.nan, ["some voltage", "NaN everywhere"]),
    "electrodes NaN": (lambda t: t.assign(**dict.fromkeys(ELECTRODES, np.nan)), ["some voltage"]),
    "all zero": (lambda t: t * 0, ["voltage that varies", "0 everywhere"]),
    "infinite": (cell(5, "Fz", np.inf), ["row 5, column Fz", "infinite"]),
    "infinite below": (cell(6, "O2", -np.inf), ["row 6, column O2", "infinite"]),
    "volts": (lambda t: t * 1e-6, ["a peak between 1 and 1e+06 µV", "convert it to µV"]),
    "nanovolts": (lambda t: t * 1e5, ["a peak between 1 and 1e+06 µV"]),
}


def refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as error:
        read_eeg(path)
    message = str(error.value)
    assert message.startswith(str(path))
    assert "expected" in message
    assert "found" in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_table_is_named_in_one_line(case: str, tmp_path: Path, eeg: pd.DataFrame) -> None:
    spoil, expected = BAD_TABLES[case]
    spoil(eeg).to_parquet(tmp_path / "7.parquet", index=False)
    message = refusal(tmp_path / "7.parquet")
    for fragment in expected:
        assert fragment in message


def test_missing_and_truncated_files_are_named(tmp_path: Path, eeg: pd.DataFrame) -> None:
    assert "expected a file, found none" in refusal(tmp_path / "8.parquet")
    path = tmp_path / "7.parquet"
    eeg.to_parquet(path, index=False)
    path.write_bytes(path.read_bytes()[:5_000])
    assert "expected a whole parquet file, found 5000 bytes" in refusal(path)


def test_columns_are_in_the_montages_order_whatever_the_file_looks_like(tmp_path: Path, eeg: pd.DataFrame) -> None:
    path = tmp_path / "7.parquet"
    without, with_more = eeg.drop(columns="EKG"), eeg.assign(A1=1.0, note="a", EKG=np.inf)
    for variant in (
        eeg,
        eeg[eeg.columns[::-1]],
        eeg.astype("float64"),
        eeg.astype({"O1": "float64"}),
        without,
        with_more,
    ):
        variant.to_parquet(path, index=False, row_group_size=3_000)
        read = read_eeg(path)
        assert read.dtype == np.float32
        np.testing.assert_array_equal(read, eeg[list(ELECTRODES)].to_numpy())
        assert read[:, 3].flags.c_contiguous


def test_gaps_stay_nan_and_one_dead_electrode_is_no_fault(tmp_path: Path, eeg: pd.DataFrame) -> None:
    holes = cell(3, "Fp1", np.nan)(eeg).assign(C3=0.0, P4=np.nan, EKG=2e7)
    holes.to_parquet(tmp_path / "7.parquet", index=False)
    np.testing.assert_array_equal(read_eeg(tmp_path / "7.parquet"), holes[list(ELECTRODES)].to_numpy(np.float32))


def test_real_files_are_right() -> None:
    folder = require_real_files()
    for path in folder.glob("*_eegs/*.parquet"):
        assert read_eeg(path).shape[1] == 19
