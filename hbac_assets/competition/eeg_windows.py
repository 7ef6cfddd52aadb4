"""The labelled windows of a table's rows, and the conversion of their EEGs.

The conversion of one file belongs to `arrays`.
"""

from pathlib import Path

import pandas as pd

from hbac_assets.competition.arrays import EegFacts, convert_eeg
from hbac_assets.competition.conversion import Converter, Progress, convert_all
from hbac_assets.signals.eeg_arrays import Recipe
from hbac_assets.signals.montage import EEG_WINDOW


def numbered_windows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the distinct windows of rows: eeg_id, offset_seconds, and their index in the EEG's array."""
    windows = rows[["eeg_id", "eeg_label_offset_seconds"]].set_axis(["eeg_id", "offset_seconds"], axis=1)
    windows = windows.drop_duplicates().sort_values(["eeg_id", "offset_seconds"], ignore_index=True)
    return windows.assign(position=windows.groupby("eeg_id").cumcount())


def convert_eegs(
    windows: pd.DataFrame,
    source_folder: Path,
    target_folder: Path,
    recipe: Recipe,
    version: str,
    least_samples: int = EEG_WINDOW,
    progress: Progress = lambda done, total: None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Convert the windows of each EEG to one array by a recipe; returns and raises as `conversion.convert_all`.

    Args:
        windows: as `numbered_windows` returns them.
        source_folder: of the EEGs' files.
        target_folder: of the arrays.
        recipe: of spectrograms or waveforms.
        version: changes when the same EEG would give another array.
        least_samples: the minimum length, as for `arrays.convert_eeg`.
        progress: called after each file.
    """
    offsets = {str(eeg_id): list(of_one) for eeg_id, of_one in windows.groupby("eeg_id")["offset_seconds"]}

    def convert(source: Path, target: Path) -> EegFacts:
        return convert_eeg(source, target, recipe, offsets[source.stem], least_samples)

    sources = [source_folder / f"{eeg_id}.parquet" for eeg_id in offsets]
    return convert_all(sources, target_folder, Converter("eeg_id", EegFacts, convert, version), progress=progress)
