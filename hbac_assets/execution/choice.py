"""The choice of executor: processes on this machine, or jobs on a cluster."""

import os

from dagster import ExecutorDefinition

from hbac_assets.execution.executor import step_processes
from hbac_assets.resources.cluster import RAY, require_address


def chosen_executor() -> ExecutorDefinition:
    """Return the executor chosen by the environment.

    Raises:
        HbacError: the cluster's address is invalid, or its extra is not installed.
    """
    if not (address := os.environ.get(RAY)):
        return step_processes
    require_address(address)
    from hbac_assets.execution.cluster.executor import ray_jobs

    return ray_jobs
