"""The progress of a run from its events: lines, position, time left. The events are those of a real Dagster run."""

import re
from types import SimpleNamespace

import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetIn,
    DagsterInstance,
    DynamicOut,
    DynamicOutput,
    In,
    MaterializeResult,
    Nothing,
    Out,
    asset,
    graph_asset,
    materialize,
    op,
)

from hbac_assets.commands.progress import RunProgress
from hbac_assets.commands.run import SILENT

CELLS = ("small__fold_0", "small__fold_1", "large__fold_0")
EPOCH = "epoch {}/3, loss 1.0000, val_loss 0.9000, 12 images/s, {} s left"


@asset(check_specs=[AssetCheckSpec("rows_in_one_fold", asset="folds")])
def folds(context):
    """The asset before the grid, with a check that is not passed."""
    context.log.info("100 of 200 rows, 5 a second, 90 s left")
    context.log.info("200 of 200 rows, 5 a second")
    return MaterializeResult(check_results=[AssetCheckResult(passed=False, check_name="rows_in_one_fold")])


@asset(deps=[folds])
def silent():
    """Log nothing."""


@op(ins={"silent": In(Nothing)}, out=DynamicOut(Nothing))
def plan_cells():
    """Plan three cells."""
    return [DynamicOutput(None, mapping_key=cell) for cell in CELLS]


@op(ins={"cell": In(Nothing)}, out=Out(Nothing))
def train_fold(context):
    """Log the messages of a cell's training."""
    name = context.get_mapping_key().replace("__fold_", " fold ")
    for message in (
        "waiting for the CPU, held by this run",
        f"{name}: compiling",
        f"{name}: compiled in 41 s",
        f"{name}: {EPOCH.format(1, 60)}",
        f"{name}: {EPOCH.format(2, 20)}",
        f"{name}: trained in 100 s, validation loss 0.9000",
    ):
        context.log.info(message)


@op(ins={"cells": In(Nothing)}, out=Out(Nothing))
def publish_grid():
    """Do nothing."""


@graph_asset(ins={"silent": AssetIn(dagster_type=Nothing)})
def trained_models(silent):
    """A grid of three cells."""
    return publish_grid(plan_cells(silent).map(train_fold).collect())


@asset(deps=[trained_models])
def ensemble():
    """Fail by a defect."""
    raise TypeError("a defect")


@pytest.fixture(scope="module")
def entries():
    with DagsterInstance.ephemeral() as instance:
        assets = [folds, silent, trained_models, ensemble]
        result = materialize(assets, instance=instance, raise_on_error=False, run_config={"loggers": SILENT})
        return list(instance.all_logs(result.run_id))


@pytest.fixture
def progress():
    return RunProgress(SimpleNamespace(styled=lambda text, style: text))


def taken(progress, entries, until=None, every=20.0):
    """Take events up to a message, messages 20 s apart; return the lines without their time, and the time."""
    lines, now = [], 0.0
    for entry in entries:
        now += every * (entry.dagster_event is None)  # Dagster has a message of its own for an output of nothing
        if line := progress.take(entry._replace(timestamp=now)):
            lines.append(line.partition("  ")[2])
        if until and entry.user_message == until:
            break
    return lines, now


def test_finished_work_gets_a_line(progress, entries):
    lines, _ = taken(progress, entries)
    failed = next(number for number, line in enumerate(lines) if "FAILED" in line)
    assert [re.sub(r" +", " ", line) for line in lines[:failed]] == [
        "1/4 folds 200 of 200 rows, 5 a second",
        "1/4 folds check not passed (error): rows_in_one_fold",
        "2/4 silent done in 20 s",
        "3/4 trained_models small fold 0: trained in 100 s, validation loss 0.9000 (1 of 3 models, over 1 min left)",
        "3/4 trained_models small fold 1: trained in 100 s, validation loss 0.9000 (2 of 3 models)",
        "3/4 trained_models large fold 0: trained in 100 s, validation loss 0.9000 (3 of 3 models)",
    ]


def test_a_defect_shows_its_stack_once(progress, entries):
    lines, _ = taken(progress, entries)
    (failed,) = [line for line in lines if "FAILED" in line]
    assert failed.startswith("4/4  ensemble           FAILED: TypeError: a defect\n")
    assert failed.count("Stack Trace") == 1
    assert 'raise TypeError("a defect")' in failed
    assert "Error occurred while executing op" not in failed


def test_work_in_progress_is_shown_with_the_time_left(progress, entries):
    assert progress.status(0.0) == "starting"
    _, now = taken(progress, entries, "100 of 200 rows, 5 a second, 90 s left")
    assert progress.status(now + 30) == "1/4  folds: 100 of 200 rows, 5 a second, 60 s left".replace("60 s", "1 min")


def test_progress_shows_the_cells_done_and_the_time_left(progress, entries):
    _, now = taken(progress, entries, "small fold 0: compiling")
    assert progress.status(now) == "3/4  trained_models: 0 of 3 models; small fold 0: compiling"


@pytest.mark.parametrize(
    ("until", "status"),
    [
        # Begun 60 s ago, 20 s left: 80 s each, of `large` nothing is known.
        (
            f"small fold 0: {EPOCH.format(2, 20)}",
            "0 of 3 models, over 2 min left; small fold 0: epoch 2/3, val_loss 0.9000, 20 s left",
        ),
        # `small` takes 80 s by the one that is done; nothing of `large` is known.
        (
            "small fold 0: trained in 100 s, validation loss 0.9000",
            "1 of 3 models, over 1 min left; small fold 0: trained",
        ),
        # The last one: 60 s of its own.
        (
            f"large fold 0: {EPOCH.format(1, 60)}",
            "2 of 3 models, about 1 min left; large fold 0: epoch 1/3, val_loss 0.9000, 1 min left",
        ),
    ],
    ids=["the first", "between", "the last"],
)
def test_the_time_that_is_left_is_that_of_all_cells(progress, entries, until, status):
    _, now = taken(progress, entries, until)
    assert progress.status(now).startswith(f"3/4  trained_models: {status}")
