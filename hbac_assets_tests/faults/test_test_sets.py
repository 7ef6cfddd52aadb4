"""Another test set: there is a submission whatever is wrong with its recordings, and no model is retrained."""

import os
import shutil

import numpy as np
import pandas as pd
import pytest

from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.signals.montage import EEG_COLUMNS
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS, column_seconds
from hbac_assets_tests.projects import linked_download, make_project, share_generated_data

pytestmark = pytest.mark.long

EXPERIMENT = """
description: A member of each kind of recording.
folds: 2
max_rows: 24
recipe: {backbone: mobilenet_v3_small, epochs: 4, batch_size: 4, batchnorm_momentum: 0.5, schedule: {peak: 4.0e-4}}
members:
  kaggle: {preprocessing: {image_size: [64, 48]}}
  eeg: {preprocessing: {input: eeg, image_size: [64, 48]}}
ensembles:
  mean: {members: [kaggle, eeg], method: mean}
"""


@pytest.fixture(scope="module")
def trained(finished, tmp_path_factory):
    """A project in which all of that is trained on a download of its own, and the download."""
    folder = tmp_path_factory.mktemp("trained")
    download = linked_download(finished[0], folder / "download")
    (folder / "two.yaml").write_text(EXPERIMENT)
    settings = {"HBAC_DATA_DIR": str(download), "HBAC_EXPERIMENT": str(folder / "two.yaml"), "HBAC_MINIATURE": "0"}
    project = make_project(folder / "project", **settings)
    share_generated_data(finished[0], project)
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "set aside" not in done.stdout
    return project, download


def spectrogram(rng, rows=300):
    power = rng.lognormal(size=(rows, 400)).astype(np.float32)
    table = pd.DataFrame(power, columns=list(SPECTROGRAM_COLUMNS))
    table.insert(0, "time", column_seconds(rows))
    return table


def eeg(rng, rows=10_000):
    return pd.DataFrame(rng.normal(0, 40, (rows, 20)).astype(np.float32), columns=list(EEG_COLUMNS))


def absent(path, table):
    pass


def saved(change):
    def save(path, table):
        change(table).to_parquet(path, index=False)

    return save


def values(factor):
    return lambda table: table.assign(**{name: table[name] * factor for name in table.columns if name != "time"})


def content(change):
    def save(path, table):
        table.to_parquet(path, index=False)
        whole = path.read_bytes()
        path.unlink()
        path.write_bytes(change(whole))

    return save


