"""Blends and calibrations of given predictions as additional models, each fitted on other folds."""

from collections.abc import Mapping, Sequence

import numpy as np

from hbac_assets.scoring.blending import METHODS
from hbac_assets.scoring.calibration import CANDIDATES
from hbac_assets.scoring.nested import NestedBlends, Recipe
from hbac_assets.scoring.scored_table import ScoredTable

BLENDS = ("mean", "mean_logits", "weights")
FOLDS = 5
SEED = 42


def blended(predictions: Mapping[str, np.ndarray], table: ScoredTable) -> dict[str, np.ndarray]:
    """Return nested blends of all models, plain and calibrated: (N, 6) by name, NaN where a model lacks the row.

    Args:
        predictions: (N, 6) by model, NaN in rows that a model did not predict.
        table: of the rows; without folds its patients are split into five.
    """
    recipes = [Recipe(method, calibration) for calibration in CANDIDATES for method in BLENDS]
    return {f"all: {recipe}": values for recipe, values in _nested(list(predictions.values()), table, recipes).items()}


def calibrated(
    predictions: Mapping[str, np.ndarray], table: ScoredTable, kinds: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return each model with each nested calibration: (N, 6) by name.

    Args:
        predictions: as for `blended`.
        table: as for `blended`.
        kinds: keys of `calibration.CALIBRATIONS`.
    """
    recipes = [Recipe("mean", kind) for kind in kinds]
    return {
        f"{model} + {recipe.calibration}": values
        for model, given in predictions.items()
        for recipe, values in _nested([given], table, recipes).items()
    }


def _nested(
    predictions: Sequence[np.ndarray], table: ScoredTable, recipes: Sequence[Recipe]
) -> dict[Recipe, np.ndarray]:
    stacked = np.stack(predictions)
    rows = ~np.isnan(stacked).any(axis=(0, 2))
    found = {recipe: np.full(stacked.shape[1:], np.nan) for recipe in recipes}
    shares, patients = table.vote_shares(), table.patients
    patients = np.arange(len(shares)) if patients is None else patients
    folds = table.folds if table.folds is not None and table.has_folds() else dealt(patients)
    if len(np.unique(folds[rows])) > 1:  # otherwise nothing can be fitted on other rows
        methods = {name: METHODS[name] for name in BLENDS}
        blends = NestedBlends(stacked[:, rows], shares[rows], patients[rows], folds[rows], methods)
        for recipe, result in blends.compare(recipes).items():
            found[recipe][rows] = result.predictions
    return found


def dealt(patients: np.ndarray) -> np.ndarray:
    """Return a fold (N,) for each row, all rows of a patient in one."""
    places = np.unique(patients, return_inverse=True)[1].ravel()
    order = np.random.default_rng(SEED).permutation(int(places.max()) + 1)
    return np.asarray(order[places] % FOLDS)
