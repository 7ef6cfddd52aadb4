"""Materializing the data's assets in this process, on a damaged download."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml
from dagster import DagsterInstance, materialize

from hbac_assets.assets.competition import competition_data, train_metadata
from hbac_assets.assets.eeg_spectrograms import eeg_spectrograms
from hbac_assets.assets.folds import fold_assignments
from hbac_assets.assets.spectrograms import npy_spectrograms
from hbac_assets.competition.set_aside import COLUMNS
from hbac_assets.execution.failures import first_failure
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import workspace
from hbac_assets_tests.projects import RECORDINGS

DATA_ASSETS = [competition_data, train_metadata, npy_spectrograms, eeg_spectrograms, fold_assignments]
CONFIGURED = ("competition_data", "npy_spectrograms", "eeg_spectrograms", "fold_assignments")
BOTH_INPUTS = {
    "description": "A member of both inputs.",
    "folds": 2,
    "members": {
        "small": {"backbone": "mobilenet_v3_small", "epochs": 1, "preprocessing": {"input": "both", "eeg": {}}}
    },
}


@dataclass(frozen=True)
class Outcome:
    """The result of a materialization.

    Attributes:
        failure: the one line of the first failed step; empty if none failed.
        remarks: on unusual but accepted data, by the first asset.
        set_aside: the rows and files set aside, as in `competition.set_aside.COLUMNS`.
        rows: the number of rows in the folds.
    """

    failure: str
    remarks: str
    set_aside: pd.DataFrame
    rows: int


def materialize_data(download: Path, folder: Path, tolerated_share: float | None = None) -> Outcome:
    """Materialize everything up to the folds of an experiment that sees spectrograms and EEGs.

    Args:
        download: the raw files.
        folder: where the store lies.
        tolerated_share: of rows and files that may be set aside; None leaves the default.
    """
    folder.mkdir(exist_ok=True)
    experiment = folder / "both.yaml"
    experiment.write_text(yaml.safe_dump(BOTH_INPUTS))
    tolerated = {} if tolerated_share is None else {"config": {"tolerated_share": tolerated_share}}
    with DagsterInstance.ephemeral() as instance:
        result = materialize(
            DATA_ASSETS,
            resources={
                "competition": CompetitionData(folder=str(download), synthetic_recordings=RECORDINGS),
                "store": Store(folder=str(folder / "store")),
                "experiment": ExperimentChoice(name=str(experiment), miniature=False),
                "workspace": workspace,
            },
            run_config={"ops": dict.fromkeys(CONFIGURED, tolerated)},
            instance=instance,
            raise_on_error=False,
        )
    lists = [pd.read_csv(path) for path in (folder / "store").rglob("*.set_aside.csv")]
    set_aside = pd.concat(lists, ignore_index=True) if lists else pd.DataFrame(columns=list(COLUMNS))
    tables = result.asset_materializations_for_node("competition_data")
    remarks = str(tables[0].metadata["unusual but accepted"].value) if tables else ""
    if not result.success:
        return Outcome(first_failure(result.all_events), remarks, set_aside, 0)
    (folds,) = (folder / "store").rglob("folds.parquet")
    return Outcome("", remarks, set_aside, len(pd.read_parquet(folds)))
