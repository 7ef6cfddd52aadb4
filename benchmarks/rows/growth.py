"""The growth of time and memory with the data, each size in a separate process, extrapolated to the full set."""

import json
import shutil
import subprocess
import sys
from math import prod
from pathlib import Path

import numpy as np

from benchmarks.growth_stages import MEMBER, SPECTROGRAMS_FOR_AN_EEG, Measured
from benchmarks.kaggle_files import write_eegs, write_spectrograms
from benchmarks.table import Result
from hbac_assets.experiments.loading import load_experiment
from hbac_assets.resources.paths import PROJECT_FOLDER

ROW = 9
SIZES = (500, 1000, 2000, 4000)
WARM_UP = 100
SPECTROGRAM_FILES, EEG_FILES = 60, 12  # which are linked under more names
MOST_TIME, MOST_MEMORY = 1.15, 1.2

MEMORY = 16 * 2**30
SPECTROGRAMS, EEGS, LABELS = 11_138, 17_089, 106_800
FULL_IMAGE = (400, 300)
BYTES_OF_A_PIXEL = 2
CONVERSIONS = {"conversion": SPECTROGRAMS, "EEG conversion": EEGS}


def run(workspace: Path) -> list[Result]:
    """Measure all stages at each size."""
    write_spectrograms(workspace / "files" / "spectrograms", SPECTROGRAM_FILES)
    write_eegs(workspace / "files" / "eegs", EEG_FILES)
    _measure(WARM_UP, workspace)
    found = {size: _measure(size, workspace) for size in SIZES}
    stages = list(found[SIZES[0]])
    return [*(_time(stage, found) for stage in stages), *(_memory(stage, found) for stage in stages), _plan(found)]


def _measure(size: int, workspace: Path) -> Measured:
    folder = workspace / str(size)
    command = [sys.executable, "-m", "benchmarks.growth_stages", str(size)]
    command += map(str, [workspace / "files", folder, workspace / "cache"])
    done = subprocess.run(command, cwd=PROJECT_FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    shutil.rmtree(folder)
    measured: Measured = json.loads(done.stdout.splitlines()[-1])
    return measured


def _time(stage: str, found: dict[int, Measured]) -> Result:
    seconds = {size: one[stage]["seconds"] for size, one in found.items()}
    return _result(f"{stage}, time for each item", {size: 1000 * one for size, one in seconds.items()}, "ms", MOST_TIME)


def _memory(stage: str, found: dict[int, Measured]) -> Result:
    peaks = {size: one[stage]["anonymous"] / 2**20 for size, one in found.items()}
    return _result(f"{stage}, peak memory", peaks, "MiB", MOST_MEMORY)


def _result(work: str, values: dict[int, float], unit: str, most: float) -> Result:
    """Return the ratio of the largest to the smallest value."""
    spread = max(values.values()) / min(values.values())
    ours = ", ".join(f"{value:.3g}" for value in values.values())
    return Result(
        ROW,
        work,
        ours=f"{ours} {unit}",
        against=f"itself at {', '.join(f'{size:,}' for size in values)} spectrograms",
        ratio=spread,
        to_reach=f"≤ {most}",
        reached=spread <= most,
        measured={str(size): value for size, value in values.items()},
    )


def _plan(found: dict[int, Measured]) -> Result:
    """Return the needs of the competition's full data, with memory extrapolated linearly from the peaks."""
    largest = found[SIZES[-1]]
    seconds = SPECTROGRAMS * largest["conversion"]["seconds"] + EEGS * largest["EEG conversion"]["seconds"]
    converting = {stage: _extrapolated(stage, found, items) for stage, items in CONVERSIONS.items()}
    base, copies = _held_images(found)
    full = prod(FULL_IMAGE) * BYTES_OF_A_PIXEL
    training = {rows: base + copies * full * rows for rows in (SPECTROGRAMS, LABELS)}
    fits = {rows: peak <= MEMORY for rows, peak in training.items()}
    return Result(
        ROW,
        f"plan for {SPECTROGRAMS:,} spectrograms and {EEGS:,} EEGs in {MEMORY // 2**30} GiB",
        ours=f"conversions: {seconds / 60:.0f} min, "
        + ", ".join(f"{stage} {_gib(peak)}" for stage, peak in converting.items())
        + f"; images of {FULL_IMAGE[0]} × {FULL_IMAGE[1]} in memory: "
        + ", ".join(f"{rows:,} rows {_gib(peak)}" for rows, peak in training.items()),
        against="16 GiB",
        ratio=max(*converting.values(), training[SPECTROGRAMS]) / MEMORY,
        to_reach="≤ 1",
        reached=max(converting.values()) <= MEMORY and fits[SPECTROGRAMS],
        remark=f"training holds {base / 2**30:.1f} GiB and {copies:.1f} × the images"
        + ("" if fits[LABELS] else f"; {LABELS:,} rows do not fit and must be streamed"),
        measured={str(size): one for size, one in found.items()},
    )


def _extrapolated(stage: str, found: dict[int, Measured], items: int) -> float:
    """Return the peak of a stage for `items` items, in bytes."""
    share = SPECTROGRAMS_FOR_AN_EEG if stage == "EEG conversion" else 1
    slope, base = np.polyfit([size / share for size in found], [one[stage]["anonymous"] for one in found.values()], 1)
    return float(base + max(slope, 0) * items)


def _held_images(found: dict[int, Measured]) -> tuple[float, float]:
    """Return the constant memory of training in bytes, and its multiple of the images' size, at least 1."""
    slope, base = np.polyfit(list(found), [one["epoch"]["anonymous"] for one in found.values()], 1)
    image = prod(load_experiment("quickstart").members[MEMBER].preprocessing.image_size) * BYTES_OF_A_PIXEL
    return float(base), max(float(slope) / image, 1.0)


def _gib(size: float) -> str:
    return f"{size / 2**30:.1f} GiB"
