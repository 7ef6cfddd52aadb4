"""The substitutes for the competition's files are valid, and of equal length and size."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.kaggle_files import link_as_many, write_eegs, write_spectrograms
from hbac_assets.competition.eeg_file import read_eeg
from hbac_assets.competition.spectrogram_file import read_spectrogram


def test_spectrograms(tmp_path: Path) -> None:
    paths = write_spectrograms(tmp_path, 6)
    assert [path.name for path in paths] == [f"{number}.parquet" for number in range(6)]
    arrays = [read_spectrogram(path) for path in paths]
    assert [array.shape for array in arrays] == [(400, rows) for rows in (300, 300, 310, 320, 360, 690)]
    assert np.abs(arrays[0] - arrays[1]).max() > 1
    assert 0.45e6 < np.median([path.stat().st_size for path in paths]) < 0.7e6
    column = pq.read_metadata(paths[0]).row_group(0).column(200)
    assert (column.compression, column.has_dictionary_page) == ("SNAPPY", True)


def test_eegs(tmp_path: Path) -> None:
    first, second = write_eegs(tmp_path, 2)
    assert (read_eeg(first).shape, read_eeg(second).shape) == ((10_000, 19), (10_800, 19))
    assert first.stat().st_size == pytest.approx(0.9e6, rel=0.1)


def test_existing_files_are_kept_and_linked(tmp_path: Path) -> None:
    paths = write_eegs(tmp_path / "few", 2)
    before = [path.stat().st_mtime_ns for path in paths]
    assert [path.stat().st_mtime_ns for path in write_eegs(tmp_path / "few", 2)] == before
    links = link_as_many(paths, tmp_path / "many", 5)
    assert links == link_as_many(paths, tmp_path / "many", 5)
    assert [link.name for link in links] == [f"{number}.parquet" for number in range(5)]
    assert all(link.samefile(paths[number % 2]) for number, link in enumerate(links))
