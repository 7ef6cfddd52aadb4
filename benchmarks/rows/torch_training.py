"""Training and prediction on the CPU against Keras on PyTorch, if PyTorch is installed."""

from importlib.util import find_spec
from pathlib import Path

from benchmarks.rows.cpu_training import against
from benchmarks.table import Result

ROW = 5
LEAST = 3.0
BACKBONES = ("mobilenet_v3_small", "efficientnetv2_b2")


def run(workspace: Path) -> list[Result]:
    """Compare two backbones with Keras on PyTorch."""
    if find_spec("torch") is None:
        remark = "PyTorch is not installed here, and is not a dependency; in an environment that has it: ROWS=5"
        return [Result(ROW, "training on the CPU", "", "Keras on PyTorch", None, f"≥ {LEAST}", None, remark)]
    return [result for backbone in BACKBONES for result in against(backbone, "torch", ROW, LEAST)]
