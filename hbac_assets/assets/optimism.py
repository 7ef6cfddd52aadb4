"""How optimistic the scores of members are whose best epochs predict: these were chosen on the rows that are scored."""

import pandas as pd
from dagster import TableMetadataValue

from hbac_assets.assets.history import read_history
from hbac_assets.assets.metadata import table
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.scoring.optimism import EpochChoice, epoch_choice
from hbac_assets.store.tables import read_table


def chosen_epochs(lineage: Lineage) -> dict[str, EpochChoice]:
    """Return, for each member that is scored by its best epochs, what choosing them on other folds would give."""
    experiment = lineage.experiment
    rows = read_table(lineage.folds)["fold"].value_counts()
    folds = range(experiment.folds)
    found = {}
    for member, settings in experiment.members.items():
        if settings.scored_epoch == "best":
            losses = [read_history(lineage, Cell(member, fold))["val_loss"].to_numpy() for fold in folds]
            found[member] = epoch_choice(losses, [int(rows.get(fold, 0)) for fold in folds])
    return found


def optimism_metadata(epochs: dict[str, EpochChoice]) -> dict[str, TableMetadataValue]:
    """Return both validation losses of these members and their difference, as a table; nothing where there are none."""
    if not epochs:
        return {}
    rows = [{"member": member, **one._asdict(), "optimism": one.optimism} for member, one in epochs.items()]
    return {"epochs chosen on the scored fold, and on the others": table(pd.DataFrame(rows))}
