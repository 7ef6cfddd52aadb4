"""Nested scores of blends: the blend of a fold is fitted, calibrated and chosen on the other folds alone.

Within these rows, a calibration and a choice need predictions of rows that the blend was not fitted on: an inner
cross-validation whose parts are the folds. If there are only two folds, each is split into two parts by patients. The
inner blends are fitted without one more part than the calibrated one, so that they are slightly worse, never
optimistic. With five folds each method is fitted 16 times: without none, one and two of them.

As in all stacking, the members' out-of-fold predictions of the other folds come from models that were also trained on
the scored fold. Avoiding that would require retraining the members for each pair of folds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hbac_assets.scoring.blending import METHODS, Method
from hbac_assets.scoring.blends import Blend, CalibratedBlend
from hbac_assets.scoring.calibration import NONE, Calibration, learned_calibration
from hbac_assets.scoring.convex import plain_mean
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.patient_context import PatientContext, learned_context

SEED = 42

Parts = frozenset[int]


class Recipe(NamedTuple):
    """A blending method and a calibration."""

    method: str
    calibration: str = NONE

    def __str__(self) -> str:
        return self.method if self.calibration == NONE else f"{self.method} + {self.calibration}"


@dataclass(frozen=True)
class NestedResult:
    """Nested predictions, and the blend for new rows."""

    predictions: np.ndarray
    """(N, 6), each fold by a blend fitted on the other folds."""
    kl: float
    """Mean KL divergence of `predictions`."""
    recipe: Recipe
    """That of `blend`."""
    of_folds: Mapping[int, Recipe]
    """The recipe of each fold; they may differ if the recipe is chosen."""
    blend: CalibratedBlend
    """Fitted on all rows."""


class ContextResult(NamedTuple):
    """Nested predictions that also use the patient's other recordings, and the context fitted on all rows."""

    predictions: np.ndarray
    kl: float
    context: PatientContext


