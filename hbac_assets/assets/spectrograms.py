"""From Kaggle's parquet spectrograms to npy arrays."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, asset

from hbac_assets.assets.competition import competition_data
from hbac_assets.assets.conversion import ConversionConfig, log_left_out, refuse_too_many
from hbac_assets.assets.metadata import picture, preview, table
from hbac_assets.assets.step import OWNERS, Progress, step
from hbac_assets.assets.tables import write_if_changed
from hbac_assets.competition.arrays import SpectrogramFacts, convert_spectrogram
from hbac_assets.competition.conversion import Converter, convert_all
from hbac_assets.competition.pictures import spectrogram_image
from hbac_assets.competition.tables import read_test, read_train
from hbac_assets.lineage import CODE_VERSIONS, Lineage
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import lineage_of


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
    converter = Converter("spectrogram_id", SpectrogramFacts, convert_spectrogram, CODE_VERSIONS["npy_spectrograms"])
    with store.alone(lineage.dataset_folder, "npy_spectrograms", context.log.info):
        converted, failures = convert_all(
            sources, lineage.spectrogram_folder, converter, progress=Progress(context.log, "spectrograms")
        )
        log_left_out(failures, context.log)
        refuse_too_many("npy_spectrograms", failures, len(sources), config.tolerated_failures)
        write_if_changed(converted, lineage.spectrograms)
    return MaterializeResult(metadata=_metadata(lineage, converted, failures))


def spectrogram_files(folder: Path) -> list[Path]:
    """Return the spectrogram files that the tables of a folder in Kaggle's layout name, test files last."""
    train = read_train(folder / "train.csv")["spectrogram_id"].unique()
    test = read_test(folder / "test.csv")["spectrogram_id"].unique()
    return [
        *(folder / "train_spectrograms" / f"{one}.parquet" for one in train),
        *(folder / "test_spectrograms" / f"{one}.parquet" for one in test),
    ]


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
