"""A spectrogram file that cannot be read: named, and either too much or left out of the folds."""

import json

import pandas as pd
import pytest

from hbac_assets_tests.projects import empty, linked_download


@pytest.fixture
def damaged(finished, tmp_path):
    """The synthetic data with one empty spectrogram file, and that spectrogram's id."""
    folder = linked_download(finished[0], tmp_path / "download")
    victim = sorted((folder / "train_spectrograms").iterdir())[3]
    empty(victim)
    return folder, int(victim.stem)


def materialize(project, folder, **config):
    run_config = json.dumps({"ops": {"npy_spectrograms": {"config": config}}})
    command = ("dagster", "asset", "materialize", "--select", "*fold_assignments", "--config-json", run_config)
    return project.command(*command, HBAC_DATA_DIR=str(folder))


def test_it_fails_the_asset_once_the_others_are_converted(fresh, damaged):
    folder, victim = damaged
    done = materialize(fresh, folder)
    assert done.returncode != 0
    assert "1 of 56 files are unreadable, at most 1.0% are tolerated (tolerated_failures)" in done.stderr
    assert f"{folder}/train_spectrograms/{victim}.parquet: expected a whole parquet file, found 0 bytes" in done.stderr
    arrays = {int(path.stem) for path in fresh.folder.rglob("spectrograms/*.npy")}
    assert len(arrays) == 55
    assert victim not in arrays


def test_where_it_is_tolerated_its_rows_are_left_out_of_the_folds(fresh, damaged):
    folder, victim = damaged
    done = materialize(fresh, folder, tolerated_failures=0.05)
    assert done.returncode == 0, done.stderr
    assert f"left out: {folder}/train_spectrograms/{victim}.parquet" in done.stderr
    labelled = set(pd.read_csv(folder / "train.csv")["spectrogram_id"])
    used = set(pd.read_parquet(fresh.results / "folds.parquet")["spectrogram_id"])
    assert used == labelled - {victim}
