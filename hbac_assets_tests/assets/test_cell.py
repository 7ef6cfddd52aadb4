"""A cell's training data, the logging of its epochs and steps, and the scored epoch."""

import logging
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from hbac_assets.assets import cell as cell_module
from hbac_assets.assets.cell import StepLines, epoch_line, examples, seconds_left
from hbac_assets.experiments.schema import Experiment
from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.learning.checkpoint import EpochRecord
from hbac_assets.learning.epoch_plans import EpochPlan, plan_epochs
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.training import StepsDone
from hbac_assets.lineage import Cell, Dataset, Lineage
from hbac_assets.results.cells import figures
from hbac_assets.results.history import read_history, stages_table
from hbac_assets.store.artifact import Artifact
from hbac_assets.store.files import file_digest

TARGETS, VOTES = np.full((40, 6), 1 / 6, dtype=np.float32), np.repeat([3, 12], [32, 8])


def plans(*stages: dict) -> list[EpochPlan]:
    content = {"backbone": "mobilenet_v3_small", "batch_size": 8, "epochs": 2, "stages": stages}
    return list(plan_epochs(MemberSettings.model_validate(content), TARGETS, VOTES))


def record(epoch: int, stage: int) -> EpochRecord:
    """An epoch of 5 steps of 8 images in 2 s, validated in 3 s."""
    return EpochRecord(epoch, 1.0, 0.9, 1e-3, seconds=5.0, images_per_second=20.0, stage=stage)


def test_the_time_left_counts_the_steps_of_later_stages() -> None:
    staged = plans({}, {"min_votes": 10, "epochs": 3})
    assert seconds_left(staged, record(1, 1)) == pytest.approx(2 + 3 * 0.4 + 4 * 3)
    assert seconds_left(staged, record(2, 1)) == pytest.approx(3 * 0.4 + 3 * 3)
    assert seconds_left(plans(), record(1, 1)) == pytest.approx(5)
    assert seconds_left(plans(), record(2, 1)) == 0


def test_the_line_of_an_epoch_runs_across_stages_and_names_them_where_there_are_several() -> None:
    cell = Cell("small", 0)
    assert epoch_line(cell, record(1, 1), plans()).startswith("small fold 0: epoch 1/2, loss 1.0000, val_loss 0.9000, ")
    staged = plans({}, {"min_votes": 10, "epochs": 3})
    assert epoch_line(cell, record(4, 2), staged).startswith("small fold 0: epoch 4/5, stage 2/2, loss 1.0000, ")


@pytest.fixture
def lineage(tmp_path: Path) -> Lineage:
    """Six rows, two of each of three spectrograms, and the arrays of these."""
    member = {"backbone": "mobilenet_v3_small", "preprocessing": {"image_size": [40, 30]}}
    experiment = Experiment.model_validate({"name": "one", "description": "", "folds": 2, "members": {"small": member}})
    lineage = Lineage(tmp_path, Dataset("data", tmp_path / "data", "f1", "f2"), experiment)
    lineage.spectrogram_folder().mkdir(parents=True)
    paths = [lineage.spectrogram_folder() / f"{one}.npy" for one in range(3)]
    for path in paths:
        np.save(path, np.ones((400, 300), dtype=np.float32))
    seal(lineage.train_metadata, pd.DataFrame({"label_id": range(6)}))
    digests = [file_digest(path) for path in paths]
    seal(lineage.spectrograms(), pd.DataFrame({"spectrogram_id": range(3), "digest": digests}))
    columns = {
        "eeg_id": [70, 70, 70, 80, 80, 90],
        "spectrogram_id": np.arange(6) // 2,
        "spectrogram_label_offset_seconds": 0,
        "vote_count": [3, 12, 7, 1, 20, 14],
        "fold": [0, 1, 0, 1, 0, 1],
    }
    # As `one_per_eeg` sums them: more votes than `vote_count`.
    seal(lineage.folds, pd.DataFrame(columns | dict.fromkeys(VOTE_COLUMNS, 9)))
    return lineage


