"""MLflow's experiment of the name that ours has, and where it keeps its artifacts.

A server keeps them itself, so that every client finds them. For a database they lie in a folder of this machine.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hbac_assets.errors import HbacError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

# Makes MLflow's pages open on training runs.
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}


def find_or_create(client: "MlflowClient", name: str, folder: Path | None) -> "Experiment":
    """Return MLflow's experiment `name`, creating it if it is new.

    Args:
        client: of MLflow.
        name: the experiment's.
        folder: below which a new one keeps its artifacts; None leaves their place to the server.

    Raises:
        HbacError: a user has deleted it.
    """
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        location = (folder / name).as_uri() if folder else None
        try:
            client.create_experiment(name, artifact_location=location, tags=EXPERIMENT_TAGS)
        except MlflowException:
            if client.get_experiment_by_name(name) is None:  # else another process was faster
                raise
        found = client.get_experiment_by_name(name)
    if found.lifecycle_stage == "deleted":
        number = found.experiment_id
        raise HbacError(
            f"the experiment {name} is deleted there; bring it back with `mlflow experiments restore --experiment-id "
            f"{number}` or, for a new one, delete it for good with `mlflow gc --experiment-ids {number}` where its "
            "database is"
        )
    return found


def artifacts_fault(experiment: "Experiment", folder: Path | None) -> str:
    """Return why an experiment's artifacts cannot be written from here; empty if they can.

    An experiment may keep them in a folder of the machine on which it was made, or of the server. Writing to that
    path here would succeed, where this user may, and nobody would find them.

    Args:
        experiment: in MLflow.
        folder: below which those that are created here keep them.
    """
    location = experiment.artifact_location
    parts = urlsplit(location)
    if parts.scheme not in ("", "file"):
        return ""
    parent = Path(url2pathname(parts.path) if parts.scheme else location).parent
    if parent == folder or (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
        return ""
    return (
        f"the experiment {experiment.name} keeps pictures, tables and models in {location}, which cannot be written "
        f"from here; make that folder writable here, or let a server keep them (`mlflow server --serve-artifacts`) and "
        f"rename the experiment (`mlflow experiments rename --experiment-id {experiment.experiment_id} --new-name …`)"
    )
