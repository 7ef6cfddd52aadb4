"""Compare experiments on the same data, row by row: a table, and an HTML page with charts.

Each EXPERIMENT must have been run. Its submitted ensemble is scored on the rows that all experiments have predicted;
differences have 95 % intervals over patients.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hbac_assets.commands import run
from hbac_assets.commands.output_files import require_writable, write_text
from hbac_assets.commands.score import columns, model_lines
from hbac_assets.commands.variables import not_empty
from hbac_assets.errors import HbacError

if TYPE_CHECKING:
    from hbac_assets.lineage import Lineage
    from hbac_assets.report.comparison import Comparison


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "experiments", metavar="EXPERIMENT", nargs="+", type=not_empty, help="a name, or your own .yaml file"
    )
    run.add_data(parser)
    parser.add_argument(
        "--html", type=Path, metavar="FILE", default=Path("comparison.html"), help="the page (comparison.html)"
    )


def main(options: argparse.Namespace) -> int:
    """Compare, print and write the page; return the exit status.

    Raises:
        HbacError: an experiment is named twice or has no results, no rows are common to all, or the page cannot be
            written.
    """
    from hbac_assets.report.comparison import compare, comparison_page

    require_writable("--html", options.html)
    comparison = compare(_lineages(options.experiments))
    print(_table(comparison))
    write_text(options.html, comparison_page(comparison))
    print(f"with charts: {options.html}")
    return 0


def _lineages(names: list[str]) -> "list[Lineage]":
    from hbac_assets.resources.environment import resources_from_environment
    from hbac_assets.resources.experiment import ExperimentChoice
    from hbac_assets.resources.views import Workspace

    resources = resources_from_environment()
    miniature = resources["experiment"].miniature
    choices = [ExperimentChoice(name=name, miniature=miniature) for name in names]
    lineages = [Workspace.of(resources | {"experiment": choice}).lineage() for choice in choices]
    found = [lineage.experiment.name for lineage in lineages]
    if len(found) < 2 or len(set(found)) < len(found):
        raise HbacError(
            f"hbac compare: expected two different experiments or more, found {', '.join(found)}; name them"
        )
    return lineages


def _table(comparison: "Comparison") -> str:
    found = comparison.found
    own = ", ".join(f"{rows} of {name}" for name, rows in comparison.rows.items())
    return "\n".join(
        [
            "",
            f"KL divergence of the {found.rows} rows, {found.patients} patients, that all have predicted (lower is "
            "better; 95 % intervals)",
            f"of these rows: {own}",
            "",
            *columns(model_lines(found)),
            "",
        ]
    )
