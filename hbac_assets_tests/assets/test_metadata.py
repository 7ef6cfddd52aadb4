"""Dagster metadata of tables, numbers and pictures."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dagster import FloatMetadataValue, IntMetadataValue
from PIL import Image

from hbac_assets.assets.columns import DESCRIPTIONS
from hbac_assets.assets.galleries import worst_rows
from hbac_assets.assets.grid import by_fold
from hbac_assets.assets.metadata import counts, picture, plotted, stored_table, table
from hbac_assets.competition.metadata import enrich
from hbac_assets.experiments.loading import load_experiment
from hbac_assets.labels import PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.lineage import Dataset, Lineage

FRAME = pd.DataFrame({"label_id": [1, 2], "kl": [0.123456, np.nan], "agreement": ["edge", "proto"]})


def lineage_of(experiment, fingerprint):
    dataset = Dataset("kaggle", Path("/data"), fingerprint, "t")
    return Lineage(Path("/store"), dataset, load_experiment(experiment))


def test_plots_of_different_experiments_or_data_have_different_names():
    names = {
        next(iter(plotted(lineage_of(experiment, data), {"ensemble": 0.5})))
        for experiment in ("quickstart", "odu")
        for data in ("a" * 16, "b" * 16)
    }
    assert len(names) == 4


def test_no_other_number_is_plotted():
    shown = counts({"rows": 1781, "MB": 1.23456, "small": 1.5e-7})
    assert [one.value for one in shown.values()] == ["1,781", "1.235", "1.5e-07"]
    assert not any(isinstance(one, IntMetadataValue | FloatMetadataValue) for one in shown.values())


@pytest.mark.parametrize(("first", "key"), [(True, "dagster/column_schema"), (False, "columns")])
def test_columns_have_types_and_descriptions(first, key):
    shown = stored_table(FRAME, columns_first=first)
    assert shown["dagster/row_count"].value == 2
    columns = {one.name: one for one in shown[key].schema.columns}
    assert {name: one.type for name, one in columns.items()} == {
        "label_id": "int",
        "kl": "float",
        "agreement": "string",
    }
    assert columns["kl"].description == DESCRIPTIONS["kl"]


def test_cells_are_rounded_and_empty_tables_keep_their_columns():
    assert [one.data["kl"] for one in table(FRAME).records] == [0.1235, None]
    empty = table(FRAME.head(0))
    assert [one.name for one in empty.schema.columns] == list(FRAME)


def test_a_picture_is_small_and_below_its_sentence():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, format="PNG")
    text = picture(buffer.getvalue(), "Look.").value
    assert text.startswith("Look.\n\n![Look.](data:image/png;base64,")
    assert len(text) < 4 / 3 * len(buffer.getvalue())


def test_the_grid_has_a_row_for_each_member_with_the_deviation_of_a_sample():
    grid = pd.DataFrame({"member": ["b", "b", "a", "a"], "fold": [0, 1, 0, 1], "val_loss": [1.0, 3.0, 2.0, np.nan]})
    shown = by_fold(grid).set_index("member")
    assert list(shown.index) == ["b", "a"]
    assert shown.loc["b", ["mean", "std", "fold 0", "fold 1"]].tolist() == [2.0, pytest.approx(2**0.5), 1.0, 3.0]
    assert np.isnan(shown.loc["a", "fold 1"])


def test_the_worst_rows_show_votes_and_predictions():
    votes = pd.DataFrame(np.eye(6, dtype=int)[[0, 1, 2]] * 3, columns=list(VOTE_COLUMNS))
    rows = enrich(votes.assign(label_id=[1, 2, 3], eeg_id=[4, 5, 6]))
    rows[list(PROBABILITY_COLUMNS)] = np.eye(6)[[0, 2, 2]]
    worst = worst_rows(rows.assign(kl=[0.0, 9.0, 1.0]))
    assert worst["label_id"].tolist() == [2, 3, 1]
    assert worst.loc[0, ["experts", "prediction", "vote_count"]].tolist() == ["LPD 100%", "GPD 100%", 3]
