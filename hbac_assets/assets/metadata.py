"""How results are shown in Dagster: tables and pictures that people see before they read."""

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
    """Return a PNG as Markdown that carries its own data, below a sentence that says what to see in it."""
    return pictures([(png, sentence)])


def pictures(several: "list[tuple[bytes, str]]") -> MarkdownMetadataValue:
    """Return PNGs one below the other, each below its sentence."""
    parts = [
        f"{sentence}\n\n![{sentence}](data:image/png;base64,{base64.b64encode(with_few_colours(png)).decode()})"
        for png, sentence in several
    ]
    return MetadataValue.md("\n\n".join(parts))


def table(frame: pd.DataFrame) -> TableMetadataValue:
    """Return a whole, short table; it may be empty."""
    records = [TableRecord({str(key): _plain(value) for key, value in row.items()}) for row in frame.to_dict("records")]
    return MetadataValue.table(records, schema(frame))


def preview(frame: pd.DataFrame) -> TableMetadataValue:
    """Return the first rows of a long table."""
    return table(frame.head(PREVIEW_ROWS))


def schema(frame: pd.DataFrame) -> TableSchema:
    """Return the columns of a table with their types and what is known of them."""
    columns = [
        TableColumn(str(name), _type(values), description=DESCRIPTIONS.get(str(name))) for name, values in frame.items()
    ]
    return TableSchema(columns=columns)


def stored_table(frame: pd.DataFrame, *, columns_first: bool = True) -> dict[str, Any]:
    """Return what Dagster shows of a table: columns and number of rows.

    Its page has the columns above all else, unless something that matters more is to come first.
    """
    return {
        "dagster/column_schema" if columns_first else "columns": MetadataValue.table_schema(schema(frame)),
        "dagster/row_count": MetadataValue.int(len(frame)),
    }


def counts(numbers: Mapping[str, float]) -> dict[str, TextMetadataValue]:
    """Return numbers as text, which Dagster does not plot: a curve would join experiments and data that differ."""
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
    """Return what a table cell can hold: a text, a number, a truth value or nothing."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value if isinstance(value, str | int | bool | None) else str(value)
