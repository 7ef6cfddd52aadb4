"""The GPU's row, on the CPU with minimal work: everything but the card is tested."""

import math

import pytest

from benchmarks.rows import gpu
from hbac_assets.resources.gpus import present_gpus


def test_without_a_gpu_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    present_gpus.cache_clear()
    (result,) = gpu.run(tmp_path)
    present_gpus.cache_clear()
    assert (result.ratio, result.reached, result.failed) == (None, None, False)
    assert result.remark == "No GPU is visible here (nvidia-smi lists none): not measured."


@pytest.mark.long
def test_on_the_cpu_every_figure_is_there(tmp_path):
    tiny = gpu.Scale(
        backbones=("mobilenet_v3_small",), batch_size=2, steps=2, recordings=4, matrix=64, repetitions=1, device="cpu",
        precision="float32",
    )  # fmt: skip
    (result,) = gpu.measure(tmp_path, tiny)
    assert result.work == "train mobilenet_v3_small, 400 × 300, batches of 2, float32"
    assert result.ratio is not None
    assert result.ratio > 0
    assert 0 <= result.measured["waiting"] < 1
    # 57 million multiply-adds at 224 × 224 forward; an image here has 2.4 times as many pixels, and a step takes three.
    published = 2 * 57e6 * (400 * 300) / 224**2 * 3
    assert result.measured["operations of an image"] == pytest.approx(published, rel=0.5)
    assert math.isfinite(result.measured["utilisation"])
