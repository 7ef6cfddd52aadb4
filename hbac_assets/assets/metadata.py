"""Dagster metadata: tables, pictures and values."""

import base64
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from dagster import (
    MarkdownMetadataValue,
    MetadataValue,
    TableColumn,
    TableMetadataValue,
    TableRecord,
    TableSchema,
    TextMetadataValue,
)

from hbac_assets.assets.columns import DESCRIPTIONS
from hbac_assets.figures import with_few_colours
from hbac_assets.lineage import Lineage

PREVIEW_ROWS = 8


def picture(png: bytes, sentence: str) -> MarkdownMetadataValue:
    """Return a PNG as Markdown with embedded data, below a sentence that explains it."""
    return pictures([(png, sentence)])


def pictures(several: "list[tuple[bytes, str]]") -> MarkdownMetadataValue:
    """Return PNGs one below the other, each with its sentence."""
    parts = [
        f"{sentence}\n\n![{sentence}](data:image/png;base64,{base64.b64encode(with_few_colours(png)).decode()})"
        for png, sentence in several
    ]
    return MetadataValue.md("\n\n".join(parts))


def table(frame: pd.DataFrame) -> TableMetadataValue:
    """Return a short table in full; it may be empty."""
    records = [TableRecord({str(key): _plain(value) for key, value in row.items()}) for row in frame.to_dict("records")]
    return MetadataValue.table(records, schema(frame))


def preview(frame: pd.DataFrame) -> TableMetadataValue:
    """Return the first rows of a long table."""
    return table(frame.head(PREVIEW_ROWS))


def schema(frame: pd.DataFrame) -> TableSchema:
    """Return the columns of a table with their types and descriptions."""
    columns = [
        TableColumn(str(name), _type(values), description=DESCRIPTIONS.get(str(name))) for name, values in frame.items()
    ]
    return TableSchema(columns=columns)


def stored_table(frame: pd.DataFrame, *, columns_first: bool = True) -> dict[str, Any]:
    """Return the metadata of a stored table: columns and number of rows.

    Dagster shows the columns first unless `columns_first` is false.
    """
    return {
        "dagster/column_schema" if columns_first else "columns": MetadataValue.table_schema(schema(frame)),
        "dagster/row_count": MetadataValue.int(len(frame)),
    }


def counts(numbers: Mapping[str, float]) -> dict[str, TextMetadataValue]:
    """Return numbers as text, which Dagster does not plot: a curve would join different experiments and data."""
    return {
        name: MetadataValue.text(f"{value:,}" if isinstance(value, int) else f"{value:,.4g}")
        for name, value in numbers.items()
    }


def plotted(lineage: Lineage, scores: Mapping[str, float]) -> dict[str, float]:
    """Return scores under names that differ between experiments and data sets, so that no plot joins them."""
    of = f"{lineage.experiment.name} on {lineage.dataset.key}"
    return {f"KL, {model}, {of}": round(score, 4) for model, score in scores.items()}


def _type(values: "pd.Series[Any]") -> str:
    kinds = {"i": "int", "u": "int", "f": "float", "b": "bool"}
    return kinds.get(values.dtype.kind, "string")


def _plain(value: Any) -> Any:
    """Return a value as a table cell can hold it: text, number, boolean or None."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value if isinstance(value, str | int | bool | None) else str(value)
