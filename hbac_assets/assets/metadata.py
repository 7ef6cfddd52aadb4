"""How results are shown in Dagster: tables and pictures that people see before they read."""

import base64
import math
from typing import Any

import pandas as pd
from dagster import (
    MarkdownMetadataValue,
    MetadataValue,
    TableColumn,
    TableMetadataValue,
    TableRecord,
    TableSchema,
)

PREVIEW_ROWS = 8


def picture(png: bytes) -> MarkdownMetadataValue:
    """Return a PNG as a Markdown image that carries its own data."""
    return MetadataValue.md(f"![](data:image/png;base64,{base64.b64encode(png).decode()})")


def table(frame: pd.DataFrame) -> TableMetadataValue:
    """Return a whole, short table; it may be empty."""
    if frame.empty:  # whose columns Dagster cannot see in records
        columns = [TableColumn(str(name)) for name in frame.columns]
        return MetadataValue.table([], TableSchema(columns=columns))
    records = [TableRecord({str(key): _plain(value) for key, value in row.items()}) for row in frame.to_dict("records")]
    return MetadataValue.table(records)


def preview(frame: pd.DataFrame) -> TableMetadataValue:
    """Return the first rows of a long table."""
    return table(frame.head(PREVIEW_ROWS))


def _plain(value: Any) -> Any:
    """Return what a table cell can hold: a text, a number, a truth value or nothing."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value if isinstance(value, str | int | bool | None) else str(value)
