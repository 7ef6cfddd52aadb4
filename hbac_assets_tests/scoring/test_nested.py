"""The blend of a fold is fitted, calibrated and chosen without it."""

from collections.abc import Sequence

import numpy as np
import pytest

from hbac_assets.scoring.blending import METHODS
from hbac_assets.scoring.blends import Blend
from hbac_assets.scoring.calibration import CALIBRATIONS, NONE
from hbac_assets.scoring.convex import learned_weights, plain_mean
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.nested import NestedBlends, NestedResult, Recipe
from hbac_assets_tests.scoring.constructed import Table, twenty_models
from hbac_assets_tests.scoring.members import members

CONVEX = [Recipe(method, kind) for method in ("mean", "weights") for kind in (NONE, "temperature", "temperature_bias")]


def compared(
    table: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], recipes: Sequence[Recipe]
) -> tuple[NestedBlends, dict[Recipe, NestedResult]]:
    blends = NestedBlends(*table)
    return blends, blends.compare(recipes)


def turned(table: Table, rows: np.ndarray) -> Table:
    """Give some rows other votes."""
    return table._replace(shares=np.where(rows[:, None], np.roll(table.shares, 3, axis=1), table.shares))


def test_learned_blends_beat_the_mean_on_rows_they_have_not_seen() -> None:
    """One good member and two bad ones; only a blend that can tell the members apart is able to."""
    table = members([0.2, 2.0, 2.0])
    blends, results = compared(table, [Recipe(method) for method in METHODS])
    scores = {recipe.method: result.kl for recipe, result in results.items()}
    alone = kl_divergence(table[1], table[0][0]).mean()
    assert blends.choose(results).recipe == Recipe("weights")
    assert scores["weights"] < min(scores["mean"] - 0.1, alone + 0.01)
    for method in ("stacking_predictions", "stacking_both"):
        assert scores[method] < scores["mean"] - 0.03


def test_mean_is_best_where_one_fold_misleads_about_the_other() -> None:
    shares, folds = np.tile(np.eye(6)[0], (20, 1)), np.arange(20) % 2
    good, bad = [0.9, 0.1, 0, 0, 0, 0], [0.1, 0.9, 0, 0, 0, 0]
    first_fold = (folds == 0)[:, None]
    predictions = np.stack([np.where(first_fold, good, bad), np.where(first_fold, bad, good)])
    blends, results = compared((predictions, shares, np.arange(20), folds), [Recipe("mean"), Recipe("weights")])
    assert results[Recipe("weights")].kl == pytest.approx(np.log(10), rel=1e-3)
    choice = blends.choose(results)
    assert choice.recipe == Recipe("mean")
    np.testing.assert_allclose(choice.blend(predictions), predictions.mean(axis=0))


def test_the_score_of_a_choice_is_not_the_lowest_of_the_scores() -> None:
    """Each fold is misled by the other: what is chosen there fails here, and the nested choice says so."""
    shares, folds = np.tile(np.eye(6)[0], (20, 1)), np.arange(20) % 2
    good, bad = [0.9, 0.1, 0, 0, 0, 0], [0.1, 0.9, 0, 0, 0, 0]
    first_fold = (folds == 0)[:, None]
    predictions = np.stack([np.where(first_fold, good, bad), np.where(first_fold, bad, good)])
    blends, results = compared((predictions, shares, np.arange(20), folds), [Recipe("mean"), Recipe("weights")])
    choice = blends.choose(results)
    assert set(choice.of_folds.values()) == {Recipe("weights")}
    assert choice.kl == pytest.approx(np.log(10), rel=1e-3)
    assert choice.kl > results[choice.recipe].kl + 1


