"""An unreadable spectrogram file is named and set aside; too many end the run."""

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


def materialize(project, folder, *more):
    command = ("dagster", "asset", "materialize", "--select", "*fold_assignments", *more)
    return project.command(*command, HBAC_DATA_DIR=str(folder))


@pytest.mark.long
def test_where_none_is_tolerated_it_fails_the_asset_once_the_others_are_converted(fresh, damaged):
    folder, victim = damaged
    run_config = json.dumps({"ops": {"npy_spectrograms": {"config": {"tolerated_share": 0.01}}}})
    done = materialize(fresh, folder, "--config-json", run_config)
    assert done.returncode != 0
    assert "1 of 48 cannot be used, at most 1.0% are set aside (tolerated_share)" in done.stderr
    assert f"{folder}/train_spectrograms/{victim}.parquet: expected a whole parquet file, found 0 bytes" in done.stderr
    arrays = {int(path.stem) for path in fresh.folder.rglob("spectrograms/*.npy")}
    assert len(arrays) == 47
    assert victim not in arrays


def test_its_rows_are_set_aside(fresh, damaged):
    folder, victim = damaged
    done = materialize(fresh, folder)
    assert done.returncode == 0, done.stderr
    assert f"set aside: {folder}/train_spectrograms/{victim}.parquet" in done.stderr
    labelled = set(pd.read_csv(folder / "train.csv")["spectrogram_id"])
    used = set(pd.read_parquet(fresh.results / "folds.parquet")["spectrogram_id"])
    assert victim in labelled
    assert used <= labelled - {victim}
    assert len(used) > 20
