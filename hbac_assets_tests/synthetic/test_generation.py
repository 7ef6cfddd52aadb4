from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS
from hbac_assets.store.files import file_digest
from hbac_assets.synthetic import places
from hbac_assets.synthetic import recordings as recordings_module
from hbac_assets.synthetic.generation import _write_file, generate
from hbac_assets.synthetic.places import LONGEST_SPAN
from hbac_assets.synthetic.recordings import Recording, plan, spectrogram_files
from hbac_assets.synthetic.rendering import render
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.tables import train_table

TRAIN_COLUMNS = [
    "eeg_id", "eeg_sub_id", "eeg_label_offset_seconds", "spectrogram_id", "spectrogram_sub_id",
    "spectrogram_label_offset_seconds", "label_id", "patient_id", "expert_consensus", *VOTE_COLUMNS,
]  # fmt: skip


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): file_digest(path) for path in folder.rglob("*") if path.is_file()}


def silent(done: int, total: int) -> None:
    pass


def test_tables_have_the_columns_of_the_competition(folder):
    train = pd.read_csv(folder / "train.csv")
    assert train.columns.tolist() == TRAIN_COLUMNS
    test = pd.read_csv(folder / "test.csv")
    assert test.columns.tolist() == ["spectrogram_id", "eeg_id", "patient_id"]
    submission = pd.read_csv(folder / "sample_submission.csv")
    assert submission.columns.tolist() == ["eeg_id", *VOTE_COLUMNS]
    assert submission["eeg_id"].tolist() == test["eeg_id"].tolist()
    assert (submission[list(VOTE_COLUMNS)] == 1 / 6).all(axis=None)


def test_every_id_of_the_tables_has_its_file_and_no_other_is_there(folder):
    for split in ("train", "test"):
        table = pd.read_csv(folder / f"{split}.csv")
        for kind in ("eeg", "spectrogram"):
            there = {int(path.stem) for path in (folder / f"{split}_{kind}s").iterdir()}
            assert there == set(table[f"{kind}_id"])


@pytest.mark.parametrize(("split", "time_type"), [("train", "int64"), ("test", "int16")])
def test_spectrogram_files(folder, split, time_type):
    for path in (folder / f"{split}_spectrograms").iterdir():
        table = pd.read_parquet(path)
        assert table.columns.tolist() == ["time", *SPECTROGRAM_COLUMNS]
        assert table["time"].dtype == time_type
        assert table["time"].tolist() == list(range(1, 2 * len(table), 2))
        assert (table.dtypes.iloc[1:] == "float32").all()
        assert len(table) == 300 if split == "test" else len(table) >= 300
        assert pq.ParquetFile(path).metadata.row_group(0).column(1).compression == "SNAPPY"
        power = table[list(SPECTROGRAM_COLUMNS)].to_numpy()
        assert 0 <= np.nanmin(power) < 1
        assert 1 < np.nanmax(power) < 1e7


@pytest.mark.parametrize("split", ["train", "test"])
def test_eeg_files(folder, split):
    for path in (folder / f"{split}_eegs").iterdir():
        table = pd.read_parquet(path)
        assert table.columns.tolist() == list(EEG_COLUMNS)
        assert (table.dtypes == "float32").all()
        most = (LONGEST_SPAN + 50) * EEG_RATE
        assert len(table) == 10_000 if split == "test" else 10_000 <= len(table) <= most
        assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "SNAPPY"


def test_offsets_point_into_the_files(folder):
    train = pd.read_csv(folder / "train.csv")
    for row in train.to_dict("records"):
        spectrogram = pq.ParquetFile(folder / "train_spectrograms" / f"{row['spectrogram_id']}.parquet")
        eeg = pq.ParquetFile(folder / "train_eegs" / f"{row['eeg_id']}.parquet")
        assert row["spectrogram_label_offset_seconds"] / 2 + 300 <= spectrogram.metadata.num_rows
        assert row["eeg_label_offset_seconds"] * EEG_RATE + 10_000 <= eeg.metadata.num_rows


def test_eeg_and_spectrogram_of_a_row_show_the_same_seconds(folder):
    train = pd.read_csv(folder / "train.csv").groupby("eeg_id").last().reset_index()
    for row in train.to_dict("records"):
        eeg = pd.read_parquet(folder / "train_eegs" / f"{row['eeg_id']}.parquet").to_numpy()
        spectrogram = pd.read_parquet(folder / "train_spectrograms" / f"{row['spectrogram_id']}.parquet").to_numpy()
        # One second into the EEG window, since it begins at an odd second and columns at even ones.
        begin = int(row["eeg_label_offset_seconds"] + 1) * EEG_RATE
        ours = multitaper_spectrogram(eeg[begin : begin + 48 * EEG_RATE])[:, 4:-4]
        first = int(row["spectrogram_label_offset_seconds"] + 276) // 2
        theirs = spectrogram[first : first + 24, 1:].T[:, 4:-4]
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
        # What happened before the excerpt can reach into it through the high-pass, below 1 Hz.
        np.testing.assert_allclose(ours[5:100], theirs[5:100], rtol=0.05, atol=0.1 + 0.01 * np.nanmax(theirs))


