"""Reading checkpoints."""

from pathlib import Path

import numpy as np

from hbac_assets.learning.checkpoint import initial_progress, load_checkpoint
from hbac_assets.learning.step import State


class _Code:
    """Runs when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    initial, trace = initial_progress(State(np.zeros(1), [], [])), tmp_path / "code_ran"
    history = np.array([_Code(trace)], dtype=object)
    np.savez(tmp_path / "checkpoint.npz", identity=np.array("mine"), history=history)
    assert load_checkpoint(tmp_path / "checkpoint.npz", "mine", initial) is initial
    assert not trace.exists()
