"""Members that learn from the EEG, through the whole chain, and without EEG files."""

import json
import shutil

import pandas as pd
import pytest

from hbac_assets.competition.tables import read_test_tables
from hbac_assets.scoring.submission import violations
from hbac_assets_tests.projects import empty, linked_download

EXPERIMENT = """
description: Members that learn from the EEG, alone or beside Kaggle's spectrogram, with all that knows of channels.
sampling: one_per_eeg
folds: 2
recipe: {backbone: mobilenet_v3_small}
members:
  denoised:
    preprocessing:
      input: eeg
      eeg: {transform: stft, size: [64, 128], denoising: db8}
      normalisation: data_wide
    augmentation: {hemisphere_flip: {}, time_shift: {}, channel_dropout: {}}
    test_time: {flip: true, shifts: [-2, 2]}
  views:
    preprocessing: {input: kaggle_eeg_50_10, image_size: [384, 300]}
    augmentation: {hemisphere_flip: {}, channel_dropout: {}}
    test_time: {flip: true}
"""


@pytest.fixture
def experiment(tmp_path):
    path = tmp_path / "eeg.yaml"
    path.write_text(EXPERIMENT)
    return str(path)


@pytest.fixture
def download(finished, tmp_path):
    return linked_download(finished[0], tmp_path / "download")


def materialize(project, folder, experiment, selection):
    command = ("dagster", "asset", "materialize", "--select", selection)
    return project.command(*command, HBAC_DATA_DIR=str(folder), HBAC_EXPERIMENT=experiment)


@pytest.mark.long
def test_the_whole_chain_past_an_eeg_that_cannot_be_read(fresh, download, experiment):
    labelled = pd.read_csv(download / "train.csv")["eeg_id"]
    tested = set(pd.read_csv(download / "test.csv")["eeg_id"].astype(str))
    victim = labelled.iloc[0]
    empty(download / "train_eegs" / f"{victim}.parquet")
    done = materialize(fresh, download, experiment, "*submission")
    assert done.returncode == 0, done.stderr
    assert f"set aside: {download}/train_eegs/{victim}.parquet: expected a whole parquet file" in done.stderr

    made = sorted(fresh.results.parent.glob("eeg_spectrograms/*.parquet"))
    assert [windows.name.split("-")[0] for windows in made] == ["mel", "mel", "stft"]
    for windows in made:
        assert set(pd.read_parquet(windows)["eeg_id"]) == set(labelled) - {victim}
        assert len(list(windows.with_suffix("").glob("*.npy"))) == labelled.nunique() - 1
    for windows in fresh.results.parent.glob("test/*/eeg_spectrograms/*.parquet"):
        assert set(pd.read_parquet(windows)["eeg_id"]) == tested
    folds = pd.read_parquet(fresh.results / "folds.parquet")
    assert victim not in set(folds["eeg_id"])
    oof = pd.read_parquet(fresh.results / "oof.parquet")
    assert oof.groupby("member").size().to_dict() == dict.fromkeys(("denoised", "views"), len(folds))
    kept = json.loads((fresh.results / "oof.parquet.manifest.json").read_text())["facts"]["test_time"]
    assert kept.keys() == {"denoised", "views"}
    submission = pd.read_csv(fresh.results / "submission.csv")
    assert violations(submission, read_test_tables(download).sample) == []


def test_without_the_folder_one_line_says_who_needs_it(fresh, download, experiment):
    shutil.rmtree(download / "train_eegs")
    done = materialize(fresh, download, experiment, "*eeg_spectrograms")
    assert done.returncode != 0
    line = "expected a folder of EEG files, found none; denoised, views of eeg-miniature learn from the EEG"
    assert f"{download}/train_eegs: {line}" in done.stderr


def test_no_arrays_are_made_if_no_member_learns_from_the_eeg(finished):
    made = {
        path.name for folder in (finished[0].folder / "store").rglob("eeg_spectrograms") for path in folder.glob("*-*")
    }
    assert {name.partition("-")[0] for name in made} == {"waveform"}
