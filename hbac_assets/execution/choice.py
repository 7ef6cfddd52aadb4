"""Which executor runs the steps: processes of this machine, or jobs on the nodes of a cluster."""

import os

from dagster import ExecutorDefinition

from hbac_assets.execution.executor import step_processes
from hbac_assets.resources.cluster import RAY, require_address


def chosen_executor() -> ExecutorDefinition:
    """Return the executor that the environment asks for.

    Raises:
        HbacError: it asks for a cluster by what is no address, or without the extra.
    """
    if not (address := os.environ.get(RAY)):
        return step_processes
    require_address(address)
    from hbac_assets.execution.cluster.executor import ray_jobs

    return ray_jobs
