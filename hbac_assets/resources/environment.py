"""The environment variables that configure a run, read once when the code location loads.

MLflow and Dagster read their own variables; only the tracking URI has a default here.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from dagster import EnvVar

from hbac_assets.errors import HbacError
from hbac_assets.resources.accelerator import Accelerator, Device, Precision
from hbac_assets.resources.cluster import RAY, require_address
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.dagster_home import SERVER_URI, require_server
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.paths import DEFAULT_PLACES, absolute, require_plain_paths
from hbac_assets.resources.store import Store
from hbac_assets.resources.tracking import Tracking
from hbac_assets.resources.tracking_uri import TRACKING_URI, require_usable
from hbac_assets.resources.views import workspace
from hbac_assets.synthetic.settings import FEWEST_RECORDINGS, SyntheticSettings


def resources_from_environment(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the resources by name.

    Raises:
        HbacError: a variable has an invalid value; names it, the allowed values and the one found.
    """

    def text(name: str, default: str) -> str:
        return environment.get(name) or default

    def choice(name: str, allowed: tuple[str, ...]) -> Any:
        value = text(name, allowed[0])
        if value not in allowed:
            raise HbacError(f"{name}: expected one of {', '.join(allowed)}, found '{value}'; correct it")
        return value

    def whole_number(name: str, default: int, least: int) -> int:
        value = text(name, str(default))
        if not (re.fullmatch("[0-9]{1,9}", value) and int(value) >= least):
            raise HbacError(f"{name}: expected a whole number, {least} or more, found '{value}'; correct it")
        return int(value)

    require_plain_paths(environment)
    folder = text("HBAC_DATA_DIR", "")
    recordings = SyntheticSettings().recordings
    if ray := text(RAY, ""):
        require_address(ray)
    if server := text(SERVER_URI, ""):
        require_server(server)
    store = _place("HBAC_STORE", text("HBAC_STORE", DEFAULT_PLACES["HBAC_STORE"]))
    return {
        "competition": CompetitionData(
            folder=str(_place("HBAC_DATA_DIR", folder)) if folder else "",
            synthetic_recordings=whole_number("HBAC_SYNTHETIC_RECORDINGS", recordings, FEWEST_RECORDINGS),
        ),
        "store": Store(folder=str(store)),
        "workspace": workspace,
        "experiment": ExperimentChoice(
            name=text("HBAC_EXPERIMENT", "quickstart"), miniature=choice("HBAC_MINIATURE", ("0", "1")) == "1"
        ),
        "accelerator": Accelerator(
            device=choice("HBAC_DEVICE", get_args(Device)),
            precision=choice("HBAC_PRECISION", get_args(Precision)),
            gpus_per_cell=whole_number("HBAC_GPUS_PER_CELL", 1, least=1),
            ray=ray,
        ),
        "tracking": Tracking(uri=_tracking_uri(environment), artifact_folder=str(store.parent / "mlartifacts")),
    }


def _place(name: str, path: str) -> Path:
    """Return the absolute path of a variable; the folder exists or can be created."""
    try:
        place = absolute(path)
        file = next((one for one in (place, *place.parents) if one.exists() and not one.is_dir()), None)
    except (OSError, RuntimeError) as error:  # a name that is too long, a loop of links, an unknown user
        raise HbacError(f"{name}: expected the path of a folder, found '{path}' ({error}); correct it") from error
    if file:
        raise HbacError(f"{name}: expected the path of a folder, found '{path}', where {file} is a file; correct it")
    return place


def _tracking_uri(environment: Mapping[str, str]) -> str:
    """Return the tracking URI, as a reference to its variable if set: it may contain a password."""
    uri = environment.get(TRACKING_URI) or DEFAULT_PLACES[TRACKING_URI]
    if environment.get(RAY) and uri.startswith("sqlite"):
        raise HbacError(
            f"{TRACKING_URI}: expected a database or an MLflow server that all nodes of {RAY} can write to, found "
            f"'{uri}', a file; set it to postgresql+psycopg2://user@host/database or http://host:5000"
        )
    if not environment.get(TRACKING_URI):
        return uri
    require_usable(uri, TRACKING_URI, environment)
    return EnvVar(TRACKING_URI)
