"""The row on small runtimes: the windows that it compares on, its clock, and its lines."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from benchmarks.backbones import in_experiments, recipe_of
from benchmarks.forms_out_of_fold import kl_out_of_fold
from benchmarks.labelled_windows import labelled_windows
from benchmarks.rows import runtimes
from benchmarks.rows.runtimes import FORMS, of_backbone, timed
from hbac_assets.errors import HbacError
from hbac_assets.inference.forms import PRECISIONS, RUNTIMES, Form
from hbac_assets.inference.graphs import converting
from hbac_assets.learning.published_backbones import BACKBONES
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS, column_seconds
from hbac_assets.signals.window import Window
from hbac_assets_tests.learning.conftest import TINY


@pytest.fixture
def folder(tmp_path):
    """Four labels of two spectrograms, of which one is there."""
    (tmp_path / "train_spectrograms").mkdir()
    power = np.random.default_rng(0).lognormal(size=(400, 400)).astype(np.float32)
    table = pd.DataFrame(power, columns=list(SPECTROGRAM_COLUMNS))
    table.insert(0, "time", column_seconds(400))
    table.to_parquet(tmp_path / "train_spectrograms" / "7.parquet")
    rows = [(7, 0.0), (8, 0.0), (7, 20.0), (7, 60.0)]
    labels = pd.DataFrame(rows, columns=["spectrogram_id", "spectrogram_label_offset_seconds"])
    labels.to_csv(tmp_path / "train.csv", index=False)
    return tmp_path, power.T


def test_windows_are_of_the_rows_whose_recordings_are_there(folder):
    recipe = Preprocessing(image_size=(16, 12))
    expected = [
        recipe.kind.of_window(Window(spectrogram=folder[1][:, start : start + 300]), recipe) for start in (0, 10, 30)
    ]
    np.testing.assert_array_equal(labelled_windows(folder[0], recipe, 9), np.stack(expected))
    np.testing.assert_array_equal(labelled_windows(folder[0], recipe, 2), np.stack([expected[0], expected[2]]))


def test_every_form_that_there_is_is_measured():
    possible = []
    for runtime, precision in product(RUNTIMES, PRECISIONS):
        try:
            possible.append(Form(runtime, precision))
        except HbacError:
            assert (runtime, precision) == ("onnx", "int8")
    assert set(FORMS) == set(possible)
    assert len(FORMS) == 5


def test_every_backbone_of_an_experiment_has_a_recipe():
    assert set(in_experiments()) <= set(BACKBONES)
    assert recipe_of("bipolar_resnet").kind.dimensions == 1
    assert {recipe_of(name).kind.dimensions for name in set(in_experiments()) - {"bipolar_resnet"}} == {2}


def test_a_repetition_is_the_processor_time_of_one_call(monkeypatch):
    monkeypatch.setattr(runtimes, "SECONDS", 0.02)
    calls = []
    repetition = timed(lambda: calls.append(sum(range(10_000))))
    seconds = repetition()
    assert 0.02 <= seconds * (len(calls) - 1) < 1


@pytest.mark.long
def test_a_backbone_has_a_line_for_each_form_and_one_for_predictions(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TINY)
    monkeypatch.setattr(runtimes, "ROUNDS", 1)
    with converting() as convert:
        lines = of_backbone("tiny", folder[0], tmp_path / "tiny", convert)
    assert [line.work for line in lines[:-1]] == [f"tiny, {form}" for form in FORMS]
    assert [line.measured["difference"] <= form.tolerance for line, form in zip(lines, FORMS, strict=False)] == [
        True
    ] * 5
    assert lines[0].measured["export"] > 0
    assert lines[-1].ratio > 0


@pytest.mark.long
def test_single_precision_scores_out_of_fold_as_the_store_says(lineage):
    with converting() as convert:
        found = kl_out_of_fold(lineage, FORMS[:3], convert)
    assert set(found) == set(lineage.experiment.members)
    for kl in found.values():
        assert kl[FORMS[0]] == pytest.approx(kl[None], abs=1e-4)
        assert kl[FORMS[2]] == pytest.approx(kl[None], abs=1e-4)
        assert kl[FORMS[1]] != kl[None]