def seal(artifact: Artifact, table: pd.DataFrame) -> None:
    artifact.path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(artifact.path, index=False)
    artifact.seal()


def test_examples_have_the_vote_counts_and_the_eegs_of_their_rows(lineage: Lineage) -> None:
    rows = pd.read_parquet(lineage.folds.path)
    every = examples(rows, lineage, "small", logging.getLogger("test"))
    learned = every.subset((rows["fold"] == 1).to_numpy())
    assert every.votes is not None
    assert every.votes.tolist() == [3, 12, 7, 1, 20, 14]
    assert learned.votes is not None
    assert learned.eegs is not None
    assert (learned.votes.tolist(), learned.eegs.tolist(), len(learned)) == ([12, 1, 14], [70, 80, 90], 3)


def write_history(lineage: Lineage, **columns: object) -> None:
    model = lineage.cell(Cell("small", 0))
    model.path.mkdir(parents=True)
    history = pd.DataFrame({"epoch": [1, 2, 5, 6], "val_loss": [0.9, 0.7, 0.75, 0.8], **columns})
    history.to_csv(model.path / "history.csv", index=False)
    model.seal()


def test_stages_are_known_by_their_epochs_and_what_averaging_gained_at_the_end_of_each(lineage: Lineage) -> None:
    """The first stage ended early."""
    write_history(lineage, stage=[1, 1, 2, 2], raw_val_loss=[None, 0.72, None, 0.79])
    known = figures(lineage, Cell("small", 0))
    assert known.pop("ema_gain") == pytest.approx(-0.01)
    assert known == {"scored_epoch": 6, "scored_stage": 2, "val_loss": 0.8, "stages": "1-2, 5-6"}
    first, second = stages_table(read_history(lineage, Cell("small", 0))).to_dict("records")
    assert first.pop("ema_gain") == pytest.approx(0.02)
    assert second.pop("ema_gain") == pytest.approx(-0.01)
    assert first == {"stage": 1, "first_epoch": 1, "last_epoch": 2, "val_loss": 0.7}
    assert second == {"stage": 2, "first_epoch": 5, "last_epoch": 6, "val_loss": 0.8}


def test_a_history_of_an_earlier_version_is_that_of_one_stage_without_averages(lineage: Lineage) -> None:
    write_history(lineage)
    known = figures(lineage, Cell("small", 0))
    assert np.isnan(known.pop("ema_gain"))
    assert known == {"scored_epoch": 6, "scored_stage": 1, "val_loss": 0.8, "stages": "1-6"}
    (row,) = stages_table(read_history(lineage, Cell("small", 0))).to_dict("records")
    assert (row["first_epoch"], row["last_epoch"]) == (1, 6)


def test_a_history_is_read_with_all_digits(lineage: Lineage) -> None:
    losses = np.random.default_rng(0).random(4)
    write_history(lineage, val_loss=losses, raw_val_loss=losses[::-1], stage=1)
    history = read_history(lineage, Cell("small", 0))
    assert history["val_loss"].tolist() == losses.tolist()
    assert history["raw_val_loss"].tolist() == losses[::-1].tolist()


def test_a_long_epoch_logs_its_progress_and_the_time_left(monkeypatch):
    said, now = [], iter([100.0, 104.0, 105.0, 134.0, 136.0])
    monkeypatch.setattr(cell_module, "time", SimpleNamespace(monotonic=lambda: next(now)))
    long = plan_epochs(
        MemberSettings(backbone="mobilenet_v3_small", batch_size=8, epochs=3), np.full((8000, 6), 1 / 6, np.float32)
    )
    lines = StepLines("small fold 0", long, SimpleNamespace(info=said.append))
    for done, seconds in ((1, 0.1), (40, 4.0), (50, 5.0), (340, 34.0), (360, 36.0)):
        lines(StepsDone(1, done, 1000, seconds))
    assert said[0].startswith("small fold 0: compiled in ")
    assert said[1:] == [
        "small fold 0: epoch 1/3, 50 of 1000 steps, 80 images/s, 295 s left",
        "small fold 0: epoch 1/3, 360 of 1000 steps, 80 images/s, 264 s left",
    ]
