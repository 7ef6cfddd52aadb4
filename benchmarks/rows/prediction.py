"""`hbac predict` on a day of EEG with the bundle of `quickstart`: time and memory.

The time is compared with the recording's duration, and the memory with that of two hours: the shortest recording of
which one hour is prepared while another is predicted.
"""

import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.commands import prepare_command, project_environment
from benchmarks.sides import environment_of_users
from benchmarks.table import Result
from hbac_assets.resources.paths import PROJECT_FOLDER
from hbac_assets.signals.montage import ELECTRODES
from hbac_assets.synthetic.recordings import plan
from hbac_assets.synthetic.rendering import render
from hbac_assets.synthetic.settings import SyntheticSettings

ROW = 12
FEW_HOURS, HOURS = 2, 24
LEAST_RATE, MOST_GROWTH = 500, 1.25
HBAC = (sys.executable, "-m", "hbac_assets")
RANGE_UV = (-3276.8, 3276.7)
RECORDS = slice(236, 244)
"""The bytes of an EDF header with the number of records."""


@dataclass(frozen=True)
class Used:
    """The resources that a command used.

    Attributes:
        seconds: of wall time.
        processor: seconds over all cores.
        memory: its peak, in bytes.
    """

    seconds: float
    processor: float
    memory: int


def run(workspace: Path) -> list[Result]:
    """Train and export `quickstart`, then measure the command in separate processes."""
    environment = project_environment(workspace)
    bundle = workspace / "bundle.zip"
    for command in ((*HBAC, "run"), (*HBAC, "bundle", "--output", str(bundle))):
        prepare_command(list(command), str(PROJECT_FOLDER), environment)()
    measured = {}
    for hours in (FEW_HOURS, HOURS):
        recording = write_recording(workspace / f"{hours}.edf", hours)
        measured[hours] = measure(recording, bundle, workspace)
        recording.unlink()
    return results(few=measured[FEW_HOURS], day=measured[HOURS])


def results(*, few: Used, day: Used) -> list[Result]:
    """Return the table's lines from the measurements of a few hours and a day."""
    rate, growth = HOURS * 3600 / day.seconds, day.memory / few.memory
    work = f"hbac predict, {HOURS} h of {len(ELECTRODES)} electrodes at 200 Hz, quickstart's bundle"
    return [
        Result(
            ROW,
            f"{work}: time",
            ours=f"{day.seconds:.0f} s",
            against=f"the recording's own time: {HOURS * 3600:,} s",
            ratio=rate,
            to_reach=f"≥ {LEAST_RATE}",
            reached=rate >= LEAST_RATE,
            remark=f"{day.processor:.0f} s of processor time",
            measured={"few": asdict(few), "day": asdict(day)},
        ),
        Result(
            ROW,
            f"{work}: memory",
            ours=f"{day.memory / 2**30:.2f} GiB",
            against=f"{FEW_HOURS} h: {few.memory / 2**30:.2f} GiB",
            ratio=growth,
            to_reach=f"≤ {MOST_GROWTH}",
            reached=growth <= MOST_GROWTH,
        ),
    ]


def measure(recording: Path, bundle: Path, folder: Path) -> Used:
    """Run the command in a separate process, from start to end.

    Raises:
        RuntimeError: it failed.
    """
    command = [*HBAC, "predict", str(recording), "--from", str(bundle), "--output", str(folder), "--overwrite"]
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=PROJECT_FOLDER, env=environment_of_users(), stdout=sys.stderr)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}")
    return Used(time.monotonic() - began, used.ru_utime + used.ru_stime, 1024 * used.ru_maxrss)


def write_recording(path: Path, hours: int) -> Path:
    """Write synthetic EEG of many patients as EDF: one hour, repeated."""
    from edfio import Edf, EdfSignal

    planned = [recording for recording in plan(SyntheticSettings(recordings=48)) if recording.split == "test"]
    eeg = np.concatenate([render(recording) for recording in planned])[: 3600 * 200, : len(ELECTRODES)]
    eeg = np.clip(np.nan_to_num(eeg), *RANGE_UV)
    signals = [
        EdfSignal(eeg[:, column], 200, label=f"EEG {name}-REF", physical_dimension="uV", physical_range=RANGE_UV)
        for column, name in enumerate(ELECTRODES)
    ]
    Edf(signals).write(path)
    content = bytearray(path.read_bytes())
    header = 256 * (len(signals) + 1)
    records = int(content[RECORDS])
    content[RECORDS] = str(records * hours).encode().ljust(8)
    with path.open("wb") as file:
        file.write(content[:header])
        for _ in range(hours):
            file.write(content[header:])
    return path
