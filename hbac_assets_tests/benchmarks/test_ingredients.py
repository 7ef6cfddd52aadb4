"""The row on the ingredients of a step measures the steps that it names, in turn."""

from statistics import median

import pytest

from benchmarks.rows import ingredients
from benchmarks.rows.ingredients import INGREDIENTS, PLAIN, added
from hbac_assets.learning.published_backbones import BACKBONES
from hbac_assets_tests.learning.conftest import TINY


def test_everything_is_the_plain_member_with_each_ingredient():
    everything = added(*INGREDIENTS)
    assert added() == PLAIN
    assert everything.ema_decay is not None
    assert [stage.sample_weight for stage in everything.stages] == ["log_votes"]
    assert everything.augmentation == PLAIN.augmentation
    for name in INGREDIENTS:
        assert PLAIN != added(name) != everything


def test_what_is_below_a_key_is_added_to_what_is_there(monkeypatch):
    monkeypatch.setitem(INGREDIENTS, "cutout", {"augmentation": {"cutout": {}}})
    assert added("cutout").augmentation.chosen == PLAIN.augmentation.chosen | {"cutout"}


def test_a_repetition_is_of_the_next_recipe(monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TINY)
    small = {"backbone": "tiny", "preprocessing": {"image_size": [32, 32]}, "batch_size": 4}
    recipes = [{**small, "stages": INGREDIENTS["sample weights"]["stages"]}, {**small, "batch_size": 8}]
    repeat = ingredients.prepare(recipes, steps=2)
    assert [repeat() for _ in range(4)] == [8, 16, 8, 16]


@pytest.mark.long
def test_each_ingredient_and_all_of_them_have_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(ingredients, "STEPS", 2)
    monkeypatch.setattr(ingredients, "REPETITIONS", 2)
    results = ingredients.run(tmp_path)
    assert [result.work.split(" (")[0] for result in results] == [
        f"a training step with {name}" for name in (*INGREDIENTS, "everything")
    ]
    for result in results:
        assert len(result.measured["ours"]) == len(result.measured["theirs"]) == 2
        assert result.ratio == pytest.approx(median(result.measured["ours"]) / median(result.measured["theirs"]))
        assert result.reached == (result.ratio <= ingredients.MOST)