@pytest.mark.parametrize(
    "recipe", dict.fromkeys([*map(Recipe, METHODS), *CONVEX, Recipe("mean", "dirichlet")]), ids=str
)
def test_no_recipe_sees_the_rows_it_is_scored_on(recipe: Recipe) -> None:
    """Whatever the held-out rows' votes are, they are predicted alike: neither learned from nor watched."""
    predictions, shares, patients, folds = members([0.3, 0.8, 1.5], rows=200)
    held_out = folds == 2
    other = np.where(held_out[:, None], np.roll(shares, 3, axis=1), shares)
    before = compared((predictions, shares, patients, folds), [recipe])[1][recipe]
    after = compared((predictions, other, patients, folds), [recipe])[1][recipe]
    np.testing.assert_array_equal(after.predictions[held_out], before.predictions[held_out])
    if recipe not in (Recipe("mean"), Recipe("mean_logits")):
        assert not np.array_equal(after.predictions[~held_out], before.predictions[~held_out])


@pytest.mark.slow
@pytest.mark.parametrize("number_of_folds", [5, 3, 2])
def test_neither_choice_nor_patient_context_sees_the_rows_it_is_scored_on(number_of_folds: int) -> None:
    table = twenty_models(0, 600)
    table = table._replace(folds=table.patients % number_of_folds)
    held_out = table.folds == 1
    before, after = (chosen_with_context(one) for one in (table, turned(table, held_out)))
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(other[held_out], one[held_out])
        assert not np.array_equal(other[~held_out], one[~held_out])


def chosen_with_context(table: Table) -> tuple[np.ndarray, np.ndarray]:
    blends = NestedBlends(table.predictions, table.shares, table.patients, table.folds)
    choice = blends.choose(blends.compare(CONVEX))
    return choice.predictions, blends.with_patient_context(choice, table.eegs).predictions


def test_a_row_that_is_seen_on_purpose_changes_its_prediction() -> None:
    """The test above would notice: a row put into another fold, too, teaches what predicts it."""
    table = twenty_models(0, 600)
    held_out = np.flatnonzero(table.folds == 1)[:50]
    other = np.isin(np.arange(600), held_out)

    def predicted(table: Table) -> np.ndarray:
        predictions = np.concatenate([table.predictions, table.predictions[:, held_out]], axis=1)
        shares, patients = (np.concatenate([part, part[held_out]]) for part in (table.shares, table.patients))
        folds = np.concatenate([table.folds, np.full(len(held_out), 2)])
        recipe = Recipe("weights", "temperature")
        blends = NestedBlends(predictions, shares, patients, folds)
        return blends.compare([recipe])[recipe].predictions[held_out]

    assert not np.array_equal(predicted(table), predicted(turned(table, other)))


