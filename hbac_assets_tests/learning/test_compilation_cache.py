"""Compiled programs are found by later processes, even if the file of one was truncated."""

import subprocess
import sys
from pathlib import Path

import pytest

from hbac_assets.learning.machine_kind import machine_kind

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


def compile_in_a_process(cache: Path, before: str = "") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{before}\n{SCRIPT}", str(cache)], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_programs_of_another_kind_of_processor_are_not_used(tmp_path: Path) -> None:
    other, cache = tmp_path / "cpuinfo", tmp_path / "cache"
    other.write_text("model name : Another (R) Processor @ 2.00GHz\nflags : sse2 fpu\n\nmodel name : a second\n")
    there = f"from hbac_assets.learning import machine_kind; machine_kind.CPUINFO = {other!r}".replace("Posix", "")
    assert compile_in_a_process(cache, f"from pathlib import Path; {there}") == ["15.0", "0"]
    (folder,) = cache.iterdir()
    assert folder.name.startswith("cpu-another-r-processor-2-00ghz-")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert compile_in_a_process(cache) == ["15.0", "0"]
    assert len(list(cache.iterdir())) == 2
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_kinds_are_told_apart_by_instructions_and_gpu_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hbac_assets.learning.machine_kind.CPUINFO", tmp_path / "cpuinfo")
    kinds: list[str] = []
    for flags in ("fpu sse2", "sse2 fpu", "fpu sse2 avx512f"):
        processor = f"processor : {len(kinds)}\nmodel name : A Processor\ncpu MHz : {len(kinds)}\nflags : {flags}\n\n"
        (tmp_path / "cpuinfo").write_text(processor * 2)
        kinds.append(machine_kind())
    assert kinds[0] == kinds[1] != kinds[2]
    assert machine_kind("NVIDIA H200").startswith("gpu-nvidia-h200-")
    assert machine_kind("NVIDIA H200") != machine_kind("NVIDIA H100")
    (tmp_path / "cpuinfo").unlink()
    assert machine_kind().startswith("cpu-")


@pytest.mark.slow
def test_an_entry_that_was_cut_short_is_written_anew(tmp_path: Path) -> None:
    assert compile_in_a_process(tmp_path) == ["15.0", "0"]
    (folder,) = tmp_path.iterdir()
    assert folder.name == machine_kind()
    entries = {path: path.stat().st_size for path in folder.iterdir()}
    assert entries
    for path, size in entries.items():
        path.write_bytes(path.read_bytes()[: size // 2])
    assert compile_in_a_process(tmp_path) == ["15.0", str(len(entries))]
    for path, size in entries.items():
        assert path.stat().st_size == pytest.approx(size, rel=0.1)
    assert compile_in_a_process(tmp_path) == ["15.0", "0"]