@pytest.fixture(scope="module")
def appended(tmp_path_factory) -> tuple[Path, list[Recording]]:
    """A data set with a file of two recordings of which the first has an odd number of seconds, and those two."""
    settings = SyntheticSettings(seed=2, recordings=80)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "APPENDED", 1.0)
        patch.setattr(recordings_module, "ODD_JOIN", 1.0)
        files = [file for file in spectrogram_files(plan(settings)) if len(file) == 2]
        shortest = min(files, key=lambda file: sum(recording.seconds for recording in file))
    path = tmp_path_factory.mktemp("appended")
    _write_file(shortest, path)
    return path, shortest


def test_recordings_that_were_appended_are_one_spectrogram_with_an_eeg_for_each_excerpt(appended):
    folder, (first, second) = appended
    assert first.seconds % 2 == 1
    assert second.spectrogram_start == first.seconds
    (path,) = (folder / "train_spectrograms").iterdir()
    assert path.stem == str(first.spectrogram_id)
    table = pd.read_parquet(path)
    assert len(table) == (first.seconds + second.seconds) // 2
    assert table["time"].tolist() == list(range(1, 2 * len(table), 2))
    excerpts = [*first.excerpts, *second.excerpts]
    assert {int(eeg.stem) for eeg in (folder / "train_eegs").iterdir()} == {excerpt.eeg_id for excerpt in excerpts}
    # The last window ends with the file, also from an odd second.
    rows = train_table([first, second])
    assert rows["spectrogram_label_offset_seconds"].iloc[-1] // 2 + 300 == len(table)


def test_a_column_across_an_odd_join_holds_the_seconds_of_both_recordings(appended):
    folder, (first, second) = appended
    (path,) = (folder / "train_spectrograms").iterdir()
    theirs = pd.read_parquet(path).to_numpy()[:, 1:].T
    join = first.seconds // 2
    whole = np.concatenate([render(first), render(second)])
    around = whole[(join - 20) * 400 : (join + 20) * 400]
    ours = multitaper_spectrogram(around)[:, 2:-2]
    near = theirs[:, join - 18 : join + 18]
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(near))
    # Columns whose window is cut at the join itself differ: each recording is transformed alone.
    apart = [column for column in range(36) if abs(column - 18) > 3]
    np.testing.assert_allclose(ours[5:100, apart], near[5:100, apart], rtol=0.05, atol=0.1 + 0.01 * np.nanmax(near))


def test_the_habits_of_real_recordings_are_there(folder):
    eegs = [pd.read_parquet(path) for path in (folder / "train_eegs").iterdir()]
    spectrograms = [pd.read_parquet(path) for path in (folder / "train_spectrograms").iterdir()]
    # Runs of missing samples in some files of both kinds, never in all.
    for tables in (eegs, spectrograms):
        missing = [table.isna().to_numpy().any() for table in tables]
        assert any(missing)
        assert not all(missing)
    # Values beyond the range of amplifiers, and power that rounds to nothing.
    assert max(float(np.nanmax(table)) for table in spectrograms) > 1e4
    assert any((table == 0).any(axis=None) for table in spectrograms)
    # Mains: 60 Hz stands out from its neighbourhood.
    lines = []
    for table in eegs:
        spectrum = np.abs(np.fft.rfft(np.nan_to_num(table["Cz"].to_numpy()[:10_000]))) ** 2
        lines.append(spectrum[2_990:3_011].sum() / spectrum[2_800:2_900].sum())
    assert np.median(lines) > 3


@pytest.mark.slow
def test_bytes_depend_on_the_settings_alone(tmp_path):
    settings = SyntheticSettings(seed=5, recordings=8)
    for name, workers in (("alone", 1), ("together", 2)):
        generate(settings, tmp_path / name, workers, silent)
    assert files(tmp_path / "alone") == files(tmp_path / "together")

    generate(SyntheticSettings(seed=6, recordings=8), tmp_path / "other", 1, silent)
    assert not set(files(tmp_path / "other").values()) & set(files(tmp_path / "alone").values())

    # A lost file comes back as it was, nothing else is written again, and a lost table too.
    whole = files(tmp_path / "alone")
    lost = next((tmp_path / "alone" / "train_eegs").iterdir())
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "alone" / "train_spectrograms").iterdir()}
    lost.unlink()
    (tmp_path / "alone" / "test.csv").unlink()
    seen: list[tuple[int, int]] = []
    generate(settings, tmp_path / "alone", 1, lambda done, total: seen.append((done, total)))
    assert files(tmp_path / "alone") == whole
    assert seen == [(8, 9), (9, 9)]
    rewritten = [path for path, written in kept.items() if path.stat().st_mtime_ns != written]
    assert len(rewritten) <= 1


def test_tables_are_written_last(tmp_path):
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(SyntheticSettings(recordings=8), tmp_path, 1, stop)
    assert len(list((tmp_path / "train_spectrograms").iterdir())) == 3
    assert not list(tmp_path.glob("*.csv"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises((HbacError, NotADirectoryError), match="file"):
        generate(SyntheticSettings(recordings=8), tmp_path / "file", 1, silent)


@pytest.mark.slow
def test_a_killed_worker_is_told_in_one_line_and_what_is_there_stays(tmp_path):
    def kill_one(done, total):
        if done == 2:
            next(child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())).kill()

    settings = SyntheticSettings(recordings=8)
    with pytest.raises(HbacError, match=r"^synthetic data: a process .* ended abruptly after \d of \d+, by a crash"):
        generate(settings, tmp_path, 2, kill_one)
    counted = []
    generate(settings, tmp_path, 1, lambda done, total: counted.append(done))
    assert counted[0] >= 2
