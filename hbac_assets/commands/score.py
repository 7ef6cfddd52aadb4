"""Score predictions of any models against expert votes: leaderboard, differences, floor, slices, classes.

Each FILE is a parquet or CSV table with an id and six probabilities per row. A file of this project (oof.parquet)
also holds the votes and the names of its members; for any other, --votes names a table such as train.csv.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hbac_assets.commands.output_files import require_writable, write_text
from hbac_assets.commands.variables import not_empty

if TYPE_CHECKING:
    from hbac_assets.scoring.evaluation import Evaluation
    from hbac_assets.scoring.files.predictions import ReadPredictions

NAMES = {
    "id": "the id of a row (label_id, or eeg_id)",
    "probabilities": "the probabilities, {} for a class ({}_probability, {}, or with --votes {}_vote)",
    "votes": "the votes, {} for a class ({}_vote, or fractions as {}_share)",
    "model": "the model, in a file of several (member)",
    "patient": "the patient (patient_id)",
    "fold": "the fold that a row was held out in (fold)",
    "quality": "a measure of the signal's quality, higher is better (quality)",
}
KINDS = ("temperature", "temperature_bias", "vector", "dirichlet")
MOST_EXPERTS = 9  # of `scoring.experts`: as good as nine or better
LINES_EVERY_SECONDS = 5


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="predictions, parquet or CSV")
    parser.add_argument("--votes", type=Path, metavar="TABLE", help="the table of votes, parquet or CSV")
    parser.add_argument("--blend", action="store_true", help="also score blends of all models, fitted on other folds")
    parser.add_argument(
        "--calibrate",
        metavar="KIND",
        nargs="+",
        default=[],
        choices=KINDS,
        help=f"also score each model calibrated on other folds: {', '.join(KINDS)}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results to this file")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with charts to this file")
    columns = parser.add_argument_group("names of columns")
    for name, what in NAMES.items():
        option = "--votes-as" if name == "votes" else f"--{name}"
        columns.add_argument(option, dest=f"column_{name}", metavar="NAME", type=not_empty, help=what)


def main(options: argparse.Namespace) -> int:
    """Read, score and print; return the exit status.

    Raises:
        HbacError: a file, a column or a row cannot be scored.
    """
    from hbac_assets.scoring.candidates import blended, calibrated
    from hbac_assets.scoring.evaluation import evaluate
    from hbac_assets.scoring.files.columns import ColumnNames
    from hbac_assets.scoring.files.predictions import read_predictions

    require_writable("--json", options.json)
    require_writable("--html", options.html)
    chosen = {name: getattr(options, f"column_{name}") for name in NAMES}
    names = ColumnNames(**{name: value for name, value in chosen.items() if value})
    found = read_predictions(options.files, options.votes, names, _Progress("files read"))
    predictions = dict(found.predictions)
    if options.blend:
        predictions |= blended(found.predictions, found.table)
    predictions |= calibrated(found.predictions, found.table, options.calibrate)
    evaluation = evaluate(predictions, found.table, progress=_Progress("steps of scoring"))
    print(leaderboard(evaluation, found))
    if options.json:
        content = {**evaluation.for_json(), "oddities": found.oddities}
        write_text(options.json, json.dumps(content, indent=1, allow_nan=False))
        print(f"\nall of it, with every class, slice and difference: {options.json}")
    if options.html:
        write_text(options.html, _page(evaluation, found, options))
        print(f"\nwith charts: {options.html}")
    return 0


def _page(evaluation: "Evaluation", found: "ReadPredictions", options: argparse.Namespace) -> str:
    """Return the results as HTML."""
    from hbac_assets.report.scored_files import scored_files_page

    files = [f"predictions: {file}" for file in options.files]
    files += [f"votes: {options.votes}"] if options.votes else []
    return scored_files_page(evaluation, found.oddities, files)


def leaderboard(evaluation: "Evaluation", found: "ReadPredictions") -> str:
    """Return the results as lines for the terminal."""
    patients = "patients unknown" if evaluation.patients is None else f"{evaluation.patients} patients"
    best = evaluation.models[0]["model"]
    lines = [
        "",
        f"KL divergence of {evaluation.rows} rows, {patients} (lower is better; 95 % intervals)",
        "",
        *columns(model_lines(evaluation)),
        "",
        *_floor_lines(evaluation),
        *_worst_lines(evaluation, best),
        *_class_lines(evaluation, best),
        *_oddity_lines(found),
        *(f"without {name}: {effect}" for name, effect in evaluation.missing.items()),
    ]
    return "\n".join(lines)


def model_lines(evaluation: "Evaluation") -> list[list[str]]:
    """Return a table of all models, best first, as lists of cells."""
    best = evaluation.models[0]["model"]
    pairs = {(one["first"], one["second"]): one for one in evaluation.differences}
    table = [["model", "KL", "interval", "rows", "prior to floor", "experts", "behind the best"]]
    for record in evaluation.models:
        pair = pairs.get((best, record["model"]))
        behind = ""
        if pair:
            verdict = "  may be chance" if pair["noise"] else ""
            behind = f"{-pair['difference']:.4f} [{-pair['high']:.4f}, {-pair['low']:.4f}]{verdict}"
        table.append(
            [
                record["model"],
                f"{record['mean']:.4f}",
                f"[{record['low']:.4f}, {record['high']:.4f}]",
                str(record["rows"]),
                _or_nothing(record["closed"], "{:.1%}"),
                f"{MOST_EXPERTS} or more"
                if record["experts"] >= MOST_EXPERTS
                else _or_nothing(record["experts"], "{:.1f}"),
                behind,
            ]
        )
    return table


def _floor_lines(evaluation: "Evaluation") -> list[str]:
    first = evaluation.models[0]
    lines = [f"class prior {first['prior']:.4f} on the rows of {first['model']}"]
    if not math.isnan(first["floor"]):
        low, high = first["floor_low"], first["floor_high"]
        lines[0] += f"; floor, the score of the true probabilities with so few votes, about {low:.2f} to {high:.2f}"
    return [*lines, ""]


def _worst_lines(evaluation: "Evaluation", best: str) -> list[str]:
    worst = [one for one in evaluation.worst if one["model"] == best]
    lines = [
        f"  {one['by']} {one['slice']}: {one['mean']:.4f} in {one['rows']} rows, {one['excess']:+z.4f} beside the "
        "others"
        for one in worst
    ]
    return [f"slices on which {best} is worse than elsewhere:", *lines, ""] if lines else []


def _class_lines(evaluation: "Evaluation", best: str) -> list[str]:
    rows = [["class", "majority of", "part of the KL", "AUROC", "AUPRC"]]
    for one in evaluation.classes:
        if one["model"] == best:
            areas = [_or_nothing(one[name], "{:.3f}") for name in ("auroc", "auprc")]
            rows.append([one["class"], f"{one['rows']} rows", f"{one['kl']:.4f}", *areas])
    return [f"{best} by class:", *columns(rows), ""]


def _oddity_lines(found: "ReadPredictions") -> list[str]:
    texts = {
        "rows_not_summing_to_1": "rows whose probabilities do not sum to 1, scored unchanged",
        "rows_with_zero_where_votes_are": "rows with probability 0 for a class with votes: 34.5 nats × their fraction",
    }
    return [
        f"{one['model']}: {one[name]} {text}" for one in found.oddities for name, text in texts.items() if one[name]
    ]


def _or_nothing(value: float, form: str) -> str:
    return "" if math.isnan(value) else form.format(value)


def columns(rows: list[list[str]]) -> list[str]:
    """Return the lines of a table for the terminal."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


class _Progress:
    """Reports progress on standard error every few seconds; silent for shorter work."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = self._said = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and now - self._said >= LINES_EVERY_SECONDS:
            self._said = now
            left = (total - done) * (now - self._began) / done
            print(f"{done} of {total} {self._what}, {left:.0f} s left", file=sys.stderr, flush=True)
