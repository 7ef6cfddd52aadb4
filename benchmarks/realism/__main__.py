"""`make synthetic-report`: generate recordings, compare them with real ones, write the table and two pictures.

Everything goes to `data/realism/`: report.md, report.csv, medians.png and examples.png.
"""

import argparse
import os
import sys
from pathlib import Path
from time import monotonic

import pandas as pd

from benchmarks.realism.fact import Fact
from benchmarks.realism.measuring import measure
from benchmarks.realism.montage_picture import draw_examples, examples
from benchmarks.realism.quantile_picture import draw_medians
from benchmarks.realism.signals import quantile_facts, rate_facts, tolerance_facts
from benchmarks.realism.tables import table_facts
from hbac_assets.figures import few_colours_png, png
from hbac_assets.resources.paths import DATA_FOLDER
from hbac_assets.store.files import atomic_write
from hbac_assets.synthetic.recordings import Recording, plan
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.tables import train_table, truth_table

FOLDER = DATA_FOLDER / "realism"
RECORDINGS, SEED = 2_000, 2_024


def main() -> int:
    """Write the report and return the exit status: 1 if a fact is out of tolerance."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.realism", description=__doc__)
    parser.add_argument("--recordings", type=int, default=RECORDINGS)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--examples", type=Path, help="write only the picture of examples, to this file")
    options = parser.parse_args()
    recordings = planned(options.recordings)
    if options.examples:
        _write(options.examples, few_colours_png(draw_examples(examples(recordings))))
        return 0
    began = monotonic()
    close, quantiles = compare(recordings, options.workers)
    print(f"{len(recordings)} recordings in {monotonic() - began:.0f} s", file=sys.stderr)
    _write(FOLDER / "report.md", (table := as_markdown(close, quantiles)).encode())
    _write(FOLDER / "report.csv", as_frame(close + quantiles).to_csv(index=False).encode())
    _write(FOLDER / "medians.png", png(draw_medians(quantiles)))
    _write(FOLDER / "examples.png", few_colours_png(draw_examples(examples(recordings))))
    print(table)
    return int(any(not fact.held for fact in close + quantiles))


def planned(recordings: int, seed: int = SEED) -> list[Recording]:
    """Return the training recordings of a set of that size."""
    settings = SyntheticSettings(seed=seed, recordings=recordings)
    return [recording for recording in plan(settings) if recording.split == "train"]


def compare(recordings: list[Recording], workers: int) -> tuple[list[Fact], list[Fact]]:
    """Return the facts with individual tolerances, and those compared with real quantiles."""
    measured = measure(recordings, workers)
    tables = table_facts(train_table(recordings), truth_table(recordings))
    return [*tolerance_facts(measured), *rate_facts(recordings), *tables], quantile_facts(measured)


def as_frame(facts: list[Fact]) -> pd.DataFrame:
    """Return the facts as a table."""
    columns = ["group", "name", "real", "synthetic", "least", "most", "held"]
    return pd.DataFrame([[getattr(fact, column) for column in columns] for fact in facts], columns=columns)


def as_markdown(close: list[Fact], quantiles: list[Fact]) -> str:
    """Return both tables, with the number of facts within tolerance."""
    parts = []
    for title, facts in (("Tolerances", close), ("Between the real 10 and 90 % quantiles", quantiles)):
        parts += [f"## {title}: {sum(fact.held for fact in facts)} of {len(facts)} held", ""]
        parts += ["| of | fact | real | synthetic | tolerated | held |", "|---|---|---|---|---|---|"]
        parts += [
            f"| {fact.group} | {fact.name} | {fact.real:.3g} | {fact.synthetic:.3g} | {fact.tolerance} | "
            f"{'yes' if fact.held else '**no**'} |"
            for fact in facts
        ]
        parts.append("")
    return "\n".join(parts)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
