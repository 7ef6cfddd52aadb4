"""Compiled programs are found by later processes, even if the file of one was truncated."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys, warnings
from pathlib import Path
from hbac_assets.learning import device
device.configure("cpu", "float32", Path(sys.argv[1]))
import jax
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(float(jax.jit(lambda x: (x * 3).sum())(jax.numpy.ones(5))))
print(sum("Error reading persistent compilation cache entry" in str(one.message) for one in caught))
"""


def compile_in_a_process(cache: Path) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(cache)], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.slow
def test_an_entry_that_was_cut_short_is_written_anew(tmp_path: Path) -> None:
    assert compile_in_a_process(tmp_path) == ["15.0", "0"]
    entries = {path: path.stat().st_size for path in tmp_path.iterdir()}
    assert entries
    for path, size in entries.items():
        path.write_bytes(path.read_bytes()[: size // 2])
    assert compile_in_a_process(tmp_path) == ["15.0", str(len(entries))]
    for path, size in entries.items():
        assert path.stat().st_size == pytest.approx(size, rel=0.1)
    assert compile_in_a_process(tmp_path) == ["15.0", "0"]
