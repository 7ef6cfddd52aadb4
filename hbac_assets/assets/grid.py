"""The grid of an experiment: its cells, the choice of a launch, and their state."""

from collections.abc import Sequence

import pandas as pd

from hbac_assets.errors import HbacError
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.results.cells import figures

SHOWN = ("val_loss", "scored_epoch", "scored_stage", "stages", "ema_gain", "seconds")
"""The columns of the grid's table, besides the numbers of parameters."""


def chosen_cells(lineage: Lineage, members: Sequence[str], folds: Sequence[int]) -> list[Cell]:
    """Return the cells of `members` on `folds`, fold by fold; an empty choice means all of them.

    Steps start in this order: different members compile side by side, and later folds find the compiled programs.

    Raises:
        HbacError: the experiment has no such member or fold.
    """
    experiment = lineage.experiment
    for what, asked, allowed in (
        ("members", members, list(experiment.members)),
        ("folds", folds, list(range(experiment.folds))),
    ):
        unknown = [one for one in asked if one not in allowed]
        if unknown:
            raise HbacError(f"{what}: expected some of {allowed}, found {unknown}; correct the launch's config")
    return [
        cell
        for cell in sorted(lineage.cells, key=lambda cell: cell.fold)
        if cell.member in (members or experiment.members) and (not folds or cell.fold in folds)
    ]


def grid_table(lineage: Lineage) -> pd.DataFrame:
    """Return a row for each cell of the grid; values are NaN where the cell is missing or out of date."""
    return pd.DataFrame([_grid_row(lineage, cell) for cell in lineage.cells])


def by_fold(grid: pd.DataFrame) -> pd.DataFrame:
    """Return the validation losses of a `grid_table`: a row per member, with mean and standard deviation.

    The standard deviation has n - 1 degrees of freedom.
    """
    members = grid.groupby("member", sort=False)["val_loss"]
    losses = grid.pivot_table(index="member", columns="fold", values="val_loss", sort=False, dropna=False)
    losses.columns = [f"fold {fold}" for fold in losses.columns]
    return pd.concat([members.agg(["mean", "std"]), losses], axis=1).reset_index()


def missing_cells(lineage: Lineage) -> list[str]:
    """Return the keys of the cells that are missing or out of date."""
    return [cell.key for cell in lineage.cells if not lineage.cell(cell).is_current()]


def _grid_row(lineage: Lineage, cell: Cell) -> dict[str, object]:
    known = figures(lineage, cell) if lineage.cell(cell).is_current() else {}
    shown = {name: known.get(name) for name in SHOWN}
    return {"member": cell.member, "fold": cell.fold, **shown, **known.get("parameters", {})}
