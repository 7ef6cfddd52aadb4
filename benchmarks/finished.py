"""The artifacts of a named experiment that is trained."""

from hbac_assets.lineage import Lineage
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.views import Workspace


def finished(experiment: str) -> Lineage:
    """Return the artifacts of an experiment, not in miniature, on the data and in the store of the environment.

    Raises:
        HbacError: its out-of-fold predictions are not up to date, or a variable is invalid.
    """
    resources = resources_from_environment() | {"experiment": ExperimentChoice(name=experiment, miniature=False)}
    lineage = Workspace.of(resources).lineage()
    lineage.oof.require()
    return lineage
