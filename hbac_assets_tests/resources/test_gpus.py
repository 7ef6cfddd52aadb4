"""The usable GPUs among those that the driver lists, and the messages about the others."""

import os
import re
from pathlib import Path

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.gpus import find_gpus
from hbac_assets_tests.projects import make_project, wait_until
from hbac_assets_tests.resources.driver import UUIDS, forget, install_driver, install_plugin

PARTS = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-33333333-dddd)
  MIG 3g.20gb     Device  0: (UUID: MIG-44444444-eeee)
  MIG 3g.20gb     Device  1: (UUID: MIG-GPU-33333333-dddd/2/0)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-55555555-ffff)
"""
NO_CUDA = "JAX is installed without CUDA for this machine's GPUs (0 NVIDIA H100 80GB HBM3, "


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Set up a machine with GPUs; without a listing it has three."""

    def set_up(lists="", plugin=True, **environment):
        monkeypatch.setenv("PATH", f"{install_driver(tmp_path, lists=lists)}:{os.environ['PATH']}")
        if plugin:
            monkeypatch.syspath_prepend(install_plugin(tmp_path))
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        forget()

    yield set_up
    forget()


def accelerator(device="auto"):
    return Accelerator(device=device, precision="auto")


@pytest.mark.parametrize(
    ("chosen", "labels"),
    [
        ("0,1,2", "0 1 2"),
        (" 2 , 0", "2 0"),
        ("GPU-11111111-aaaa,2", "0 2"),
        ("GPU-1", "0"),
        ("GPU-2", ""),  # of two cards: CUDA takes neither
        ("GPU-22222222-c", "2"),
        ("1,7,0", "1"),  # CUDA reads up to the first that is not there
        ("0,0", "0"),
        ("NoDevFiles", ""),
        ("none", ""),
        ("", ""),
        ("-1", ""),
        ("7", ""),
        ("GPU-", ""),
        ("MIG-GPU-99999999/0/0", ""),
    ],
)
def test_cuda_visible_devices_is_read_as_cuda_reads_it(machine, chosen, labels):
    machine(CUDA_VISIBLE_DEVICES=chosen)
    assert [gpu.label for gpu in find_gpus().usable] == labels.split()
    assert accelerator().chosen_device() == ("gpu" if labels else "cpu")


@pytest.mark.parametrize(
    ("chosen", "uuids"),
    [
        (None, ["GPU-55555555-ffff", "MIG-44444444-eeee", "MIG-GPU-33333333-dddd/2/0"]),
        ("1", ["GPU-55555555-ffff"]),
        ("0", ["MIG-44444444-eeee"]),
        ("MIG-GPU-33333333-dddd/2/0", ["MIG-GPU-33333333-dddd/2/0"]),
        ("MIG-4", ["MIG-44444444-eeee"]),
    ],
)
def test_a_divided_card_is_its_parts(machine, chosen, uuids):
    machine(PARTS, **({"CUDA_VISIBLE_DEVICES": chosen} if chosen else {}))
    assert sorted(gpu.uuid for gpu in find_gpus().usable) == uuids


def test_each_part_has_a_lease_of_its_own(machine, tmp_path, monkeypatch):
    monkeypatch.setattr("hbac_assets.resources.machine_locks.PLACES", [str(tmp_path)])
    machine(PARTS, CUDA_VISIBLE_DEVICES="MIG-GPU-33333333-dddd/2/0,MIG-44444444-eeee")
    with accelerator().lease(pytest.fail) as name:
        assert name == "gpu MIG-GPU-33333333-dddd/2/0"
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "MIG-GPU-33333333-dddd/2/0"
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-4")
        with accelerator().lease(pytest.fail) as other:
            assert other == "gpu MIG-44444444-eeee"


@pytest.mark.parametrize(
    ("plugin", "environment", "unused"),
    [
        (False, {}, re.escape(NO_CUDA) + r".*\): run `make setup GPU=1`"),
        (True, {"JAX_PLATFORMS": "cpu"}, r"JAX_PLATFORMS keeps JAX from this machine's GPUs \(.*\), found 'cpu'"),
        (True, {"CUDA_VISIBLE_DEVICES": "7"}, r"CUDA_VISIBLE_DEVICES names none of .* GPUs \(0 .*\), found '7'"),
    ],
)
def test_gpus_that_cannot_be_used_are_told_once_and_at_once(machine, plugin, environment, unused):
    machine(plugin=plugin, **environment)
    told = []
    accelerator().require_usable(told.append)
    (line,) = told
    assert re.fullmatch(f"on the CPU: {unused}; set HBAC_DEVICE=cpu if that is intended", line)
    assert accelerator().chosen_device() == "cpu"
    assert accelerator().chosen_precision() == "float32"
    accelerator("cpu").require_usable(pytest.fail)
    with pytest.raises(HbacError, match=f"HBAC_DEVICE: found 'gpu', but {unused}, or set HBAC_DEVICE to auto or cpu"):
        accelerator("gpu").require_usable(pytest.fail)


@pytest.mark.parametrize("hidden", ["", "-1", "none", "NoDevFiles"])
def test_nothing_is_said_of_gpus_that_were_hidden(machine, hidden):
    machine(plugin=False, CUDA_VISIBLE_DEVICES=hidden)
    accelerator().require_usable(pytest.fail)


def test_a_build_of_jax_for_cuda_is_all_that_the_gpus_need(machine):
    machine()
    accelerator().require_usable(pytest.fail)
    assert [gpu.uuid for gpu in find_gpus().usable] == list(UUIDS)


@pytest.fixture
def without_cuda(tmp_path: Path):
    """A project on a machine whose driver lists GPUs, on which JAX was installed without CUDA."""
    forget()
    if find_gpus().usable:
        pytest.skip("JAX is installed with CUDA here")
    project = make_project(tmp_path / "project")
    project.environment.pop("CUDA_VISIBLE_DEVICES", None)
    project.environment["PATH"] = f"{install_driver(tmp_path)}:{project.environment['PATH']}"
    return project


def test_make_run_says_at_once_that_it_is_on_the_cpu(without_cuda):
    process = without_cuda.start_run()
    log = without_cuda.folder / "started.log"
    wait_until(lambda: log.stat().st_size > 0, process)
    process.terminate()
    process.wait()
    assert log.read_text().startswith(f"on the CPU: {NO_CUDA}")


def test_make_run_refuses_a_gpu_that_cannot_be_used_in_one_line(without_cuda):
    done = without_cuda.run(HBAC_DEVICE="gpu")
    assert done.returncode == 1
    assert done.stderr.strip().startswith(f"HBAC_DEVICE: found 'gpu', but {NO_CUDA}")
    assert done.stderr.strip().endswith("run `make setup GPU=1`, or set HBAC_DEVICE to auto or cpu")
    assert len(done.stderr.strip().splitlines()) == 1
