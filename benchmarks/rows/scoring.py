"""`hbac score` on the models and rows of a large leaderboard: time and memory, against bounds."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.table import Result
from hbac_assets.labels import PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.resources.paths import PROJECT_FOLDER

ROW = 11
MODELS, ROWS, PATIENTS = 40, 100_000, 1_950
MOST_SECONDS, MOST_MEMORY = 120, 4 * 2**30
MOST_ROWS_OF_A_PATIENT = 500


def run(workspace: Path) -> list[Result]:
    """Measure the command in a separate process, including reading the files."""
    votes, files = write_files(workspace)
    command = [sys.executable, "-m", "hbac_assets", "score", *map(str, files), "--votes", str(votes)]
    began = time.monotonic()
    subprocess.run([*command, "--json", str(workspace / "all.json")], cwd=PROJECT_FOLDER, check=True, stdout=sys.stderr)
    seconds = time.monotonic() - began
    memory = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    work = f"hbac score, {MODELS} models × {ROWS:,} rows of {PATIENTS:,} patients"
    return [
        _bounded(f"{work}: time", f"{seconds:.0f} s", f"{MOST_SECONDS} s", seconds / MOST_SECONDS),
        _bounded(
            f"{work}: memory", f"{memory / 2**30:.1f} GiB", f"{MOST_MEMORY / 2**30:.0f} GiB", memory / MOST_MEMORY
        ),
    ]


def write_files(folder: Path) -> tuple[Path, list[Path]]:
    """Write a table of votes, and predictions that mix votes, class prior and noise in various proportions."""
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 20, ROWS)
    votes = rng.multinomial(counts, rng.dirichlet(np.full(6, 0.5), ROWS))
    sizes = np.minimum(rng.lognormal(1, 1.5, PATIENTS), MOST_ROWS_OF_A_PATIENT)
    table = pd.DataFrame(votes, columns=list(VOTE_COLUMNS))
    table.insert(0, "label_id", np.arange(ROWS))
    table["patient_id"] = rng.choice(PATIENTS, ROWS, p=sizes / sizes.sum())
    table.to_parquet(folder / "votes.parquet")
    shares = votes / counts[:, None]
    files = []
    for model, weight in enumerate(np.linspace(0.2, 0.7, MODELS)):
        noise = rng.dirichlet(np.ones(6), ROWS)
        frame = pd.DataFrame(weight * shares + (0.9 - weight) / 6 + 0.1 * noise, columns=list(PROBABILITY_COLUMNS))
        frame.insert(0, "label_id", table["label_id"])
        files.append(folder / f"model_{model}.parquet")
        frame.to_parquet(files[-1])
    return folder / "votes.parquet", files


def _bounded(work: str, ours: str, bound: str, ratio: float) -> Result:
    return Result(ROW, work, ours, f"the bound of {bound}", ratio, "≤ 1", ratio <= 1)