SPOILT = {
    "missing": absent,
    "of zero bytes": content(lambda whole: b""),
    "cut short": content(lambda whole: whole[: len(whole) // 2]),
    "text": content(lambda whole: b"time,LL_0.59\n1,2\n"),
    "a folder": lambda path, table: path.mkdir(),
    "a link to nothing": lambda path, table: path.symlink_to(path.with_name("nowhere")),
    "all NaN": saved(values(np.nan)),
    "all zero": saved(values(0)),
    "without a column": saved(lambda table: table.drop(columns=table.columns[3])),
    "in another unit": saved(values(1e-14)),
}
SHORT = saved(lambda table: table.head(len(table) - 11))


def make_test_set(download, rows):
    """Replace the test set by one of so many rows; a hundredth of the recordings, of each kind, are spoilt.

    Returns:
        For each row, the spoilt kinds of its recordings.
    """
    remove_test_set(download)
    rng = np.random.default_rng(0)
    kinds = {"spectrogram": spectrogram, "eeg": eeg}
    for kind, make in kinds.items():
        for number in range(3):
            make(rng).to_parquet(download / f"{kind}-{number}.parquet", index=False)
    ids = 10_000 + np.arange(rows)
    wrong: dict[int, set[str]] = {int(one): set() for one in ids}
    for kind, make in kinds.items():
        victims = dict(zip(rng.choice(ids, max(10, rows // 100), replace=False), [*SPOILT] * rows, strict=False))
        for one in ids:
            path = download / f"test_{kind}s" / f"{one}.parquet"
            if one in victims:
                SPOILT[victims[one]](path, make(rng))
                wrong[int(one)].add(kind)
            else:
                os.link(download / f"{kind}-{one % 3}.parquet", path)
    test = pd.DataFrame({"spectrogram_id": ids, "eeg_id": ids, "patient_id": 1})
    replace_tables(download, test, ids[::-1])
    return wrong


def remove_test_set(download):
    for kind in ("eeg", "spectrogram"):
        shutil.rmtree(download / f"test_{kind}s")
        (download / f"test_{kind}s").mkdir()


def replace_tables(download, test, sample_ids):
    for name in ("test.csv", "sample_submission.csv"):
        (download / name).unlink()
    test.to_csv(download / "test.csv", index=False)
    sample = pd.DataFrame({"eeg_id": sample_ids, **dict.fromkeys(VOTE_COLUMNS, 1 / 6)})
    sample.to_csv(download / "sample_submission.csv", index=False)


def submit(project):
    """Materialize the submission alone and return it; nothing else may have been made."""
    models = {path: path.stat().st_mtime_ns for path in project.results.rglob("*.keras")}
    assert models
    done = project.command("dagster", "asset", "materialize", "--select", "submission")
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in project.results.rglob("*.keras")} == models
    submission = pd.read_csv(project.results / "submission.csv")
    np.testing.assert_allclose(submission[list(VOTE_COLUMNS)].sum(axis=1), 1)
    return submission, done.stderr


@pytest.mark.parametrize("rows", [100, 3000])
def test_damaged_recordings_cost_no_row_and_are_named(trained, rows):
    project, download = trained
    wrong = make_test_set(download, rows)
    submission, told = submit(project)
    assert submission["eeg_id"].tolist() == list(wrong)[::-1]

    every = pd.read_csv(project.results / "submission.set_aside.csv")
    listed, files = every[every["row"].notna()], every[every["row"].isna()]
    assert len(files) == sum(map(len, wrong.values()))
    assert files["detail"].str.contains("expected .*, found ").all()
    assert listed["row"].tolist() == [one - 9_999 for one, kinds in wrong.items() if kinds]
    for kinds, reason, detail in zip(filter(None, wrong.values()), listed["reason"], listed["detail"], strict=True):
        unreadable = {"spectrogram": "spectrogram unreadable", "eeg": "EEG unreadable"}
        assert set(reason.split(" and ")) == {unreadable[kind] for kind in kinds}
        alone = {"spectrogram": "predicted by eeg alone", "eeg": "predicted by kaggle alone"}
        expected = "predicted by the class prior" if len(kinds) == 2 else alone[next(iter(kinds))]
        assert detail.endswith(expected)
        assert detail in told or len(every) > 20
    shares = submission.set_index("eeg_id")
    prior = [one for one, kinds in wrong.items() if len(kinds) == 2]
    whole = [one for one, kinds in wrong.items() if not kinds]
    assert shares.loc[prior].drop_duplicates().shape[0] == min(1, len(prior))
    assert shares.loc[whole].drop_duplicates().shape[0] > 1


def test_short_recordings_are_predicted_from_what_there_is(trained):
    project, download = trained
    remove_test_set(download)
    rng = np.random.default_rng(1)
    ids = range(10_000, 10_010)
    for one in ids:
        SHORT(download / "test_eegs" / f"{one}.parquet", eeg(rng))
        SHORT(download / "test_spectrograms" / f"{one}.parquet", spectrogram(rng))
    replace_tables(download, pd.DataFrame({"spectrogram_id": ids, "eeg_id": ids, "patient_id": 1}), ids)
    submission, _ = submit(project)
    assert submission.drop(columns="eeg_id").drop_duplicates().shape[0] == 10
    assert not (project.results / "submission.set_aside.csv").exists()


def test_rows_held_out_of_the_training_recordings(trained):
    """Several labels of an EEG, with their offsets, of a patient and recordings that training has seen."""
    project, download = trained
    train = pd.read_csv(download / "train.csv")
    for kind in ("eeg", "spectrogram"):
        for one in train[f"{kind}_id"].head(6).unique():
            target = download / f"test_{kind}s" / f"{one}.parquet"
            if not target.exists():
                os.link((download / f"train_{kind}s" / f"{one}.parquet").resolve(), target)
    rows = pd.concat([train.head(6), train.head(2)], ignore_index=True)
    columns = ["spectrogram_id", "eeg_id", "patient_id", "eeg_label_offset_seconds", "spectrogram_label_offset_seconds"]
    test = rows[columns].copy()
    test.loc[6:, "spectrogram_label_offset_seconds"] += 20
    replace_tables(download, test, rows["eeg_id"])
    submission, _ = submit(project)
    assert submission["eeg_id"].tolist() == rows["eeg_id"].tolist()
    shares = submission.drop(columns="eeg_id").to_numpy()
    assert not np.allclose(shares[0], shares[6])


def test_a_longer_recording_is_cut_in_its_middle(trained):
    project, download = trained
    rng = np.random.default_rng(2)
    long_eeg, long_spectrogram = eeg(rng, 14_000), spectrogram(rng, 400)
    middle_eeg = long_eeg[2_000:12_000]
    middle_spectrogram = long_spectrogram[50:350]
    for one, parts in {70: (long_eeg, long_spectrogram), 71: (middle_eeg, middle_spectrogram)}.items():
        for kind, part in zip(("eeg", "spectrogram"), parts, strict=True):
            part.to_parquet(download / f"test_{kind}s" / f"{one}.parquet", index=False)
    ids = [70, 71]
    replace_tables(download, pd.DataFrame({"spectrogram_id": ids, "eeg_id": ids, "patient_id": 1}), ids)
    submission, _ = submit(project)
    shares = submission.drop(columns="eeg_id").to_numpy()
    np.testing.assert_array_equal(shares[0], shares[1])


def test_changes_that_no_model_depends_on_train_nothing_again(trained, tmp_path):
    """The folder renamed, Windows' line ends, an EEG more, and what a Macintosh leaves beside files."""
    project, download = trained
    renamed = download.rename(tmp_path / "renamed")
    try:
        labels = (renamed / "train.csv").read_bytes()
        (renamed / "train.csv").unlink()
        (renamed / "train.csv").write_bytes(labels.replace(b"\n", b"\r\n"))
        eeg(np.random.default_rng(3)).to_parquet(renamed / "train_eegs" / "5.parquet", index=False)
        for folder in ("train_eegs", "train_spectrograms", "test_eegs"):
            (renamed / folder / "._x.parquet").write_bytes(b"a resource fork")
        done = project.run(HBAC_DATA_DIR=str(renamed))
    finally:
        renamed.rename(download)
    assert done.returncode == 0, done.stderr
    assert "0 of 4 cells to train" in done.stderr
    assert len(list((project.folder / "store").glob("kaggle-*"))) == 1
