"""Kaggle's parquet spectrograms converted to npy arrays."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.competition import train_metadata
from hbac_assets.assets.metadata import counts, picture, preview, stored_table
from hbac_assets.assets.set_aside import Tolerance, set_aside_metadata, write_set_aside
from hbac_assets.assets.step import Progress, data_version, stage
from hbac_assets.competition.arrays import SpectrogramFacts, convert_spectrogram
from hbac_assets.competition.conversion import Converter, convert_all
from hbac_assets.competition.pictures import spectrogram_image
from hbac_assets.competition.set_aside import files_set_aside, require_tolerable
from hbac_assets.lineage import CODE_VERSIONS, Lineage, Split
from hbac_assets.resources.views import Workspace
from hbac_assets.signals.spectrogram_grid import WINDOW_COLUMNS
from hbac_assets.store.tables import read_table, write_if_changed

FOLDERS: dict[Split, str] = {"train": "train_spectrograms", "test": "test_spectrograms"}


@stage(
    deps=[train_metadata],
    group="data",
    page="docs/inputs.md",
    kinds={"parquet", "numpy"},
)
def npy_spectrograms(
    context: AssetExecutionContext,
    config: Tolerance,
    workspace: ResourceParam[Workspace],
) -> MaterializeResult:
    """One float32 array (400, T) for each training spectrogram, frequency first, NaN replaced by 0, power in µV²/Hz.

    Arrays that are complete and up to date are kept. Unreadable files are set aside and listed; more than a set
    fraction of them ends the run after all others are converted. The test set is converted when its rows are predicted.
    """
    lineage = workspace.lineage()
    ids = read_table(lineage.train_metadata)["spectrogram_id"].drop_duplicates()
    with workspace.store.exclusive(lineage.dataset_folder, "npy_spectrograms", context.log.info):
        converted, set_aside = convert_spectrograms(ids, lineage, "train", context.log)
        write_set_aside(set_aside, lineage.spectrograms(), context.log)
        require_tolerable("npy_spectrograms: files", set_aside, len(ids), config.tolerated_share)
        write_if_changed(converted, lineage.spectrograms())
    metadata = _metadata(lineage, converted, set_aside)
    return MaterializeResult(data_version=data_version(lineage.spectrograms()), metadata=metadata)


def convert_spectrograms(
    ids: pd.Series, lineage: Lineage, split: Split, log: logging.Logger, least_columns: int = WINDOW_COLUMNS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Convert the spectrograms of a split; return the outcome of each, and the files set aside."""

    def convert(source: Path, target: Path) -> SpectrogramFacts:
        return convert_spectrogram(source, target, least_columns)

    converter = Converter("spectrogram_id", SpectrogramFacts, convert, CODE_VERSIONS["npy_spectrograms"])
    sources = [lineage.dataset.folder / FOLDERS[split] / f"{one}.parquet" for one in ids]
    progress = Progress(log, "spectrograms")
    converted, failures = convert_all(sources, lineage.spectrogram_folder(split), converter, progress=progress)
    return converted.astype({"spectrogram_id": ids.dtype}), files_set_aside(
        failures["file"], "spectrogram unreadable", failures["reason"]
    )


def _metadata(lineage: Lineage, converted: pd.DataFrame, set_aside: pd.DataFrame) -> dict[str, Any]:
    first = converted["spectrogram_id"].iloc[0]
    power = np.load(lineage.spectrogram_folder() / f"{first}.npy", allow_pickle=False)
    return {
        "example": picture(
            spectrogram_image(power, title=f"spectrogram {first}"),
            "The power of four chains of electrodes over one recording: left and right lateral (LL, RL), left and "
            "right parasagittal (LP, RP).",
        ),
        **counts(
            {
                "spectrograms": len(converted),
                "minutes of recording": float(converted["columns"].sum() / 30),
                "fraction of NaN": float(np.average(converted["nan_share"], weights=converted["columns"])),
                "spectrograms with gaps": int((converted["gaps"] != "").sum()),
            }
        ),
        **set_aside_metadata(set_aside),
        "preview": preview(converted),
        "path": MetadataValue.path(lineage.spectrogram_folder()),
        **stored_table(converted),
    }
