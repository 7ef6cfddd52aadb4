"""The workspace consists of the resources as configured for the run."""

from dagster import ResourceParam, asset, materialize

from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.resources.views import Workspace


@asset
def chosen(workspace: ResourceParam[Workspace]) -> None:
    experiment = workspace.experiment.load()
    assert experiment.name == "odu-miniature"
    assert str(workspace.store.root) == "/elsewhere"


def test_config_at_launch_reaches_the_workspace() -> None:
    given = {"experiment": {"name": "odu", "miniature": True}, "store": {"folder": "/elsewhere"}}
    config = {"resources": {name: {"config": values} for name, values in given.items()}}
    assert materialize([chosen], resources=resources_from_environment({}), run_config=config).success
