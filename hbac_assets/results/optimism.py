"""The optimism of members that predict with their best epochs, which were chosen on the scored rows."""

from hbac_assets.lineage import Cell, Lineage
from hbac_assets.results.history import read_history
from hbac_assets.scoring.optimism import EpochChoice, epoch_choice
from hbac_assets.store.tables import read_table


def chosen_epochs(lineage: Lineage) -> dict[str, EpochChoice]:
    """Return, for each member scored at its best epochs, its loss with epochs chosen on the other folds."""
    experiment = lineage.experiment
    rows = read_table(lineage.folds)["fold"].value_counts()
    folds = range(experiment.folds)
    found = {}
    for member, settings in experiment.members.items():
        if settings.scored_epoch == "best":
            losses = [read_history(lineage, Cell(member, fold))["val_loss"].to_numpy() for fold in folds]
            found[member] = epoch_choice(losses, [int(rows.get(fold, 0)) for fold in folds])
    return found
