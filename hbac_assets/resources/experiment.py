"""Which experiment a run is about."""

from dagster import ConfigurableResource
from pydantic import Field

from hbac_assets.experiments.loading import load_experiment
from hbac_assets.experiments.schema import Experiment


class ExperimentChoice(ConfigurableResource):
    """The chosen experiment: `HBAC_EXPERIMENT` and `HBAC_MINIATURE`, or this resource's config at launch."""

    name: str = Field("quickstart", description="the name of an experiment, or the path of your own .yaml file")
    miniature: bool = Field(False, description="shrink the experiment to minutes, through the same code")

    def load(self) -> Experiment:
        """Read and check the experiment's file."""
        return load_experiment(self.name, miniature=self.miniature)
