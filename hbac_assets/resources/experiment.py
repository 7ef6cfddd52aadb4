"""The choice of a run's experiment."""

from pathlib import Path

from dagster import ConfigurableResource
from pydantic import Field

from hbac_assets.errors import HbacError
from hbac_assets.experiments.claims import claim_of, claimed_file, is_there, write_claim
from hbac_assets.experiments.loading import available_experiments, load_experiment, own_file
from hbac_assets.experiments.schema import Experiment


class ExperimentChoice(ConfigurableResource):
    """The chosen experiment: `HBAC_EXPERIMENT` and `HBAC_MINIATURE`, or this resource's config at launch."""

    name: str = Field(
        "quickstart",
        description=f"one of {', '.join(available_experiments())}, or the path of your own .yaml file",
    )
    miniature: bool = Field(
        False,
        description="true reduces the experiment to minutes: 2 folds, few rows and steps, the same code; its "
        "results are named <name>-miniature (HBAC_MINIATURE)",
    )

    def claim(self, name: str, store: Path) -> None:
        """Record in the store that the results of a name belong to this file; packaged files need no record.

        The path is relative, so that a project moved as a whole keeps its results.

        Raises:
            HbacError: as for `require_unclaimed`.
        """
        self.require_unclaimed(name, store)
        mine, record = own_file(self.name), claim_of(name, store)
        if mine and claimed_file(record, store) != mine:
            write_claim(record, store, mine)

    def require_unclaimed(self, name: str, store: Path) -> None:
        """Require that the results of a name belong to no other file.

        A recorded file that no longer exists has been moved, and its results can be claimed.

        Raises:
            HbacError: they belong to another file, whose models would be overwritten.
        """
        mine, recorded = own_file(self.name), claimed_file(claim_of(name, store), store)
        if mine is None or recorded == mine:
            return
        if recorded and is_there(recorded):
            raise HbacError(
                f"HBAC_EXPERIMENT: expected a file whose name no other has, found {mine}: the results called {name} in "
                f"{store} are those of {recorded}, and would be overwritten; rename {mine} or set another HBAC_STORE"
            )

    def load(self) -> Experiment:
        """Read and check the experiment's file."""
        return load_experiment(self.name, miniature=self.miniature)
