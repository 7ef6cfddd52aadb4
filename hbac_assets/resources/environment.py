"""The environment variables that set up a run, read once when the code location loads.

MLflow's and Dagster's own variables are theirs to read; only the tracking URI has a default here.
"""

import os
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from hbac_assets.errors import HbacError
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.paths import DATA_FOLDER, absolute
from hbac_assets.resources.store import Store
from hbac_assets.resources.tracking import Tracking
from hbac_assets.synthetic import SyntheticSettings

TRUTH = {"": False, "0": False, "1": True}


def resources_from_environment(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the resources by the names under which the assets ask for them.

    Raises:
        HbacError: a variable has an impossible value; names it, what it may be and what was found.
    """

    def value(name: str, default: str) -> str:
        return environment.get(name) or default

    folder = environment.get("HBAC_DATA_DIR")
    recordings = str(SyntheticSettings.model_fields["recordings"].default)
    try:
        return {
            "competition": CompetitionData(
                folder=str(absolute(folder)) if folder else "",
                synthetic_recordings=int(value("HBAC_SYNTHETIC_RECORDINGS", recordings)),
            ),
            "store": Store(folder=str(absolute(value("HBAC_STORE", str(DATA_FOLDER / "store"))))),
            "experiment": ExperimentChoice(
                name=value("HBAC_EXPERIMENT", "quickstart"), miniature=TRUTH[value("HBAC_MINIATURE", "")]
            ),
            "accelerator": Accelerator(
                device=value("HBAC_DEVICE", "auto"),  # type: ignore[arg-type]
                precision=value("HBAC_PRECISION", "auto"),  # type: ignore[arg-type]
            ),
            "tracking": Tracking(
                uri=value("MLFLOW_TRACKING_URI", f"sqlite:///{DATA_FOLDER / 'mlflow.db'}"),
                artifact_folder=str(DATA_FOLDER / "mlartifacts"),
            ),
        }
    except (ValidationError, ValueError, KeyError) as error:
        found = {name: text for name, text in environment.items() if name.startswith("HBAC_")}
        raise HbacError(f"environment: an impossible value among {found}: {' '.join(str(error).split())}") from error
