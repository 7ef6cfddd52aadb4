"""The fingerprint follows the content and nothing else."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from hbac_assets.competition.fingerprint import dataset_fingerprint
from hbac_assets.errors import HbacError

RECORDING = "train_spectrograms/500.parquet"


def rewrite(folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_parquet(folder / RECORDING)).to_parquet(folder / RECORDING)


CHANGES: dict[str, Callable[[Path], object]] = {
    "one vote": lambda folder: (folder / "train.csv").write_text(
        (folder / "train.csv").read_text().replace("Seizure,3,1", "Seizure,3,2", 1)
    ),
    "sample_submission": lambda folder: os.truncate(folder / "sample_submission.csv", 60),
    "recording renamed": lambda folder: (folder / RECORDING).rename(folder / "train_spectrograms/501.parquet"),
    "recording added": lambda folder: shutil.copy(folder / RECORDING, folder / "test_spectrograms"),
    "recording removed": lambda folder: (folder / RECORDING).unlink(),
    "recording shortened": lambda folder: rewrite(folder, lambda table: table.head(300)),
    "recording scaled": lambda folder: rewrite(folder, lambda table: table * 2),
    "recording truncated": lambda folder: os.truncate(folder / RECORDING, 5000),
    "EEG added": lambda folder: shutil.copytree(folder / "train_spectrograms", folder / "train_eegs"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_with_the_content(change: str, kaggle_folder: Path) -> None:
    before = dataset_fingerprint(kaggle_folder)
    CHANGES[change](kaggle_folder)
    assert dataset_fingerprint(kaggle_folder) != before


def test_sees_a_new_extreme_in_a_file_of_the_same_size(kaggle_folder: Path) -> None:
    path = kaggle_folder / RECORDING
    table = pd.read_parquet(path)
    seen = set()
    for factor in (1, 3):
        table["RP_19.92"] *= factor
        table.to_parquet(path, compression=None, use_dictionary=False)
        seen.add((path.stat().st_size, dataset_fingerprint(kaggle_folder)))
    assert len({size for size, _ in seen}) == 1
    assert len(seen) == 2


def test_sees_lost_bytes_before_the_footer(kaggle_folder: Path) -> None:
    before = dataset_fingerprint(kaggle_folder)
    content = (kaggle_folder / RECORDING).read_bytes()
    (kaggle_folder / RECORDING).write_bytes(content[:1000] + content[2000:])
    assert dataset_fingerprint(kaggle_folder) != before


def test_is_the_same_for_a_copy_elsewhere_at_another_time(kaggle_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(kaggle_folder, tmp_path / "copy", copy_function=shutil.copyfile)
    (copy / "notes.txt").write_text("not part of the data")
    assert dataset_fingerprint(copy) == dataset_fingerprint(kaggle_folder)
    assert len(dataset_fingerprint(copy)) == 16


@pytest.mark.parametrize("size", [0, 1, 8, 100])
def test_a_damaged_recording_is_for_the_conversion_to_refuse(kaggle_folder: Path, size: int) -> None:
    os.truncate(kaggle_folder / RECORDING, size)
    assert len(dataset_fingerprint(kaggle_folder)) == 16


@pytest.mark.parametrize(
    "name", [".", "train.csv", "test.csv", "sample_submission.csv", "train_spectrograms", "test_spectrograms"]
)
def test_what_is_absent_is_named(kaggle_folder: Path, name: str) -> None:
    gone = kaggle_folder / name
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    with pytest.raises(HbacError) as error:
        dataset_fingerprint(kaggle_folder)
    assert str(error.value).startswith(f"{gone}: expected a ")
    assert "HBAC_DATA_DIR" in str(error.value)
