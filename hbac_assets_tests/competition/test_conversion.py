"""Conversion of many files: kept arrays, recomputed arrays, and skipped files."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.competition.arrays import SpectrogramFacts, convert_spectrogram
from hbac_assets.competition.conversion import INDEX, Converter, Progress, convert_all
from hbac_assets.errors import HbacError
from hbac_assets.store.files import file_digest


@pytest.fixture
def sources(tmp_path: Path, spectrogram: pd.DataFrame) -> list[Path]:
    """Three recordings of 320, 310 and 300 columns."""
    paths = [tmp_path / "raw" / f"{number}.parquet" for number in (30, 4, 500)]
    paths[0].parent.mkdir()
    for number, path in enumerate(paths):
        spectrogram.head(320 - 10 * number).to_parquet(path, index=False)
    return paths


def convert(
    sources: list[Path],
    folder: Path,
    workers: int,
    progress: Progress = lambda done, total: None,
    version: str = "1",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    converter = Converter("spectrogram_id", SpectrogramFacts, convert_spectrogram, version)
    return convert_all(sources, folder, converter, workers, progress)


def made(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npy")}


def test_all_files_in_the_order_of_their_ids(sources: list[Path], tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    conversions, failures = convert(sources, tmp_path / "npy", 2, lambda done, total: seen.append((done, total)))
    assert conversions["spectrogram_id"].tolist() == [4, 30, 500]
    assert conversions["columns"].tolist() == [310, 320, 300]
    assert failures.empty
    assert list(failures.columns) == ["spectrogram_id", "file", "reason"]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_number_of_workers_changes_nothing(sources: list[Path], tmp_path: Path) -> None:
    one, _ = convert(sources, tmp_path / "one", 1)
    many, _ = convert(sources[::-1], tmp_path / "many", 3)
    pd.testing.assert_frame_equal(one, many)


def test_failures_stop_no_other_file_and_are_tried_again(sources: list[Path], tmp_path: Path) -> None:
    good = sources[1].read_bytes()
    sources[1].write_bytes(good[:1000])
    conversions, failures = convert([*sources, tmp_path / "raw" / "9.parquet"], tmp_path / "npy", 2)
    assert conversions["spectrogram_id"].tolist() == [30, 500]
    assert failures["spectrogram_id"].tolist() == [4, 9]
    assert failures["file"].tolist() == [str(sources[1]), str(tmp_path / "raw" / "9.parquet")]
    assert "1000 bytes" in failures["reason"][0]
    assert "found none" in failures["reason"][1]
    assert sorted(made(tmp_path / "npy")) == ["30.npy", "500.npy"]

    sources[1].write_bytes(good)
    conversions, failures = convert(sources, tmp_path / "npy", 2)
    assert len(conversions) == 3
    assert failures.empty


def test_another_version_converts_everything_again(sources: list[Path], tmp_path: Path) -> None:
    convert(sources, tmp_path / "npy", 2)
    before = made(tmp_path / "npy")
    convert(sources, tmp_path / "npy", 2, version="2")
    assert all(changed != before[name] for name, changed in made(tmp_path / "npy").items())


def test_second_conversion_does_nothing(sources: list[Path], tmp_path: Path) -> None:
    first, _ = convert(sources, tmp_path / "npy", 2)
    before = made(tmp_path / "npy")
    second, _ = convert(sources, tmp_path / "npy", 2)
    assert made(tmp_path / "npy") == before
    pd.testing.assert_frame_equal(first, second)


def change_source(sources: list[Path], folder: Path) -> None:
    os.utime(sources[0], ns=(0, 0))


def truncate_target(sources: list[Path], folder: Path) -> None:
    os.truncate(folder / "30.npy", 1000)


def overwrite_target(sources: list[Path], folder: Path) -> None:
    np.save(folder / "30.npy", np.ones((400, 320), np.float32))


def remove_target(sources: list[Path], folder: Path) -> None:
    (folder / "30.npy").unlink()


def forget_in_index(sources: list[Path], folder: Path) -> None:
    index = json.loads((folder / INDEX).read_text())
    del index["arrays"]["30.npy"]
    (folder / INDEX).write_text(json.dumps(index))


@pytest.mark.parametrize("spoil", [change_source, truncate_target, overwrite_target, remove_target, forget_in_index])
def test_only_what_changed_is_converted_again(spoil, sources: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "npy"
    first, _ = convert(sources, folder, 2)
    before = made(folder)
    spoil(sources, folder)
    again, _ = convert(sources, folder, 2)
    after = made(folder)
    assert {name for name in after if after[name] != before[name]} == {"30.npy"}
    assert file_digest(folder / "30.npy") == first["digest"][1] == again["digest"][1]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": "0", "arrays": {}}', '{"version": "1"}'])
def test_without_a_right_index_everything_is_converted_again(content: str, sources: list[Path], tmp_path: Path) -> None:
    convert(sources, tmp_path / "npy", 2)
    before = made(tmp_path / "npy")
    (tmp_path / "npy" / INDEX).write_text(content)
    conversions, _ = convert(sources, tmp_path / "npy", 2)
    assert len(conversions) == 3
    assert all(changed != before[name] for name, changed in made(tmp_path / "npy").items())


def test_a_target_that_cannot_be_written_is_no_fault_of_its_source(sources: list[Path], tmp_path: Path) -> None:
    (tmp_path / "npy").write_text("a file where the folder should be")
    with pytest.raises((HbacError, OSError)):
        convert(sources, tmp_path / "npy", 2)


def test_interrupted_conversion_keeps_what_is_done(sources: list[Path], tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(sources, tmp_path / "npy", 1, stop)
    before = made(tmp_path / "npy")
    assert before
    convert(sources, tmp_path / "npy", 1)
    after = made(tmp_path / "npy")
    assert len(after) == 3
    assert {name: after[name] for name in before} == before
