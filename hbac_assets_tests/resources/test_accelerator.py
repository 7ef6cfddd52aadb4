"""Which devices a step gets. GPUs are what a program called nvidia-smi says; none is touched."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.resources import accelerator
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.environment import resources_from_environment


@pytest.fixture
def questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with three GPUs, and the file in which its nvidia-smi notes each time that it is asked."""
    asked = tmp_path / "asked"
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho once >> {asked}\nprintf '0\\n1\\n2\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")  # so that what a lease puts there is taken back
    monkeypatch.setattr(accelerator.tempfile, "gettempdir", lambda: str(tmp_path))
    accelerator._present_gpus.cache_clear()
    yield asked
    accelerator._present_gpus.cache_clear()


def automatic(gpus_per_cell: int = 1) -> Accelerator:
    return Accelerator(device="auto", precision="auto", gpus_per_cell=gpus_per_cell)


def test_each_cell_leases_a_gpu_of_its_own_and_sees_no_other(questions: Path) -> None:
    with automatic().lease(pytest.fail) as name:
        assert name == "gpu 0"
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
        os.environ["CUDA_VISIBLE_DEVICES"] = "0,1,2"  # as another process sees them
        with automatic().lease(pytest.fail) as other:
            assert other == "gpu 1"


def test_a_cell_can_lease_several(questions: Path) -> None:
    two = automatic(gpus_per_cell=2)
    with two.lease(pytest.fail) as name:
        assert name == "gpu 0,1"
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"


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
    assert waited == [f"waiting for 2 gpu slots, held by process {os.getpid()}, process {os.getpid()}"]


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


def test_the_environment_says_how_many() -> None:
    assert resources_from_environment({})["accelerator"].gpus_per_cell == 1
    assert resources_from_environment({"HBAC_GPUS_PER_CELL": "2"})["accelerator"].gpus_per_cell == 2
    with pytest.raises(HbacError, match="HBAC_GPUS_PER_CELL: expected a whole number, 1 or more, found '0'"):
        resources_from_environment({"HBAC_GPUS_PER_CELL": "0"})
