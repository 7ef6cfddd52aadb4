"""The MLflow experiment of the same name, and its artifact folder.

A server keeps artifacts itself, so that every client finds them. For a database they are in a folder of this machine.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hbac_assets.errors import HbacError
from hbac_assets.resources.tracking_uri import masked

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

VIEW = "scores"
"""The name of the saved view in addresses of MLflow's UI."""
_SHOWN = {
    "metrics": ("oof_kl", "oof_kl_low", "oof_kl_high", "prior_to_floor", "fold_kl", "val_loss_mean", "val_loss_std"),
    "tags": ("fold", "superseded"),
    "attributes": ("Duration",),
}
_STATE = {
    "orderByKey": "metrics.`oof_kl`",
    "orderByAsc": True,
    "startTime": "ALL",
    "lifecycleFilter": "Active",
    "selectedColumns": [f"{kind}.`{name}`" for kind, names in _SHOWN.items() for name in names],
}
# The first makes MLflow's UI open on training runs; the second is a view of them, best score first, as its button
# "Share" saves it.
EXPERIMENT_TAGS = {
    "mlflow.experimentKind": "custom_model_development",
    f"mlflow.sharedViewState.{VIEW}": json.dumps(_STATE),
}


def find_or_create(client: "MlflowClient", name: str, folder: Path | None) -> "Experiment":
    """Return MLflow's experiment `name`, creating it if it is new.

    Args:
        client: of MLflow.
        name: the experiment's.
        folder: for the artifacts of a new one; None leaves their place to the server.

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
            if client.get_experiment_by_name(name) is None:  # otherwise another process was faster
                raise
        found = client.get_experiment_by_name(name)
    for tag, value in EXPERIMENT_TAGS.items():
        if found.lifecycle_stage != "deleted" and found.tags.get(tag) != value:
            client.set_experiment_tag(found.experiment_id, tag, value)
    if found.lifecycle_stage == "deleted":
        number = found.experiment_id
        raise HbacError(
            f"the experiment {name} is deleted there; bring it back with `mlflow experiments restore --experiment-id "
            f"{number}` or, for a new one, delete it for good with `mlflow gc --experiment-ids {number}` where its "
            "database is"
        )
    return found


def pages_address(uri: str) -> str:
    """Return the address of MLflow's UI: its server, or that of `hbac ui` for a database."""
    if uri.startswith("http"):
        return masked(uri).rstrip("/")
    return f"http://127.0.0.1:{os.environ.get('HBAC_MLFLOW_PORT') or 5000}"


def scores_page(server: str, experiment_id: str) -> str:
    """Return the address of an experiment's runs in MLflow's UI, best score first.

    Args:
        server: the address of MLflow's UI.
        experiment_id: the experiment's.
    """
    return f"{server}/#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={VIEW}"


def artifacts_fault(experiment: "Experiment", folder: Path | None) -> str:
    """Return why an experiment's artifacts cannot be written from here; empty if they can.

    An experiment may keep them in a folder of another machine. Writing to that path here could succeed, but nobody
    would find them.

    Args:
        experiment: in MLflow.
        folder: of the artifacts of experiments created here.
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
