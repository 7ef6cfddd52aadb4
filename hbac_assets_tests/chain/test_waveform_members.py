"""A waveform member and an image member, through the whole chain to the submission."""

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from hbac_assets.competition.tables import read_test_tables
from hbac_assets.scoring.submission import violations

pytestmark = pytest.mark.long

EXPERIMENT = """
description: A network of waveforms and one of images.
sampling: one_per_eeg
folds: 2
recipe:
  preprocessing: {window: 200, image_size: [64, 96]}
  augmentation: {mixup: {}, time_mask: {}}
members:
  image: {backbone: mobilenet_v3_small}
  raw:
    backbone: bipolar_resnet
    preprocessing: {input: waveform, waveform: {seconds: 11}}
    augmentation: {hemisphere_flip: {}, time_shift: {seconds: 0.5}, channel_dropout: {}}
    test_time: {shifts: [-0.5, 0.5]}
ensembles:
  alone: {members: [image], method: mean}
  both: {members: [image, raw]}
"""
COUNTS = {"backbone": 304_640, "total": 307_718, "trainable": 305_638, "non_trainable": 2_080}


def materialize(project, experiment):
    return project.command("dagster", "asset", "materialize", "--select", "*", HBAC_EXPERIMENT=str(experiment))


def test_the_whole_chain_with_a_member_of_waveforms(fresh, tmp_path):
    experiment = tmp_path / "raw.yaml"
    experiment.write_text(EXPERIMENT)
    done = materialize(fresh, experiment)
    assert done.returncode == 0, done.stderr

    (raw,) = (fresh.folder / "synthetic").iterdir()
    labelled, tested = (set(pd.read_csv(raw / name)["eeg_id"].astype(str)) for name in ("train.csv", "test.csv"))
    for pattern, ids in (
        ("eeg_spectrograms/waveform-*.parquet", labelled),
        ("test/*/eeg_spectrograms/*.parquet", tested),
    ):
        (table,) = fresh.results.parent.glob(pattern)
        assert set(pd.read_parquet(table)["eeg_id"].astype(str)) == ids
        arrays = [np.load(path, allow_pickle=False) for path in table.with_suffix("").glob("*.npy")]
        assert len(arrays) == len(ids)
        assert {(array.dtype, array.shape[1:]) for array in arrays} == {(np.dtype("float16"), (18, 440))}
        assert all(np.isfinite(array).all() and abs(array).max() <= 32 for array in arrays)

    folds = pd.read_parquet(fresh.results / "folds.parquet")
    oof = pd.read_parquet(fresh.results / "oof.parquet")
    assert oof.groupby("member").size().to_dict() == dict.fromkeys(("image", "raw"), len(folds))
    submission = pd.read_csv(fresh.results / "submission.csv")
    assert violations(submission, read_test_tables(raw).sample) == []

    client = MlflowClient(fresh.environment["MLFLOW_TRACKING_URI"])
    found = client.get_experiment_by_name("raw-miniature")
    for run in client.search_runs([found.experiment_id], "tags.member = 'raw' and tags.fold != 'all'"):
        assert {name: int(run.data.params[f"parameters.{name}"]) for name in COUNTS} == COUNTS
        assert run.data.params["preprocessing.input"] == "waveform"

    again = materialize(fresh, experiment)
    assert again.returncode == 0, again.stderr
    assert "0 of 4 cells to train" in again.stderr
    experiment.write_text(EXPERIMENT.replace("seconds: 11", "seconds: 12"))
    changed = materialize(fresh, experiment)
    assert changed.returncode == 0, changed.stderr
    assert "2 of 4 cells to train" in changed.stderr
