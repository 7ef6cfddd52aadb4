import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.learning import training
from hbac_assets.learning.checkpoint import EpochRecord, checkpoint_of
from hbac_assets.learning.compilation_clock import EVENTS, CompilationClock
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.training import Examples, StepsDone, TrainingResult, train_cell
from hbac_assets_tests.learning.conftest import easy_examples, pixels

TRAINING, VALIDATION = easy_examples(60, seed=0), easy_examples(20, seed=1)


class InterruptedTrainingError(Exception):
    """Simulates a kill in these tests."""


def train(
    settings: MemberSettings, folder: Path, stop_after: int | None = None, examples: Examples = TRAINING
) -> tuple[TrainingResult, list[int]]:
    epochs = []

    def on_epoch(record: EpochRecord) -> None:
        epochs.append(record.epoch)
        if record.epoch == stop_after:
            raise InterruptedTrainingError

    return train_cell(settings, examples, VALIDATION, folder, on_epoch=on_epoch), epochs


def weights(path: Path) -> np.ndarray:
    return np.concatenate([np.ravel(weight) for weight in load_model(path).get_weights()])


def divergence(model: Path) -> float:
    """The mean over all validation rows, each once."""
    probabilities = predict(load_model(model), VALIDATION.images, 8)
    return float((VALIDATION.targets * np.log(VALIDATION.targets / probabilities)).sum(axis=1).mean())


@pytest.fixture(scope="module")
def trained(settings: MemberSettings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainingResult]:
    folder = tmp_path_factory.mktemp("cell")
    result, epochs = train(settings, folder)
    assert epochs == [1, 2, 3]
    return folder, result


def test_its_folder_holds_models_and_history(trained: tuple[Path, TrainingResult]) -> None:
    folder, result = trained
    assert sorted(path.name for path in folder.iterdir()) == ["best.keras", "history.csv", "last.keras"]
    history = pd.read_csv(folder / "history.csv")
    pd.testing.assert_frame_equal(history, pd.DataFrame([asdict(record) for record in result.history]))
    assert history["raw_val_loss"].isna().all()
    assert result.best_epoch == history["epoch"][history["val_loss"].argmin()]
    assert (history[["seconds", "images_per_second"]] > 0).all(axis=None)