class NestedBlends:
    """Blends, calibrations and choices fitted without some of the rows; each blend is fitted once.

    Args:
        predictions: (M, N, 6) out-of-fold predictions of M members for the same N rows.
        shares: (N, 6) vote fractions.
        groups: (N,) patient of each row, none of whom is in two folds.
        folds: (N,) fold of each row.
        methods: name and method.
    """

    def __init__(
        self,
        predictions: np.ndarray,
        shares: np.ndarray,
        groups: np.ndarray,
        folds: np.ndarray,
        methods: Mapping[str, Method] = METHODS,
    ) -> None:
        self.predictions, self.shares, self.groups, self.folds = predictions, shares, groups, folds
        self.methods = methods
        self._parts = _parts(groups, folds)
        self._blends: dict[tuple[str, Parts], Blend] = {}
        self._unseen: dict[tuple[str, Parts], np.ndarray] = {}

    def compare(self, recipes: Sequence[Recipe]) -> dict[Recipe, NestedResult]:
        """Return the nested result of each recipe."""
        return {recipe: self._result(dict.fromkeys(self._fold_numbers, recipe), recipe) for recipe in recipes}

    def choose(self, results: Mapping[Recipe, NestedResult]) -> NestedResult:
        """Choose among recipes; the choice is also nested.

        A fold is predicted by the recipe that is best on the other folds in the inner cross-validation. So the score is
        not the optimistic minimum of several. New rows are predicted by the recipe of lowest nested score, in a tie the
        first.
        """
        of_folds = {
            fold: min(results, key=lambda recipe: self._inner_kl(recipe, self._parts_of(fold)))
            for fold in self._fold_numbers
        }
        return self._result(of_folds, min(results, key=lambda recipe: results[recipe].kl))

    def with_patient_context(self, result: NestedResult, eegs: np.ndarray) -> ContextResult:
        """Adjust nested predictions by the patients' other recordings, with contexts fitted on the other folds.

        Args:
            result: of this table.
            eegs: (N,) EEG of each row.
        """
        adjusted = np.empty(self.shares.shape)
        for fold, recipe in result.of_folds.items():
            rows = self.folds == fold
            context = self._context(recipe, self._parts_of(fold), eegs)
            adjusted[rows] = context(result.predictions[rows], self.groups[rows], eegs[rows])
        context = self._context(result.recipe, Parts(), eegs)
        return ContextResult(adjusted, self._kl(adjusted, np.ones(len(adjusted), bool)), context)

    @property
    def _fold_numbers(self) -> list[int]:
        return [int(fold) for fold in np.unique(self.folds)]

    def _parts_of(self, fold: int) -> Parts:
        return Parts(self._parts[self.folds == fold].tolist())

    def _seen(self, without: Parts) -> np.ndarray:
        return ~np.isin(self._parts, list(without))

    def _kl(self, predictions: np.ndarray, rows: np.ndarray) -> float:
        return float(kl_divergence(self.shares[rows], predictions[rows]).mean())

    def _result(self, of_folds: dict[int, Recipe], recipe: Recipe) -> NestedResult:
        nested = np.empty(self.shares.shape)
        for fold, of_fold in of_folds.items():
            rows = self.folds == fold
            nested[rows] = self._learned(of_fold, self._parts_of(fold))(self.predictions[:, rows])
        kl = self._kl(nested, np.ones(len(nested), bool))
        return NestedResult(nested, kl, recipe, of_folds, self._learned(recipe, Parts()))

    def _learned(self, recipe: Recipe, without: Parts) -> CalibratedBlend:
        """Fit a recipe on all rows but those of some parts."""
        blend = self._blend(recipe.method, without)
        if recipe.calibration == NONE:
            return CalibratedBlend(blend)
        return CalibratedBlend(blend, self._calibration(recipe, without, self._seen(without)))

    def _blend(self, method: str, without: Parts) -> Blend:
        if (method, without) not in self._blends:
            rows = self._seen(without)
            learn = self.methods[method] if rows.any() else plain_mean
            learned = learn(self.predictions[:, rows], self.shares[rows], self.groups[rows])
            self._blends[method, without] = learned
        return self._blends[method, without]

    def _calibration(self, recipe: Recipe, without: Parts, rows: np.ndarray) -> Calibration:
        """Fit a calibration to `rows`, predicted by blends fitted without them and without `without`."""
        unseen = self._unseen_predictions(recipe.method, without)
        return learned_calibration(recipe.calibration, unseen[rows], self.shares[rows])

    def _unseen_predictions(self, method: str, without: Parts) -> np.ndarray:
        """Return (N, 6): each part predicted by a blend fitted on all others but `without`, NaN for `without`."""
        if (method, without) not in self._unseen:
            blended = np.full(self.shares.shape, np.nan)
            for part, rows in self._parts_but(without):
                blended[rows] = self._blend(method, without | {part})(self.predictions[:, rows])
            self._unseen[method, without] = blended
        return self._unseen[method, without]

    def _unseen_calibrated(self, recipe: Recipe, without: Parts) -> np.ndarray:
        """Return `_unseen_predictions`, each part calibrated on the others."""
        unseen = self._unseen_predictions(recipe.method, without)
        if recipe.calibration == NONE:
            return unseen
        calibrated = np.full(self.shares.shape, np.nan)
        for part, rows in self._parts_but(without):
            calibrated[rows] = self._calibration(recipe, without, self._seen(without | {part}))(unseen[rows])
        return calibrated

    def _inner_kl(self, recipe: Recipe, without: Parts) -> float:
        return self._kl(self._unseen_calibrated(recipe, without), self._seen(without))

    def _context(self, recipe: Recipe, without: Parts, eegs: np.ndarray) -> PatientContext:
        rows = self._seen(without)
        unseen = self._unseen_calibrated(recipe, without)[rows]
        return learned_context(unseen, self.shares[rows], self.groups[rows], eegs[rows])

    def _parts_but(self, without: Parts) -> list[tuple[int, np.ndarray]]:
        """Return the index and the rows of each part that is not in `without`."""
        return [(part, self._parts == part) for part in np.unique(self._parts).tolist() if part not in without]


def _parts(groups: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the part (N,) of each row: its fold, or half of it if there are fewer than three."""
    numbers = np.unique(folds, return_inverse=True)[1]
    if numbers.max() >= 2:
        return np.asarray(numbers)
    patients = np.random.default_rng(SEED).permutation(np.unique(groups))
    of_fold = {fold: patients[np.isin(patients, groups[numbers == fold])] for fold in (0, 1)}
    first_halves = np.concatenate([one[::2] for one in of_fold.values()])
    return np.asarray(2 * numbers + np.isin(groups, first_halves))
