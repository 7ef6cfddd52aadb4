"""Galleries of single rows with their EEG: typical rows of each class, and a model's worst errors."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from dagster import AssetExecutionContext, DataVersion, MarkdownMetadataValue

from hbac_assets.assets.fold_models import DATA_VERSION_TAG
from hbac_assets.assets.metadata import pictures
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.competition.parquet_file import RecordingError
from hbac_assets.figures import few_colours_png
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.lineage import Lineage
from hbac_assets.report.cases import Case, opened, raw, typical_rows, worst_misses
from hbac_assets.report.charts.cases import gallery_picture

TRIED, WORST, WORST_LISTED = 5, 3, 10
COLOURS = 32
SEEN = (
    "the votes, the labelled 10 s of EEG in the double banana (left hemisphere in blue above midline and right; the "
    "bar is the scale), and the ten minutes of spectrogram around them, between the dashed lines"
)


def drawn_once(
    context: AssetExecutionContext, name: str, version: DataVersion, draw: Callable[[], MarkdownMetadataValue]
) -> MarkdownMetadataValue:
    """Return the pictures of the asset's last materialization if its data are unchanged, otherwise draw them."""
    event = context.instance.get_latest_materialization_event(context.asset_key)
    last = event.asset_materialization if event else None
    if last and (last.tags or {}).get(DATA_VERSION_TAG) == version.value:
        there = last.metadata.get(name)
        if isinstance(there, MarkdownMetadataValue):
            return there
    return draw()


def typical_gallery(rows: pd.DataFrame, folder: Path) -> MarkdownMetadataValue:
    """Return a typical row of each class with its readable recordings.

    Args:
        rows: of train.csv, enriched.
        folder: the competition's files.
    """
    found = []
    for name, candidates in typical_rows(rows, TRIED).items():
        case = _first_readable(folder, candidates)
        if case:
            votes = f"{case.row[SHARE_COLUMNS[CLASSES.index(name)]]:.0%} of {case.row['vote_count']} votes"
            title = f"{name}: {votes}, EEG {case.row['eeg_id']}, patient {case.row['patient_id']}"
            found.append((_png(case, title), f"**{name}**: {SEEN}."))
    return pictures(found)


def worst_gallery(lineage: Lineage, predicted: pd.DataFrame, model: str) -> MarkdownMetadataValue:
    """Return a model's worst errors with their recordings, one row per patient.

    Args:
        lineage: the experiment's.
        predicted: out-of-fold rows of the model, with the offsets of their windows.
        model: its name.
    """
    found = []
    for _, row in worst_misses(predicted, WORST).iterrows():
        case = opened(lineage, row)
        voted, said = _voted_and_predicted(row)
        title = f"experts {voted}, {model} {said}: KL {row['kl']:.2f}, label {row['label_id']}"
        found.append((_png(case, title), f"Label {row['label_id']}: {SEEN}. The model or the votes may be wrong."))
    return pictures(found)


def worst_rows(predicted: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of highest KL divergence, worst first: label_id, eeg_id, experts, model, votes, kl."""
    worst = predicted.nlargest(WORST_LISTED, "kl")
    said = [_voted_and_predicted(row) for _, row in worst.iterrows()]
    return pd.DataFrame(
        {
            "label_id": worst["label_id"].to_numpy(),
            "eeg_id": worst["eeg_id"].to_numpy(),
            "experts": [voted for voted, _ in said],
            "prediction": [predicted for _, predicted in said],
            "vote_count": worst["vote_count"].to_numpy(),
            "kl": worst["kl"].round(3).to_numpy(),
        }
    )


def _voted_and_predicted(row: "pd.Series[float]") -> tuple[str, str]:
    """Return the class with the most votes and the one of highest probability, each with its percentage."""
    texts = []
    for columns in (SHARE_COLUMNS, PROBABILITY_COLUMNS):
        values = [float(row[column]) for column in columns]
        most = max(values)
        texts.append(f"{CLASSES[values.index(most)]} {most:.0%}")
    return texts[0], texts[1]


def _first_readable(folder: Path, candidates: pd.DataFrame) -> Case | None:
    for _, row in candidates.iterrows():
        try:
            return raw(folder, row)
        except RecordingError:
            continue
    return None


def _png(case: Case, title: str) -> bytes:
    return few_colours_png(gallery_picture(case, title), COLOURS)
