"""The accepted variants of a spectrogram file, and the one-line refusals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hbac_assets.competition.parquet_file import RecordingError
from hbac_assets.competition.spectrogram_file import read_spectrogram
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS

LAST = SPECTROGRAM_COLUMNS[-1]


def cell(row: int, column: str, value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return a change of one cell; the row is counted from 1, as messages count."""

    def spoil(table: pd.DataFrame) -> pd.DataFrame:
        changed = table.copy()
        changed.loc[row - 1, column] = value
        return changed

    return spoil


def power(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def spoil(table: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([table[["time"]], change(table.drop(columns="time"))], axis=1)

    return spoil


BAD_TABLES = {
    "no time": (lambda t: t.drop(columns="time"), ["column time", "0 times"]),
    "column missing": (lambda t: t.drop(columns=LAST), [f"column {LAST}", "0 times"]),
    "column renamed": (lambda t: t.rename(columns={"LL_0.59": "LL_0.6"}), ["column LL_0.59"]),
    "power as text": (lambda t: t.astype({LAST: str}), [f"column {LAST}", "string"]),
    "time as text": (lambda t: t.astype({"time": str}), ["column time", "expected seconds", "string"]),
    "time missing": (cell(8, "time", np.nan), ["column time", "a time in each row", "1 missing"]),
    "time infinite": (
        lambda t: cell(8, "time", np.inf)(t.astype({"time": float})),
        ["column time", "expected seconds"],
    ),
    "time twice": (cell(8, "time", 13), ["row 8, column time", "2 s after", "0 s"]),
    "time each second": (lambda t: t.assign(time=np.arange(len(t))), ["row 2, column time", "1 s"]),
    "time with a gap": (
        lambda t: t.assign(time=t["time"] + 2 * (t.index > 99)),
        ["row 101, column time", "4 s"],
    ),
    "too short": (lambda t: t.head(299), ["at least 300 rows", "299"]),
    "no rows": (lambda t: t.head(0), ["at least 300 rows", "found 0"]),
    "all NaN": (power(lambda p: p * np.nan), ["NaN everywhere"]),
    "all zero": (power(lambda p: p * 0), ["varies", "0 everywhere"]),
    "constant": (power(lambda p: p * 0 + 7), ["varies", "7 everywhere"]),
    "infinite": (cell(5, LAST, np.inf), [f"row 5, column {LAST}", "infinite"]),
    "negative": (cell(6, "LP_0.59", -1.0), ["row 6, column LP_0.59", "negative"]),
    "volts squared": (power(lambda p: p * 1e-12), ["peak between", "µV²/Hz"]),
    "negative somewhere": (power(lambda p: p - 1), ["negative"]),
}


def refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as error:
        read_spectrogram(path)
    message = str(error.value)
    assert message.startswith(str(path))
    assert "expected" in message
    assert "found" in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_table_is_named_in_one_line(case: str, tmp_path: Path, spectrogram: pd.DataFrame) -> None:
    spoil, expected = BAD_TABLES[case]
    spoil(spectrogram).to_parquet(tmp_path / "7.parquet", index=False)
    message = refusal(tmp_path / "7.parquet")
    for fragment in expected:
        assert fragment in message


BAD_BYTES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "zero bytes": lambda content: bytes(len(content)),
    "first half": lambda content: content[: len(content) // 2],
    "footer cut": lambda content: content[:-1],
    "no parquet": lambda content: b"time,LL_0.59\n1,2\n",
    "data overwritten": lambda content: content[:4] + b"\xff" * 400_000 + content[400_004:],
}


@pytest.mark.parametrize("case", BAD_BYTES)
def test_damaged_file_is_named_in_one_line(case: str, tmp_path: Path, spectrogram: pd.DataFrame) -> None:
    path = tmp_path / "7.parquet"
    spectrogram.to_parquet(path, index=False)
    path.write_bytes(BAD_BYTES[case](path.read_bytes()))
    assert "a whole parquet file" in refusal(path)


def test_missing_file_and_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "7.parquet").mkdir()
    (tmp_path / "9.parquet").symlink_to(tmp_path / "nowhere")
    for name, found in {"7.parquet": "a folder", "8.parquet": "none", "9.parquet": "a link to nothing"}.items():
        assert f"expected a file, found {found}" in refusal(tmp_path / name)


def test_column_twice(tmp_path: Path, spectrogram: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(spectrogram).append_column("LL_0.59", [spectrogram["LL_0.59"]])
    pq.write_table(table, tmp_path / "7.parquet")
    assert "column LL_0.59: expected the column once, found 2 times" in refusal(tmp_path / "7.parquet")


def test_array_is_frequency_first_whatever_the_file_looks_like(tmp_path: Path, spectrogram: pd.DataFrame) -> None:
    path = tmp_path / "7.parquet"
    expected = spectrogram[list(SPECTROGRAM_COLUMNS)].to_numpy().T

    variants = {
        "plain": spectrogram,
        "columns in another order": spectrogram[spectrogram.columns[::-1]],
        "time as int16": spectrogram.astype({"time": "int16"}),
        "time as float": spectrogram.astype({"time": float}),
        # Parquet stores these as it does whole numbers; only the Arrow schema beside it tells.
        "time as durations": spectrogram.assign(time=pd.to_timedelta(spectrogram["time"], "s")),
        "time as points in time": spectrogram.assign(time=pd.to_datetime(spectrogram["time"], unit="s")),
        "rows out of order": spectrogram.sample(frac=1, random_state=0),
        "a column more": spectrogram.assign(index=0, note="a"),
        "time from another start": spectrogram.assign(time=spectrogram["time"] + 600),
        "double precision": spectrogram.astype(dict.fromkeys(SPECTROGRAM_COLUMNS, "float64")),
        "one column in double precision": spectrogram.astype({LAST: "float64"}),
    }
    for variant in variants.values():
        for row_group_size in (1000, 77):
            variant.to_parquet(path, index=False, row_group_size=row_group_size)
            power = read_spectrogram(path)
            assert power.dtype == np.float32
            assert power.flags.c_contiguous
            np.testing.assert_array_equal(power, expected)


def test_whole_numbers_are_power_too(tmp_path: Path, spectrogram: pd.DataFrame) -> None:
    whole = spectrogram.astype({LAST: "int32", "LP_0.59": "uint8"})
    whole.to_parquet(tmp_path / "7.parquet", index=False)
    expected = whole[list(SPECTROGRAM_COLUMNS)].to_numpy(np.float32).T
    np.testing.assert_array_equal(read_spectrogram(tmp_path / "7.parquet"), expected)


def test_a_short_one_is_read_where_it_is_better_than_none(tmp_path: Path, spectrogram: pd.DataFrame) -> None:
    spectrogram.head(7).to_parquet(tmp_path / "7.parquet", index=False)
    assert read_spectrogram(tmp_path / "7.parquet", least_columns=1).shape == (400, 7)


def test_missing_values_stay_nan_as_null_and_as_nan(tmp_path: Path, spectrogram: pd.DataFrame) -> None:
    holes = cell(3, "LL_0.59", np.nan)(cell(320, LAST, np.nan)(spectrogram))
    expected = holes[list(SPECTROGRAM_COLUMNS)].to_numpy().T
    for from_pandas in (True, False):  # written as nulls, or as the floating-point NaN
        table = pa.Table.from_pandas(holes) if from_pandas else pa.table({k: v.to_numpy() for k, v in holes.items()})
        assert (table["LL_0.59"].null_count == 1) is from_pandas
        pq.write_table(table, tmp_path / "7.parquet")
        np.testing.assert_array_equal(read_spectrogram(tmp_path / "7.parquet"), expected)