def test_a_method_is_given_the_other_folds_then_all() -> None:
    predictions, shares, patients, folds = members([0.3, 0.8], rows=50)
    learned_from: list[tuple[np.ndarray, np.ndarray]] = []

    def watched(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> Blend:
        learned_from.append((shares, groups))
        return plain_mean(predictions, shares, groups)

    NestedBlends(predictions, shares, patients, folds, {"watched": watched}).compare([Recipe("watched")])
    assert len(learned_from) == 6
    for fold in range(5):
        np.testing.assert_array_equal(learned_from[fold][0], shares[folds != fold])
        np.testing.assert_array_equal(learned_from[fold][1], patients[folds != fold])
    np.testing.assert_array_equal(learned_from[5][0], shares)
    np.testing.assert_array_equal(learned_from[5][1], patients)


def test_each_blend_is_learned_once() -> None:
    """Of five folds: without none, one and two of them, 16 in all, whatever is calibrated and chosen."""
    predictions, shares, patients, folds = members([0.3, 0.8], rows=100)
    rows: list[bytes] = []

    def counted(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> Blend:
        rows.append(groups.tobytes())
        return learned_weights(predictions, shares, groups)

    blends = NestedBlends(predictions, shares, patients, folds, {"mean": plain_mean, "weights": counted})
    blends.with_patient_context(blends.choose(blends.compare(CONVEX)), np.arange(100))
    assert len(rows) == len(set(rows)) == 16


def test_a_calibration_is_learned_from_rows_that_the_blend_has_not_seen() -> None:
    """A method that knows the votes of its rows by heart is calibrated by what it is worth elsewhere: nothing."""
    predictions, shares, patients, folds = members([1.0], rows=1000)

    def by_heart(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> "Memory":
        return Memory({row.tobytes(): share for row, share in zip(predictions[0], shares, strict=True)})

    recipe = Recipe("by_heart", "temperature")
    blends = NestedBlends(predictions, shares, patients, folds, {"by_heart": by_heart})  # type: ignore[dict-item]
    calibration = blends.compare([recipe])[recipe].blend.calibration
    assert calibration is not None
    assert abs(calibration.matrix[0, 0]) < 0.1


class Memory:
    def __init__(self, known: dict[bytes, np.ndarray]) -> None:
        self.known = known

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        guesses = np.eye(6)[np.random.default_rng(0).integers(0, 6, predictions.shape[1])] * 0.99 + 0.01 / 6
        rows = zip(predictions[0], guesses, strict=True)
        return np.stack([self.known.get(row.tobytes(), guess) for row, guess in rows])


def test_scores_are_those_of_the_nested_predictions() -> None:
    table = members([0.5, 1.0], rows=100)
    blends, results = compared(table, [*CONVEX, *(Recipe("mean", kind) for kind in CALIBRATIONS)])
    context = blends.with_patient_context(results[Recipe("mean")], np.arange(100))
    found = [(result.kl, result.predictions) for result in (*results.values(), blends.choose(results))]
    for kl, predictions in (*found, (context.kl, context.predictions)):
        assert kl == kl_divergence(table[1], predictions).mean()
        np.testing.assert_allclose(predictions.sum(axis=1), 1, atol=1e-6)


def test_few_rows_of_few_patients_are_blended_too() -> None:
    """Two folds, one of them a single patient's: half of it has no rows, and the rest learns from what there is."""
    predictions, shares, _, _ = members([0.3, 0.8], rows=6)
    patients = np.array([0, 0, 1, 1, 2, 2])
    table = (predictions, shares, patients, (patients > 0).astype(int))
    blends, results = compared(table, [Recipe(method, kind) for method in METHODS for kind in (NONE, "dirichlet")])
    choice = blends.choose(results)
    context = blends.with_patient_context(choice, np.arange(6))
    assert np.isfinite([*(result.kl for result in results.values()), choice.kl, context.kl]).all()


def check_choice(seeds: int, recipes: Sequence[Recipe], rows: int = 1500, **kinds: bool) -> np.ndarray:
    """Return, for each seed, what the choice scores on unseen rows above the best single model, and above the mean."""
    found = []
    for seed in range(seeds):
        table = twenty_models(seed, 4 * rows, **kinds)
        seen = table.patients < np.quantile(table.patients, 0.25)
        learned, unseen = table.rows(seen), table.rows(~seen)
        blends = NestedBlends(learned.predictions, learned.shares, learned.patients, learned.folds)
        choice = blends.choose(blends.compare(recipes))
        score = kl_divergence(unseen.shares, choice.blend(unseen.predictions)).mean()
        single = min(kl_divergence(unseen.shares, one).mean() for one in unseen.predictions)
        mean = kl_divergence(unseen.shares, unseen.predictions.mean(axis=0)).mean()
        found.append((score - single, score - mean, score - choice.kl))
    return np.array(found)


EVERYTHING = [Recipe(method, kind) for kind in (NONE, "temperature", "temperature_bias") for method in METHODS]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mixed", "complementary", "alike", "one_good"])
def test_the_choice_is_no_worse_than_the_best_model_and_the_mean(kind: str) -> None:
    found = check_choice(4, CONVEX, **({} if kind == "mixed" else {kind: True}))
    judge(kind, found)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["mixed", "complementary", "alike", "one_good"])
def test_the_choice_of_all_methods_is_no_worse_over_twenty_seeds(kind: str) -> None:
    found = check_choice(20, EVERYTHING, **({} if kind == "mixed" else {kind: True}))
    judge(kind, found)
    optimism = found[:, 2]
    assert abs(optimism.mean()) < 3 * optimism.std() / 20**0.5


def judge(kind: str, found: np.ndarray) -> None:
    above_single, above_mean, _ = found.mean(axis=0)
    assert above_single < 0.002
    assert above_mean < 0.002
    if kind == "complementary":
        assert above_single < -0.1
        assert above_mean < -0.05
