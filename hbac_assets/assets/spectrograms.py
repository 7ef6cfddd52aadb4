"""From Kaggle's parquet spectrograms to npy arrays."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, Config, MaterializeResult, MetadataValue, asset
from pydantic import Field

from hbac_assets.assets.competition import competition_data
from hbac_assets.assets.metadata import picture, preview, table
from hbac_assets.assets.step import OWNERS, Progress, step
from hbac_assets.assets.tables import write_table
from hbac_assets.competition.conversion import convert_all
from hbac_assets.competition.pictures import spectrogram_image
from hbac_assets.competition.tables import read_test, read_train
from hbac_assets.errors import HbacError
from hbac_assets.lineage import CODE_VERSIONS, Lineage
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import lineage_of


class ConversionConfig(Config):
    """How much may be wrong with the raw files."""

    tolerated_failures: float = Field(
        0.01,
        ge=0,
        le=1,
        description="share of the files that may be unreadable; they are left out of the folds",
    )


@asset(
    deps=[competition_data],
    group_name="data",
    kinds={"parquet", "numpy"},
    owners=OWNERS,
    code_version=CODE_VERSIONS["npy_spectrograms"],
)
@step
def npy_spectrograms(
    context: AssetExecutionContext,
    config: ConversionConfig,
    competition: CompetitionData,
    store: Store,
    experiment: ExperimentChoice,
) -> MaterializeResult:
    """One float32 array (400, T) for each spectrogram, frequency first, NaN replaced by 0, power in µV²/Hz.

    Arrays that are whole and up to date are kept. Unreadable files are listed; a few are left out of the folds, more
    than a set share fail the asset once all others are converted.
    """
    lineage = lineage_of(competition, store, experiment)
    sources = spectrogram_files(lineage.dataset.folder)
    converted, failures = convert_all(
        sources, lineage.spectrogram_folder, os.cpu_count() or 1, Progress(context.log, "spectrograms")
    )
    for failure in failures.itertuples():
        context.log.warning(f"left out: {failure.reason}")
    _refuse_too_many(failures, len(sources), config.tolerated_failures)
    artifact = lineage.spectrograms
    if not (artifact.is_current() and pd.read_parquet(artifact.path).equals(converted)):
        write_table(converted, artifact)
    return MaterializeResult(metadata=_metadata(lineage, converted, failures))


def spectrogram_files(folder: Path) -> list[Path]:
    """Return the spectrogram files that the tables of a folder in Kaggle's layout name, test files last."""
    train = read_train(folder / "train.csv")["spectrogram_id"].unique()
    test = read_test(folder / "test.csv")["spectrogram_id"].unique()
    return [
        *(folder / "train_spectrograms" / f"{one}.parquet" for one in train),
        *(folder / "test_spectrograms" / f"{one}.parquet" for one in test),
    ]


def _refuse_too_many(failures: pd.DataFrame, files: int, tolerated: float) -> None:
    if len(failures) > tolerated * files:
        raise HbacError(
            f"npy_spectrograms: {len(failures)} of {files} files are unreadable, at most {tolerated:.1%} are tolerated "
            f"(tolerated_failures); the first: {failures['reason'].iloc[0]}"
        )


def _metadata(lineage: Lineage, converted: pd.DataFrame, failures: pd.DataFrame) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "path": MetadataValue.path(lineage.spectrogram_folder),
        "spectrograms": len(converted),
        "unreadable files": len(failures),
        "minutes of recording": float(converted["columns"].sum() / 30),
        "share of NaN": float(np.average(converted["nan_share"], weights=converted["columns"])),
        "preview": preview(converted),
    }
    if len(failures):
        metadata["left out"] = table(failures)
    first = int(converted["spectrogram_id"].iloc[0])
    power = np.load(lineage.spectrogram_folder / f"{first}.npy", allow_pickle=False)
    metadata["example"] = picture(spectrogram_image(power, title=f"spectrogram {first}"))
    return metadata