def test_the_duration_of_a_first_epoch_excludes_compilation(
    settings: MemberSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, steps = CompilationClock(), list[StepsDone]()
    monkeypatch.setattr(training, "compilation_clock", lambda: clock)

    def compile_for_an_hour(done: StepsDone) -> None:
        steps.append(done)
        clock.add(f"{EVENTS}backend_compile_duration", 3600)

    one = settings.model_copy(update={"epochs": 1})
    train_cell(one, TRAINING, VALIDATION, tmp_path, on_epoch=lambda record: None, on_steps=compile_for_an_hour)
    total = -(-len(TRAINING) // settings.batch_size)
    assert [(one.epoch, one.done, one.total) for one in steps] == [(1, done + 1, total) for done in range(total)]
    # Only the first step takes longer than the compilation recorded so far.
    (seconds,) = pd.read_csv(tmp_path / "history.csv")["seconds"]
    assert steps[0].seconds > seconds > 0
    assert {done.seconds for done in steps[1:]} == {seconds}


def test_the_models_have_the_losses_of_their_epochs(
    trained: tuple[Path, TrainingResult], settings: MemberSettings
) -> None:
    folder, result = trained
    for name, epoch in (("best", result.best_epoch), ("last", settings.epochs)):
        assert result.history[epoch - 1].val_loss == pytest.approx(divergence(folder / f"{name}.keras"), abs=1e-5)


def test_it_learns(settings: MemberSettings, tmp_path: Path) -> None:
    longer = settings.model_copy(update={"epochs": 12})
    result, _ = train(longer, tmp_path)
    mean_target = TRAINING.targets.mean(axis=0)
    prior = (VALIDATION.targets * np.log(VALIDATION.targets / mean_target)).sum(axis=1).mean()
    assert result.history[-1].val_loss < 0.6 * prior


@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_resumed_training_gives_the_same_bits(
    trained: tuple[Path, TrainingResult], settings: MemberSettings, tmp_path: Path, stop_after: int
) -> None:
    with pytest.raises(InterruptedTrainingError):
        train(settings, tmp_path, stop_after)
    assert checkpoint_of(tmp_path).exists()
    assert len(pd.read_csv(tmp_path / "history.csv")) == stop_after
    result, epochs = train(settings, tmp_path)
    assert epochs == [1, 2, 3][stop_after:]
    assert [record.val_loss for record in result.history] == [record.val_loss for record in trained[1].history]
    for name in ("best.keras", "last.keras"):
        np.testing.assert_array_equal(weights(tmp_path / name), weights(trained[0] / name))


@pytest.mark.parametrize("change", ["settings", "inputs", "targets", "truncated"])
def test_a_checkpoint_that_is_not_its_own_is_not_resumed(settings: MemberSettings, tmp_path: Path, change: str) -> None:
    with pytest.raises(InterruptedTrainingError):
        train(settings, tmp_path, stop_after=1)
    training, inputs = TRAINING, "others" if change == "inputs" else ""
    if change == "settings":
        settings = settings.model_copy(update={"seed": 7})
    elif change == "targets":
        training = Examples(TRAINING.images, TRAINING.targets[::-1].copy())
    elif change == "truncated":
        content = checkpoint_of(tmp_path).read_bytes()
        checkpoint_of(tmp_path).write_bytes(content[:5000])
    epochs: list[int] = []

    def stop(record: EpochRecord) -> None:
        epochs.append(record.epoch)
        raise InterruptedTrainingError

    with pytest.raises(InterruptedTrainingError):
        train_cell(settings, training, VALIDATION, tmp_path, on_epoch=stop, inputs=inputs)
    assert epochs == [1]


@pytest.mark.slow
@pytest.mark.long
def test_fresh_processes_give_the_same_bits_with_a_cold_and_a_warm_cache(
    trained: tuple[Path, TrainingResult], settings: MemberSettings, tmp_path: Path
) -> None:
    program = (
        "import json, sys; from pathlib import Path\n"
        "from hbac_assets.learning.device import configure\n"
        "from hbac_assets.learning.settings import MemberSettings\n"
        "from hbac_assets.learning.training import train_cell\n"
        "from hbac_assets_tests.learning.conftest import add_tiny_backbone\n"
        "from hbac_assets_tests.learning.test_training import TRAINING, VALIDATION\n"
        "settings, folder, cache = json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])\n"
        "configure('cpu', 'float32', cache)\n"
        "add_tiny_backbone()\n"
        "train_cell(MemberSettings.model_validate(settings), TRAINING, VALIDATION, folder, on_epoch=print)\n"
    )
    for name in ("cold", "warm"):
        arguments = [json.dumps(settings.model_dump()), str(tmp_path / name), str(tmp_path / "cache")]
        subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True)
        np.testing.assert_array_equal(weights(tmp_path / name / "last.keras"), weights(trained[0] / "last.keras"))


@pytest.fixture(scope="module")
def hopeless(settings: MemberSettings) -> MemberSettings:
    """A member that soon gets worse, for its learning rate climbs without end."""
    climbing = {"start": 1e-4, "peak": 5.0, "warmup_epochs": 8}
    changes = {"epochs": 8, "early_stopping": 2, "schedule": climbing}
    return MemberSettings.model_validate({**settings.model_dump(), **changes})


@pytest.fixture(scope="module")
def stopped(hopeless: MemberSettings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainingResult]:
    folder = tmp_path_factory.mktemp("stopped")
    return folder, train(hopeless, folder)[0]


def test_early_stopping_waits_for_as_many_epochs_as_it_says(
    stopped: tuple[Path, TrainingResult], hopeless: MemberSettings, tmp_path: Path
) -> None:
    history = stopped[1].history
    assert len(history) == stopped[1].best_epoch + 2 < hopeless.epochs
    full, _ = train(hopeless.model_copy(update={"early_stopping": None}), tmp_path)
    assert len(full.history) == hopeless.epochs
    for whole, early in zip(full.history, history, strict=False):
        assert (whole.val_loss, whole.learning_rate) == (early.val_loss, early.learning_rate)


@pytest.mark.parametrize("left", [0, 1])
def test_a_resumed_training_stops_early_with_the_same_bits(
    stopped: tuple[Path, TrainingResult], hopeless: MemberSettings, tmp_path: Path, left: int
) -> None:
    folder, whole = stopped
    with pytest.raises(InterruptedTrainingError):
        train(hopeless, tmp_path, stop_after=len(whole.history) - left)
    result, epochs = train(hopeless, tmp_path)
    assert len(epochs) == left
    assert (result.best_epoch, len(result.history)) == (whole.best_epoch, len(whole.history))
    for name in ("best.keras", "last.keras"):
        np.testing.assert_array_equal(weights(tmp_path / name), weights(folder / name))


VOTES = np.random.default_rng(2).integers(1, 20, size=60)
WITH_VOTES = replace(TRAINING, votes=VOTES, eegs=np.arange(60) // 2)  # two rows of each EEG


def in_stages(settings: MemberSettings, *stages: dict, **changes: object) -> MemberSettings:
    return MemberSettings.model_validate({**settings.model_dump(), "stages": stages, **changes})


def test_one_stage_of_everything_is_a_training_without_stages(
    trained: tuple[Path, TrainingResult], settings: MemberSettings, tmp_path: Path
) -> None:
    train(in_stages(settings, {}), tmp_path)
    np.testing.assert_array_equal(weights(tmp_path / "last.keras"), weights(trained[0] / "last.keras"))


def test_a_stage_sees_no_row_with_fewer_votes(settings: MemberSettings, tmp_path: Path) -> None:
    """Those have targets that no training survives; the second stage, which does see some, does not."""
    spoilt = np.where(VOTES[:, None] < 10, np.float32(np.nan), TRAINING.targets)
    staged = in_stages(settings, {"min_votes": 10, "epochs": 1}, {"min_votes": 9, "epochs": 1})
    examples, epochs = replace(WITH_VOTES, targets=spoilt), list[EpochRecord]()
    with pytest.raises(HbacError, match="epoch 2: expected finite losses"):
        train_cell(staged, examples, VALIDATION, tmp_path, on_epoch=epochs.append)
    assert [record.epoch for record in epochs] == [1]


@pytest.mark.slow
def test_a_training_interrupted_in_any_stage_gives_the_same_bits(settings: MemberSettings, tmp_path: Path) -> None:
    second = {"epochs": 2, "min_votes": 10, "sample_weight": "log_votes", "schedule": {"peak": 1e-4}}
    staged = in_stages(settings, {"epochs": 2, "draw": "one_per_eeg"}, second, ema_decay=0.9)
    whole, epochs = train(staged, tmp_path / "whole", examples=WITH_VOTES)
    assert epochs == [1, 2, 3, 4]
    assert [record.stage for record in whole.history] == [1, 1, 2, 2]
    raw = [record.raw_val_loss for record in whole.history]
    assert np.isfinite(raw).tolist() == [False, True, False, True]
    assert pd.read_csv(tmp_path / "whole" / "history.csv")["stage"].tolist() == [1, 1, 2, 2]
    assert whole.history[-1].val_loss == pytest.approx(divergence(tmp_path / "whole" / "last.keras"), abs=1e-5)
    for stop_after in (1, 2, 3):
        folder = tmp_path / f"after_{stop_after}"
        with pytest.raises(InterruptedTrainingError):
            train(staged, folder, stop_after, WITH_VOTES)
        result, epochs = train(staged, folder, examples=WITH_VOTES)
        assert epochs == [1, 2, 3, 4][stop_after:]
        assert [record.stage for record in result.history] == [1, 1, 2, 2]
        np.testing.assert_array_equal([record.raw_val_loss for record in result.history], raw)
        for name in ("best.keras", "last.keras"):
            np.testing.assert_array_equal(weights(folder / name), weights(tmp_path / "whole" / name))


@pytest.mark.parametrize("change", ["votes", "eegs"])
def test_a_checkpoint_of_other_votes_or_eegs_is_not_resumed(
    settings: MemberSettings, tmp_path: Path, change: str
) -> None:
    short = settings.model_copy(update={"epochs": 1})
    train(short, tmp_path, examples=WITH_VOTES)
    assert train(short, tmp_path, examples=WITH_VOTES)[1] == []
    other = replace(WITH_VOTES, **{change: getattr(WITH_VOTES, change)[::-1].copy()})
    assert train(short, tmp_path, examples=other)[1] == [1]


def test_early_stopping_ends_a_stage_and_the_next_one_follows(
    stopped: tuple[Path, TrainingResult], hopeless: MemberSettings, tmp_path: Path
) -> None:
    gentle = {"epochs": 2, "schedule": {"kind": "constant", "peak": 1e-6, "warmup_epochs": 0}}
    staged = in_stages(hopeless, {}, gentle)
    first = [record.epoch for record in stopped[1].history]
    with pytest.raises(InterruptedTrainingError):
        train(staged, tmp_path, stop_after=9)
    result, epochs = train(staged, tmp_path)
    assert epochs == [10]
    assert [record.epoch for record in result.history] == [*first, 9, 10]
    assert [record.val_loss for record in result.history[:-2]] == [record.val_loss for record in stopped[1].history]
    assert result.history[-1].learning_rate == 1e-6


@pytest.mark.parametrize("statistics", ["running", "reestimated"])
def test_averaged_weights_are_what_is_validated_and_stored(
    settings: MemberSettings, tmp_path: Path, statistics: str
) -> None:
    raw = settings.model_copy(update={"batchnorm_statistics": statistics})
    plain, _ = train(raw, tmp_path / "plain")
    averaged, _ = train(raw.model_copy(update={"ema_decay": 0.9}), tmp_path / "averaged")
    ours, theirs = (weights(tmp_path / name / "last.keras") for name in ("averaged", "plain"))
    assert not np.allclose(ours, theirs, rtol=1e-3)
    for name, epoch in (("best", averaged.best_epoch), ("last", settings.epochs)):
        stored = divergence(tmp_path / "averaged" / f"{name}.keras")
        assert averaged.history[epoch - 1].val_loss == pytest.approx(stored, abs=1e-5)
    # The training itself is the same, and its raw weights are validated at its end.
    for one, same in zip(averaged.history, plain.history, strict=True):
        assert one.loss == pytest.approx(same.loss, rel=1e-3)
    *before, last = averaged.history
    assert np.isnan([record.raw_val_loss for record in before]).all()
    assert last.raw_val_loss == pytest.approx(plain.history[-1].val_loss, abs=5e-4)
    assert abs(last.raw_val_loss - last.val_loss) > 2e-3


def test_a_stage_that_ends_early_tells_what_averaging_gained(hopeless: MemberSettings, tmp_path: Path) -> None:
    result, _ = train(hopeless.model_copy(update={"ema_decay": 0.9, "early_stopping": 1}), tmp_path)
    assert len(result.history) < hopeless.epochs
    assert np.isnan([record.raw_val_loss for record in result.history]).tolist() == [
        *[True] * (len(result.history) - 1),
        False,
    ]


def test_the_kinds_of_schedule_lead_to_different_weights(settings: MemberSettings, tmp_path: Path) -> None:
    losses = set()
    for kind in ("cosine", "exponential", "constant"):
        schedule = {"kind": kind, "warmup_epochs": 0}
        changed = MemberSettings.model_validate({**settings.model_dump(), "schedule": schedule, "epochs": 1})
        losses.add(train(changed, tmp_path / kind)[0].history[0].val_loss)
    assert len(losses) == 3


def test_fewer_rows_than_a_batch(settings: MemberSettings, tmp_path: Path) -> None:
    few = Examples(pixels(TRAINING)[:3], TRAINING.targets[:3])
    short = settings.model_copy(update={"epochs": 1})
    result = train_cell(short, few, VALIDATION, tmp_path, on_epoch=lambda record: None)
    assert np.isfinite(result.history[0].val_loss)


def test_a_diverged_training_says_so(settings: MemberSettings, tmp_path: Path) -> None:
    endless = settings.schedule.model_copy(update={"start": 1e30, "peak": 1e30})
    with pytest.raises(
        HbacError, match=r"epoch \d: expected finite losses, found .* lower the member's schedule\.peak"
    ):
        train(settings.model_copy(update={"schedule": endless}), tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"batchnorm_momentum": 0.5},
        {"dropout": 0.5},
        {"augmentation": {}},
        {"seed": 1},
        {"batch_size": 10},
        {"schedule": {"peak": 2e-3, "warmup_epochs": 1}},
        {"optimizer": {"weight_decay": 0.1}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_setting_reaches_the_weights(
    trained: tuple[Path, TrainingResult], settings: MemberSettings, tmp_path: Path, change: dict
) -> None:
    changed = MemberSettings.model_validate({**settings.model_dump(), **change, "epochs": 1})
    result, _ = train(changed, tmp_path)
    assert result.history[0].val_loss != trained[1].history[0].val_loss


def test_rebalancing_shows_rare_classes_more_often_and_validates_the_same_rows(
    settings: MemberSettings, trained: tuple[Path, TrainingResult], tmp_path: Path
) -> None:
    folder, _ = trained
    result, _ = train(settings.model_copy(update={"rebalancing": True}), tmp_path)
    assert not np.array_equal(weights(tmp_path / "last.keras"), weights(folder / "last.keras"))
    assert result.history[-1].val_loss == pytest.approx(divergence(tmp_path / "last.keras"), abs=1e-5)
