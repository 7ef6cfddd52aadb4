"""Cells resume elsewhere after the loss of a node, job or worker; other losses are reported."""

import random
import signal
import time
from collections import Counter
from contextlib import suppress

import psutil
import pytest

from hbac_assets.execution.interrupts import INTERRUPTED_MESSAGE
from hbac_assets_tests.cluster.clusters import wait_for
from hbac_assets_tests.cluster.nodes import run_process
from hbac_assets_tests.cluster.results import GRID, require_bits, require_each_epoch_once
from hbac_assets_tests.faults.requirements import last_line
from hbac_assets_tests.faults.small import EPOCHS

pytestmark = pytest.mark.cluster


def fold_on(shared, node):
    """Return the fold that a node trains, once both nodes train one."""
    wait_for(lambda: len(shared.cells()) == 2)
    key = shared.cells()[node.address]["metadata"]["dagster/op"]
    return int(key.rstrip("]")[-1])


def wait_for_epoch(shared, fold, epoch):
    """Wait until a cell has finished an epoch."""
    wait_for(lambda: any(found[0] == fold and found[1] >= epoch for found in shared.epochs()))


def steps(node):
    """Return the processes of steps on a node."""
    found = []
    for process in node.processes():
        with suppress(psutil.NoSuchProcess):
            if "execute_step" in " ".join(process.cmdline()) and process.name() not in ("sh", "bash"):
                found.append(process)
    return found


def last_epoch(shared, fold):
    return max(epoch for found, epoch in shared.epochs() if found == fold)


def require_finished(shared, process, undisturbed):
    """Check that a run succeeds, bit-identical to a local run, and leaves no running job."""
    assert process.wait(1500) == 0, (shared.project.folder / "grid.log").read_text()[-5000:]
    assert shared.statuses()[0] == "SUCCESS"
    require_bits(shared.project, undisturbed, GRID)
    wait_for(lambda: shared.cluster.active() == [], seconds=60)  # a job ends a moment after the last event of its step


@pytest.mark.parametrize("epoch", [1, 2, 4, 6, 8])
def test_a_cell_goes_on_elsewhere_when_its_node_dies(epoch, shared, undisturbed):
    worker, process = shared.cluster.worker, shared.start_grid()
    fold = fold_on(shared, worker)
    wait_for_epoch(shared, fold, epoch)
    time.sleep(random.Random(epoch).uniform(0, 1.5))
    worker.stop()
    reached = last_epoch(shared, fold)
    require_finished(shared, process, undisturbed)
    require_each_epoch_once(shared.epochs())
    assert 1 <= reached <= EPOCHS
    restarted = [text for text in shared.messages() if f"small fold {fold}: epoch" in text][reached:]
    assert all(f"epoch {number}/" in text for number, text in enumerate(restarted, start=reached + 1))


def test_a_job_that_is_stopped_from_outside_is_begun_again(shared, undisturbed):
    process = shared.start_grid()
    fold = fold_on(shared, shared.cluster.worker)
    wait_for_epoch(shared, fold, 2)
    job = shared.cells()[shared.cluster.worker.address]["submission_id"]
    assert shared.cluster.ask(f"print(jobs.stop_job({job!r}))") == [True]
    require_finished(shared, process, undisturbed)
    require_each_epoch_once(shared.epochs())
    assert any("was stopped by somebody" in text for text in shared.messages())


def test_a_worker_that_the_system_kills_is_begun_again(shared, undisturbed):
    process = shared.start_grid()
    fold = fold_on(shared, shared.cluster.worker)
    wait_for_epoch(shared, fold, 2)
    for step in steps(shared.cluster.worker):
        step.kill()
    require_finished(shared, process, undisturbed)
    require_each_epoch_once(shared.epochs())


def test_a_fault_of_the_user_is_not_retried(cluster, tmp_path, undisturbed):
    shared = cluster.project(tmp_path / "project", undisturbed)
    table = next((shared.project.folder / "store").glob("*/*/folds.parquet"))
    table.write_bytes(table.read_bytes()[:-50])
    process = shared.start_grid()
    assert process.wait(600) == 1
    assert shared.statuses() == ["FAILURE"]
    assert not any("retrying it" in text or "UP_FOR_RETRY" in text for text in shared.messages())
    own = shared.ask("for run in instance.get_runs(): print(run.run_id)")
    jobs = [job["metadata"] for job in cluster.jobs() if job["metadata"]["dagster/run-id"] in own]
    assert [job["dagster/op"] for job in jobs] == ["trained_models.plan_cells"]


