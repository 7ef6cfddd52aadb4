"""The workspace: resources combined."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from dagster import InitResourceContext, resource

from hbac_assets.errors import HbacError
from hbac_assets.lineage import Lineage
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store


@dataclass(frozen=True)
class Workspace:
    """The chosen experiment on the chosen data, with the store of its results."""

    competition: CompetitionData
    store: Store
    experiment: ExperimentChoice

    @classmethod
    def of(cls, resources: Mapping[str, Any]) -> Self:
        """Return the workspace of resources by name."""
        return cls(resources["competition"], resources["store"], resources["experiment"])

    def data_key(self) -> str:
        """Return the name of the data set in the store; empty before `competition_data` is materialized."""
        try:
            return self.competition.dataset(self.store).key
        except HbacError:
            return ""

    def lineage(self) -> Lineage:
        """Return the artifacts of the experiment on the data.

        Raises:
            HbacError: `competition_data` is not materialized yet, the experiment's file is invalid, or the results of
                its name belong to another file.
        """
        dataset, loaded = self.competition.dataset(self.store), self.experiment.load()
        self.experiment.claim(loaded.name, self.store.root)
        return Lineage(self.store.root, dataset, loaded)


@resource(required_resource_keys={"competition", "store", "experiment"})
def workspace(context: InitResourceContext) -> Workspace:
    """Data, store and experiment together, as these resources are configured for the run."""
    resources = context.resources
    return Workspace(resources.competition, resources.store, resources.experiment)
