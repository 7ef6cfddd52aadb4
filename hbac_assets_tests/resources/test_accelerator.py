"""The devices of a step. GPUs are listed by a program called nvidia-smi; none is used."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.resources import machine_locks
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets_tests.projects import CHECKOUT
from hbac_assets_tests.resources.driver import UUIDS, forget, install_driver, install_plugin


@pytest.fixture
def questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with three GPUs, and the file in which its nvidia-smi notes each time that it is asked."""
    monkeypatch.setenv("PATH", f"{install_driver(tmp_path)}:{os.environ['PATH']}")
    monkeypatch.syspath_prepend(install_plugin(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")  # so that what a lease puts there is taken back
    monkeypatch.setattr(machine_locks, "PLACES", [str(tmp_path)])
    forget()
    yield tmp_path / "asked"
    forget()


def automatic(gpus_per_cell: int = 1) -> Accelerator:
    return Accelerator(device="auto", precision="auto", gpus_per_cell=gpus_per_cell)


def test_each_cell_leases_a_gpu_of_its_own_and_sees_no_other(questions: Path) -> None:
    with automatic().lease(pytest.fail) as name:
        assert name == "gpu 0"
        assert os.environ["CUDA_VISIBLE_DEVICES"] == UUIDS[0]
        os.environ["CUDA_VISIBLE_DEVICES"] = "0,1,2"  # as another process sees them
        with automatic().lease(pytest.fail) as other:
            assert other == "gpu 1"


def test_a_cell_can_lease_several(questions: Path) -> None:
    two = automatic(gpus_per_cell=2)
    with two.lease(pytest.fail) as name:
        assert name == "gpu 0,1"
        assert os.environ["CUDA_VISIBLE_DEVICES"] == f"{UUIDS[0]},{UUIDS[1]}"


def test_as_many_cells_train_at_a_time_as_there_are_gpus_for(questions: Path) -> None:
    assert [automatic(gpus).cells_side_by_side() for gpus in (1, 2, 3)] == [3, 1, 1]
    cpu = automatic().model_copy(update={"device": "cpu", "cells_on_cpu": 1000})
    assert cpu.cells_side_by_side() == os.cpu_count()


def test_it_waits_until_as_many_are_free_and_holds_none_meanwhile(questions: Path) -> None:
    waited = []

    def on_wait(line: str) -> None:
        waited.append(line)
        with automatic().lease(pytest.fail) as third:
            assert third == "gpu 2"
        held.__exit__(None, None, None)

    held = automatic(gpus_per_cell=2).lease(pytest.fail)
    held.__enter__()
    os.environ["CUDA_VISIBLE_DEVICES"] = "0,1,2"
    with automatic(gpus_per_cell=2).lease(on_wait) as name:
        assert name == "gpu 0,1"
    assert waited == ["waiting for 2 GPUs, held by this run"]


def test_more_than_there_are_is_refused(questions: Path) -> None:
    os.environ["CUDA_VISIBLE_DEVICES"] = "1"
    message = r"HBAC_GPUS_PER_CELL: found 2, but only 1 of this machine's GPUs are visible \(1\)"
    with pytest.raises(HbacError, match=message):
        automatic(gpus_per_cell=2).chosen_device()
    assert automatic(gpus_per_cell=2).model_copy(update={"device": "cpu"}).chosen_device() == "cpu"


def test_the_driver_is_asked_once(questions: Path) -> None:
    gpu = automatic()
    with gpu.lease(pytest.fail):
        assert gpu.chosen_precision() == "mixed_bfloat16"
        assert gpu.chosen_device() == "gpu"
    assert questions.read_text() == "once\n"


LEASE = """
import sys
from hbac_assets.resources.accelerator import Accelerator
with Accelerator(device="gpu").lease(lambda line: print(line, flush=True)) as name:
    print(name, flush=True)
    sys.stdin.read()
"""


def test_jobs_that_see_their_own_card_as_number_0_do_not_wait_and_those_of_one_card_do(tmp_path: Path) -> None:
    def job(number: int, uuid: str) -> "subprocess.Popen[str]":
        folder = tmp_path / str(number)
        environment = {
            "PATH": f"{install_driver(folder, [uuid])}:{os.environ['PATH']}",
            "PYTHONPATH": f"{install_plugin(folder)}:{CHECKOUT}",
            "TMPDIR": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.Popen(
            [sys.executable, "-c", LEASE], env=environment, stdin=-1, stdout=-1, text=True, bufsize=1
        )

    own, other = f"GPU-{tmp_path.name}-{os.getpid()}", f"GPU-other-{tmp_path.name}-{os.getpid()}"
    jobs = [job(number, uuid) for number, uuid in enumerate([own, other])]
    try:
        assert [one.stdout and one.stdout.readline() for one in jobs] == ["gpu 0\n", "gpu 0\n"]
        jobs.append(job(2, own))
        assert jobs[2].stdout
        expected = f"waiting for a GPU, held by process {jobs[0].pid} of {CHECKOUT}\n"
        assert jobs[2].stdout.readline() == expected
        jobs[0].communicate("")
        assert jobs[2].stdout.readline() == "gpu 0\n"
    finally:
        for one in jobs:
            one.kill()
            one.wait()
        for lock in machine_locks.machine_locks().glob(f"gpu-GPU-*{tmp_path.name}-{os.getpid()}.lock"):
            lock.unlink()


def test_the_environment_says_how_many() -> None:
    assert resources_from_environment({})["accelerator"].gpus_per_cell == 1
    assert resources_from_environment({"HBAC_GPUS_PER_CELL": "2"})["accelerator"].gpus_per_cell == 2
    with pytest.raises(HbacError, match="HBAC_GPUS_PER_CELL: expected a whole number, 1 or more, found '0'"):
        resources_from_environment({"HBAC_GPUS_PER_CELL": "0"})
