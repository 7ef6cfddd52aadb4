"""The facts of a trained cell."""

from typing import Any

from hbac_assets.lineage import Cell, Lineage
from hbac_assets.results.history import lowest_epoch, read_history, stages_table


def figures(lineage: Lineage, cell: Cell) -> dict[str, Any]:
    """Return the facts of a trained cell: those recorded by its training, and those derived from its history.

    The latter are `scored_epoch` with its stage and `val_loss`, the epochs of each stage (`1-16, 17-24`), and the last
    `ema_gain` (NaN without averaged weights). The scored epoch can change without another training.
    """
    history = read_history(lineage, cell)
    best = lineage.experiment.members[cell.member].scored_epoch == "best"
    scored = lowest_epoch(history) if best else history.iloc[-1]
    stages = stages_table(history)
    chosen = {
        "scored_epoch": int(scored["epoch"]),
        "scored_stage": int(scored["stage"]),
        "val_loss": float(scored["val_loss"]),
        "stages": ", ".join(f"{stage.first_epoch}-{stage.last_epoch}" for stage in stages.itertuples()),
        "ema_gain": float(stages["ema_gain"].iloc[-1]),
    }
    return {**lineage.cell(cell).facts(), **chosen}
