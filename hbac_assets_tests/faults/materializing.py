"""Materializing the data's assets in this process, on a download of which something is spoilt."""

from dataclasses import dataclass
from pathlib import Path

import yaml
from dagster import AssetKey, DagsterInstance, materialize

from hbac_assets.assets.competition import competition_data, train_metadata
from hbac_assets.assets.eeg_spectrograms import eeg_spectrograms
from hbac_assets.assets.folds import fold_assignments
from hbac_assets.assets.spectrograms import npy_spectrograms
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.run import first_failure
from hbac_assets_tests.projects import RECORDINGS

DATA_ASSETS = [competition_data, train_metadata, npy_spectrograms, eeg_spectrograms, fold_assignments]
BOTH_INPUTS = {
    "description": "A member of both inputs.",
    "folds": 2,
    "members": {
        "small": {"backbone": "mobilenet_v3_small", "epochs": 1, "preprocessing": {"input": "both", "eeg": {}}}
    },
}


@dataclass(frozen=True)
class Outcome:
    """What came of a materialization.

    Attributes:
        failure: the one line of the first step that failed; empty where none did.
        left_out: how many files each conversion left out.
    """

    failure: str
    left_out: dict[str, int]


def materialize_data(download: Path, folder: Path, tolerated_failures: float = 0.0) -> Outcome:
    """Materialize everything up to the folds of an experiment that sees spectrograms and EEGs.

    Args:
        download: the raw files.
        folder: where the store lies.
        tolerated_failures: the share of the files that may be unreadable.
    """
    folder.mkdir(exist_ok=True)
    experiment = folder / "both.yaml"
    experiment.write_text(yaml.safe_dump(BOTH_INPUTS))
    tolerated = {"config": {"tolerated_failures": tolerated_failures}}
    with DagsterInstance.ephemeral() as instance:
        result = materialize(
            DATA_ASSETS,
            resources={
                "competition": CompetitionData(folder=str(download), synthetic_recordings=RECORDINGS),
                "store": Store(folder=str(folder / "store")),
                "experiment": ExperimentChoice(name=str(experiment), miniature=False),
            },
            run_config={"ops": {"npy_spectrograms": tolerated, "eeg_spectrograms": tolerated}},
            instance=instance,
            raise_on_error=False,
        )
    if not result.success:
        return Outcome(first_failure(result.all_events), {})
    left_out = {}
    for asset in ("npy_spectrograms", "eeg_spectrograms"):
        (materialization,) = result.asset_materializations_for_node(asset)
        assert materialization.asset_key == AssetKey(asset)
        left_out[asset] = int(str(materialization.metadata["unreadable files"].value))
    return Outcome("", left_out)
