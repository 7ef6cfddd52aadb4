"""The origin of a run, by which Dagster's UI shows it on the timeline and under its job.

The UI finds a run by the code location of its job. Runs launched there have one; those of a command, in whose process
the job was loaded, do not (https://github.com/dagster-io/dagster/issues/17707).
"""

import sys

from dagster import DagsterInstance

# Private to Dagster: recorded with a run by its own launcher.
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from hbac_assets.resources.commit import code_commit

MODULE, REPOSITORY = "hbac_assets", "__repository__"
REPOSITORY_TAG, COMMIT_TAG = ".dagster/repository", "commit"
COMMIT_LETTERS = 12


def place_run(instance: DagsterInstance, run_id: str) -> None:
    """Record the code's commit with a run and, if missing, the code location of its job."""
    tags = {COMMIT_TAG: code_commit()[:COMMIT_LETTERS]}
    run = instance.get_run_by_id(run_id)
    placed = run is not None and run.remote_job_origin is not None
    if not placed:
        tags[REPOSITORY_TAG] = f"{REPOSITORY}@{MODULE}"
    instance.add_run_tags(run_id, tags)
    tagged = instance.get_run_by_id(run_id)
    if tagged is None or placed:
        return
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=MODULE)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, MODULE)
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY), tagged.job_name)
    instance.run_storage.replace_job_origin(tagged, origin)