def test_a_run_ends_in_one_line_when_the_head_dies_and_goes_on_with_a_new_one(shared, undisturbed):
    cluster, process = shared.cluster, shared.start_run()
    fold = fold_on(shared, cluster.worker)
    wait_for_epoch(shared, fold, 2)
    own = run_process(process).pid
    for one in cluster.head.processes():
        if one.pid != own and one.name() != "postgres":
            one.kill()
    assert process.wait(300) == 1
    said = (shared.project.folder / "run.log").read_text()
    line = "HBAC_RAY: Ray's head at http://10.77.0.1:8265 has not responded for 60 s; restart Ray"
    assert line in last_line(said)
    assert shared.statuses() == ["FAILURE"]
    cluster.mend()
    done = shared.run()
    assert done.returncode == 0, done.stdout + done.stderr
    require_bits(shared.project, undisturbed)


def test_the_jobs_of_a_killed_run_are_stopped_by_the_next(shared, undisturbed):
    first = shared.start_grid()
    fold = fold_on(shared, shared.cluster.worker)
    wait_for_epoch(shared, fold, 1)
    run_process(first).kill()
    first.wait()
    time.sleep(5)
    assert len(shared.cluster.active()) == 2  # they continue without the run
    second = shared.start_grid(log="second.log")
    require_finished(shared, second, undisturbed)
    assert shared.statuses() == ["SUCCESS", "FAILURE"]
    require_each_epoch_once(shared.epochs())


def test_a_run_on_a_host_that_is_gone_is_found_dead_by_a_run_on_another(shared, undisturbed):
    worker = shared.cluster.worker
    first = shared.start_grid(worker)
    fold = fold_on(shared, shared.cluster.head)
    wait_for_epoch(shared, fold, 1)
    worker.stop()
    first.wait()
    assert shared.statuses() == ["STARTED"]
    second = shared.start_grid(log="second.log")
    require_finished(shared, second, undisturbed)
    assert shared.statuses() == ["SUCCESS", "FAILURE"]
    assert any("no sign of life" in text for text in shared.messages())


def test_an_interrupted_run_stops_its_jobs_on_all_nodes(shared, undisturbed):
    process = shared.start_run()
    wait_for_epoch(shared, fold_on(shared, shared.cluster.worker), 1)
    run_process(process).send_signal(signal.SIGINT)
    began = time.monotonic()
    assert process.wait(20) == 128 + signal.SIGINT
    wait_for(lambda: steps(shared.cluster.head) + steps(shared.cluster.worker) == [], seconds=20)
    assert time.monotonic() - began < 20
    assert last_line((shared.project.folder / "run.log").read_text()) == INTERRUPTED_MESSAGE
    assert shared.statuses() == ["FAILURE"]
    done = shared.run()
    assert done.returncode == 0, done.stdout + done.stderr
    require_bits(shared.project, undisturbed)
    require_each_epoch_once(shared.epochs())


def test_two_runs_at_once_train_each_cell_once_and_no_more_than_there_is_room_for(shared, undisturbed):
    first, second = shared.start_grid(), shared.start_grid(shared.cluster.worker, log="second.log")
    most = Counter()
    while first.poll() is None or second.poll() is None:
        cells = [job["metadata"] for job in shared.cluster.active() if "train_fold" in job["metadata"]["dagster/op"]]
        most |= Counter(job["dagster/run-id"] for job in cells)
        time.sleep(1)
    assert max(most.values()) <= 2
    assert (first.wait(), second.wait()) == (0, 0)
    require_finished(shared, second, undisturbed)
    assert shared.statuses() == ["SUCCESS", "SUCCESS"]
    require_each_epoch_once(shared.epochs())


def test_a_shared_disk_that_is_full_is_one_line_and_nothing_is_lost(cluster, tmp_path, undisturbed):
    disk = cluster.disk
    shared = cluster.project(tmp_path / "project", undisturbed, beside=disk.folder / "beside")
    log = tmp_path / "run.log"
    process = shared.start_run(log=str(log))
    wait_for_epoch(shared, fold_on(shared, cluster.worker), 2)
    disk.leave(megabytes=0.1)
    assert process.wait(600) == 1
    assert "cannot be written (No space left on device)" in last_line(log.read_text())
    assert shared.statuses() == ["FAILURE"]
    assert not any("retrying it" in text for text in log.read_text().splitlines())
    disk.free_space()
    done = shared.run()
    assert done.returncode == 0, done.stdout + done.stderr
    require_bits(shared.project, undisturbed)
    require_each_epoch_once(shared.epochs())
