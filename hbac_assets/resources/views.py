"""What the resources say together."""

from hbac_assets.lineage import Lineage
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store


def lineage_of(competition: CompetitionData, store: Store, experiment: ExperimentChoice) -> Lineage:
    """Return the artifacts of the chosen experiment on the chosen data.

    Raises:
        HbacError: `competition_data` was not materialized yet, the experiment's file is at fault, or the results of its
            name are those of another file.
    """
    dataset, loaded = competition.dataset(store), experiment.load()
    experiment.claim(loaded.name, store.root)
    return Lineage(store.root, dataset, loaded)
