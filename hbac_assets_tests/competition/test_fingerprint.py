"""The fingerprints depend on the tables' contents only."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from hbac_assets.competition.fingerprint import fingerprint_of_test, fingerprint_of_train
from hbac_assets.competition.tables import read_test_tables, read_train


def both(folder: Path) -> tuple[str, str]:
    return fingerprint_of_train(read_train(folder / "train.csv")), fingerprint_of_test(read_test_tables(folder))


def rewritten(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], None]:
    return lambda folder: change(pd.read_csv(folder / name)).to_csv(folder / name, index=False)


TRAIN: dict[str, Callable[[Path], object]] = {
    "one vote": rewritten("train.csv", lambda t: t.assign(lpd_vote=t["lpd_vote"] + (t.index == 3))),
    "order": rewritten("train.csv", lambda t: t[::-1]),
    "a row less": rewritten("train.csv", lambda t: t.head(30)),
    "another patient": rewritten("train.csv", lambda t: t.assign(patient_id=t["patient_id"] + 1)),
    "named patients": rewritten("train.csv", lambda t: t.assign(patient_id="P" + t["patient_id"].astype(str))),
}
TEST: dict[str, Callable[[Path], object]] = {
    "another spectrogram": rewritten("test.csv", lambda t: t.assign(spectrogram_id=t["spectrogram_id"] + 1)),
    "order of the sample": rewritten("sample_submission.csv", lambda t: t[::-1]),
    "an offset": rewritten("test.csv", lambda t: t.assign(eeg_label_offset_seconds=2)),
}
NEITHER: dict[str, Callable[[Path], object]] = {
    "Windows' line ends": lambda folder: (folder / "train.csv").write_bytes(
        (folder / "train.csv").read_bytes().replace(b"\n", b"\r\n")
    ),
    "columns in another order": rewritten("train.csv", lambda t: t[t.columns[::-1]]),
    "a column more": rewritten("train.csv", lambda t: t.assign(fold=1)),
    "floats": rewritten("train.csv", lambda t: t.astype({"eeg_id": float})),
    "a blank line": lambda folder: (folder / "train.csv").write_text((folder / "train.csv").read_text() + "\n\n"),
    "values of the sample": rewritten("sample_submission.csv", lambda t: t.assign(lpd_vote=0.5)),
    "an EEG more": lambda folder: shutil.copytree(folder / "train_spectrograms", folder / "train_eegs"),
    "a file that is none": lambda folder: (folder / "train_spectrograms" / "._500.parquet").touch(),
}


@pytest.mark.parametrize("change", [*TRAIN, *TEST, *NEITHER])
def test_they_change_with_their_tables(change: str, kaggle_folder: Path) -> None:
    before = both(kaggle_folder)
    (TRAIN | TEST | NEITHER)[change](kaggle_folder)
    after = both(kaggle_folder)
    assert (before[0] != after[0], before[1] != after[1]) == (change in TRAIN, change in TEST)
    assert [len(one) for one in after] == [16, 16]


def test_a_copy_elsewhere_has_the_same(kaggle_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(kaggle_folder, tmp_path / "another name", copy_function=shutil.copyfile)
    assert both(copy) == both(kaggle_folder)
