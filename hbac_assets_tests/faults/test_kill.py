"""SIGKILL at random moments of every stage: the same command finishes the run, with the same bits, and nothing is left.

A moment is a sign that a stage has begun and a random time after it, drawn from the case's own seed. What is killed is
the run's parent, one of its steps, or the whole process group.
"""

import os
import random
import signal
import time
from contextlib import suppress
from itertools import product

import pandas as pd
import psutil
import pytest

from hbac_assets_tests.faults.requirements import epochs_logged, require_finishes
from hbac_assets_tests.faults.small import EPOCHS, FIRST_STAGE, small_project, staged_project
from hbac_assets_tests.projects import (
    SECONDS,
    reported_its_end,
    run_once,
    said,
    share_generated_data,
    wait_until,
)


def heard(words):
    """Return a sign: something that a step says."""
    return lambda project: said(project, words)


def there(pattern):
    """Return a sign: a file of the store."""
    return lambda project: next((project.folder / "store").glob(pattern), None) is not None


# The sign that a stage has begun, and for how many seconds after it the moment may come.
STAGES = {
    "conversion": (there("*/spectrograms/*.npy"), 0.5),
    "folds and planning": (there("*/train_metadata.parquet"), 7.0),
    "first epoch": (heard("images of"), 4.0),
    "later epochs and model writing": (heard("epoch 1/"), 2.5),
    "checkpoint writing": (there("*/*/models/*/.fold_*.checkpoint.*.partial.npz"), 0.01),
    "out-of-fold": (there("*/*/models.parquet"), 6.0),
    "ensemble and submission": (there("*/*/oof.parquet"), 8.0),
}
TARGETS = ("parent", "step", "process group")
CASES = list(product(STAGES, TARGETS))
IN_MAKE_TEST = ("checkpoint writing", "parent")


def steps_of(process):
    """Return the processes of the steps: forked by the server that the run has started for that."""
    servers = [child for child in process.children() if "forkserver" in " ".join(child.cmdline())]
    return [step for server in servers for step in server.children()]


def stop_a_step(project, process, random_one):
    """Return a stopped step that has not reported its end: killing it must fail the run."""
    while True:
        wait_until(lambda: steps_of(psutil.Process(process.pid)), process)
        with suppress(psutil.NoSuchProcess, IndexError):  # it has ended in the meantime
            step = random_one.choice(steps_of(psutil.Process(process.pid)))
            step.suspend()
            if not reported_its_end(project, step.pid):
                return step
            step.resume()


def kill(target, project, process, random_one):
    """Kill, and return every process that the run had."""
    step = stop_a_step(project, process, random_one) if target == "step" else None
    parent = psutil.Process(process.pid)
    everyone = [parent, *parent.children(recursive=True)]
    if step:
        step.kill()
    elif target == "parent":
        os.kill(process.pid, signal.SIGKILL)
    else:
        for group in {os.getpgid(one.pid) for one in everyone}:  # the steps have one of their own
            os.killpg(group, signal.SIGKILL)
    return everyone


@pytest.mark.parametrize(
    ("stage", "target"),
    [pytest.param(*one, id=" - ".join(one), marks=() if one == IN_MAKE_TEST else pytest.mark.long) for one in CASES],
)
def test_the_same_command_finishes_what_was_killed(stage, target, undisturbed, fresh, case):
    random_one = random.Random(f"{stage} {target}")
    sign, longest = STAGES[stage]
    process = fresh.start_run()
    wait_until(lambda: sign(fresh), process)
    delay = random_one.uniform(0, longest)
    time.sleep(delay)
    everyone = kill(target, fresh, process, random_one)
    assert process.wait(SECONDS) == (1 if target == "step" else -signal.SIGKILL)
    require_finishes(fresh, undisturbed, everyone)
    seen = f"finished, the same bits; {len(everyone)} processes, none left"
    case(f"SIGKILL of the {target}, {delay:.3f} s into {stage}", "the same command finishes, same bits", seen)


@pytest.mark.long
def test_a_cell_killed_in_its_second_stage_goes_on_there(tmp_path_factory, tmp_path, case):
    undisturbed, _ = run_once("in_stages", staged_project, tmp_path_factory)
    project = staged_project(tmp_path / "project")
    share_generated_data(undisturbed, project)
    process = project.start_run()
    begun = f"epoch {FIRST_STAGE + 1}/{EPOCHS}, stage 2/2"
    wait_until(lambda: said(project, begun), process)
    parent = psutil.Process(process.pid)
    everyone = [parent, *parent.children(recursive=True)]
    for step in steps_of(parent):
        step.kill()
    assert process.wait(SECONDS) == 1
    last = max(epoch for _, epoch in epochs_logged(project))
    assert FIRST_STAGE < last < EPOCHS
    require_finishes(project, undisturbed, everyone)
    for history in undisturbed.results.glob("models/small/*/history.csv"):
        ours = pd.read_csv(project.results / history.relative_to(undisturbed.results))
        timeless = ["epoch", "loss", "val_loss", "learning_rate", "stage", "raw_val_loss"]
        pd.testing.assert_frame_equal(ours[timeless], pd.read_csv(history)[timeless])
        assert ours["stage"].tolist() == [1] * FIRST_STAGE + [2] * (EPOCHS - FIRST_STAGE)
    case(
        f"SIGKILL of the steps after epoch {last}, in the second stage", "the same command finishes, same bits", "same"
    )


@pytest.mark.long
def test_a_killed_generation_goes_on(undisturbed, tmp_path, case):
    project = small_project(tmp_path / "project")
    (project.folder / "cache").symlink_to(undisturbed.folder / "cache")
    process = project.start_run()
    wait_until(lambda: len(list(project.folder.glob("synthetic/*/train_eegs/*.parquet"))) > 10, process)
    everyone = kill("process group", project, process, random.Random(0))
    process.wait()
    require_finishes(project, undisturbed, processes=everyone)
    case("SIGKILL of the process group in mid-generation", "the same command finishes, same bits", "finished, the same")
