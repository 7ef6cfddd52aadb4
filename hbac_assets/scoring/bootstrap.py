"""Intervals and paired differences of mean scores by a cluster bootstrap over patients.

Patients are resampled, since rows of one patient resemble each other: a patient with a hundred rows carries far less
information than a hundred patients. A mean over rows is then a ratio of two sums over patients, of scores and of rows,
and each interval is a studentised bootstrap of such ratios: patients are drawn with replacement, and the deviation of
each resample is divided by the standard error of the same resample (Davison and Hinkley 1997, §§3.8 and 5.2.1; the
standard error is the linearised one of a ratio, Cochran 1977, §6.4). The resulting quantile is multiplied by the
jackknife standard error, which accounts for the influence of patients with many rows.

With 80 patients or more, of sizes as unequal as the competition's, 95 % of the intervals contain the true value and 5 %
of the paired tests are false positives. Percentile intervals are simpler, but too narrow: with 80 patients they miss
the true value in 6 to 9 % of the cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np

RESAMPLES = 1000
CONFIDENCE = 0.95
MOST_UNITS = 5000
"""More units than this are randomly assigned to this number of groups, which are independent if the units are."""


@dataclass(frozen=True)
class Estimates:
    """Statistics of M columns, each with its interval.

    Attributes:
        rows: (M,) number of rows used.
        patients: (M,) number of patients, or groups of them, with such rows.
        value: (M,) the statistic; NaN without rows.
        low: (M,) lower bound of the central 95 % interval; NaN with fewer than two patients.
        high: (M,) upper bound.
        won: (M,) fraction of the resamples in which the statistic is below 0, ties counted half; NaN like the bounds.
    """

    rows: np.ndarray
    patients: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    won: np.ndarray

    @property
    def noise(self) -> np.ndarray:
        """(M,) whether 0 is in the interval, or there is none: the statistic may be chance."""
        return ~((self.low > 0) | (self.high < 0))


class _Totals(NamedTuple):
    """Sums over the rows of each of C units, of M columns; `counts` may have one column for all."""

    sums: np.ndarray
    counts: np.ndarray


class Bootstrap:
    """One set of resamples, common to every model, slice and difference of a table, which makes all of them paired.

    Args:
        patients: (N,) patient of each row, of any sortable type; all different if unknown.
        seed: of the draw.
    """

    def __init__(self, patients: np.ndarray, seed: int = 0) -> None:
        units = np.unique(patients, return_inverse=True)[1].ravel()
        self._random = np.random.default_rng(seed)
        self.patients = int(units.max()) + 1 if len(units) else 0
        if self.patients > MOST_UNITS:
            units = (self._random.permutation(self.patients) % MOST_UNITS)[units]
        self._order = np.argsort(units, kind="stable")
        self._units = units
        self._count = min(self.patients, MOST_UNITS)

    def means(self, values: np.ndarray, rows: np.ndarray | None = None) -> Estimates:
        """Return the mean of each column over the rows where it is not NaN.

        Args:
            values: (N, M) scores.
            rows: (N,) booleans, the slice; None: all.
        """
        totals = self._totals(values, rows)
        return self._estimate([(1, totals)], _rows(totals))

    def excess(self, values: np.ndarray, rows: np.ndarray) -> Estimates:
        """Return the mean of each column within a slice minus that over all other rows.

        A patient may have rows on both sides; a resample draws both together.

        Args:
            values: (N, M) scores; NaN is ignored.
            rows: (N,) booleans, the slice.
        """
        inside, outside = self._totals(values, rows), self._totals(values, ~rows)
        return self._estimate([(1, inside), (-1, outside)], _rows(inside))

    def differences(self, values: np.ndarray, pairs: Sequence[tuple[int, int]]) -> Estimates:
        """Return the mean of one column minus that of another, for each pair, over the rows that both have.

        Args:
            values: (N, M) scores; NaN is ignored.
            pairs: indices of two columns each. If scores are divergences, the first of a pair is better when the
                difference is negative.
        """
        first, second = np.asarray(pairs, dtype=int).reshape(-1, 2).T
        masks, mask_of = np.unique(~np.isnan(values), axis=1, return_inverse=True)
        mask_of = mask_of.ravel()
        totals = _Totals(*(np.zeros((self._count, len(first))) for _ in range(2)))
        kinds = np.sort(np.stack([mask_of[first], mask_of[second]]), axis=0)
        for one, other in np.unique(kinds, axis=1).T:
            here = np.flatnonzero((kinds == [[one], [other]]).all(axis=0))
            columns, place = np.unique(np.stack([first[here], second[here]]), return_inverse=True)
            sums, counts = self._totals(values[:, columns], masks[:, one] & masks[:, other])
            minuend, subtrahend = place.reshape(2, -1)
            totals.sums[:, here] = sums[:, minuend] - sums[:, subtrahend]
            totals.counts[:, here] = counts[:, :1]
        return self._estimate([(1, totals)], _rows(totals))

    @cached_property
    def _weights(self) -> np.ndarray:
        """(R, C) how often each resample contains each unit."""
        if not self._count:
            return np.empty((RESAMPLES, 0))
        chance = np.full(self._count, 1 / self._count)
        return np.asarray(self._random.multinomial(self._count, chance, size=RESAMPLES), dtype=float)

    def _totals(self, values: np.ndarray, rows: np.ndarray | None) -> _Totals:
        order = self._order if rows is None else self._order[rows[self._order]]
        if not len(order):
            empty = np.zeros((self._count, values.shape[1]))
            return _Totals(empty, empty)
        units, values = self._units[order], values[order]
        starts = np.flatnonzero(np.diff(units, prepend=-1))
        known = ~np.isnan(values)
        if known.all():
            counts = np.diff(starts, append=len(units)).astype(float)[:, None]
        else:
            counts, values = np.add.reduceat(known.astype(float), starts), np.where(known, values, 0)
        sums = np.add.reduceat(values, starts)
        return _Totals(*(self._spread(units[starts], one) for one in (sums, counts)))

    def _spread(self, units: np.ndarray, values: np.ndarray) -> np.ndarray:
        spread = np.zeros((self._count, values.shape[1]))
        spread[units] = values
        return spread

    def _estimate(self, terms: list[tuple[int, _Totals]], rows: np.ndarray) -> Estimates:
        """Return the signed sum of ratios with its interval.

        The interval is the value ± c standard errors, with c the 95 % quantile of |deviation / standard error| over the
        resamples, but not below Student's t for that number of patients: with very few, many resamples are equal.
        """
        from scipy.stats import t

        present = np.logical_or.reduce([(totals.counts > 0).any(axis=1) for _, totals in terms])
        terms = [(sign, _Totals(sums[present], counts[present])) for sign, (sums, counts) in terms]
        shape = np.broadcast_shapes(*(totals.sums.shape for _, totals in terms))
        having = np.logical_or.reduce([np.broadcast_to(totals.counts > 0, shape) for _, totals in terms])
        patients = having.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = [sums.sum(axis=0) / counts.sum(axis=0) for _, (sums, counts) in terms]
            value = sum(sign * ratio for (sign, _), ratio in zip(terms, ratios, strict=True)) + np.zeros(shape[1])
            # Centring limits rounding errors for nearly equal scores.
            terms = [(sign, _Totals(s - ratio * n, n)) for (sign, (s, n)), ratio in zip(terms, ratios, strict=True)]
            _, variance = _ratios(np.ones((1, int(present.sum()))), terms)
            deviation, drawn_variance = _ratios(self._weights[:, present], terms)
            # A resample of a single patient has no spread to studentise by.
            usable = drawn_variance > 1e-12 * variance
            error = np.sqrt(drawn_variance * patients / (patients - 1))
            studentised = np.where(usable, np.abs(deviation) / error, np.nan)
            student = t.ppf((1 + CONFIDENCE) / 2, np.maximum(patients - 1, 1))
            reach = np.fmax(_quantile(studentised, CONFIDENCE), student) * _jackknife_error(terms, patients)
        reach[(patients < 2) | np.isnan(value)] = np.nan
        drawn = value + deviation
        counted = np.where(np.isnan(drawn), 0.5, (drawn < 0) + 0.5 * (drawn == 0)).mean(axis=0)
        won = np.where(np.isnan(reach), np.nan, counted)
        return Estimates(np.broadcast_to(rows, value.shape), patients, value, value - reach, value + reach, won)


def _rows(totals: _Totals) -> np.ndarray:
    return np.asarray(totals.counts.sum(axis=0), dtype=int)


def _quantile(values: np.ndarray, level: float) -> np.ndarray:
    """Return the quantile of each column without NaN; NaN for a column of NaN."""
    ordered = np.sort(values, axis=0)  # NaN comes last
    known = (~np.isnan(values)).sum(axis=0)
    place = np.clip(np.ceil(level * (known + 1)).astype(int) - 1, 0, np.maximum(known - 1, 0))
    return np.asarray(np.take_along_axis(ordered, place[None], axis=0)[0])


def _jackknife_error(terms: list[tuple[int, _Totals]], patients: np.ndarray) -> np.ndarray:
    """Return (M,): the jackknife standard error; NaN where a ratio depends on a single unit.

    The terms are centred: with all units each ratio is 0.
    """
    without = sum(sign * (sums.sum(axis=0) - sums) / (counts.sum(axis=0) - counts) for sign, (sums, counts) in terms)
    return np.asarray(np.sqrt((patients - 1) / patients * np.square(without).sum(axis=0)))


def _ratios(weights: np.ndarray, terms: list[tuple[int, _Totals]]) -> tuple[np.ndarray, np.ndarray]:
    """Return (R, M): the signed sum of ratios under each resample's weights, and its linearised variance.

    The contribution of a unit to a ratio is (sum - ratio · count) / all counts; the variance is the weighted sum of
    squares of its total contributions to all terms, without the small-sample factor.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        counts = [weights @ totals.counts for _, totals in terms]
        ratios = [weights @ totals.sums / count for (_, totals), count in zip(terms, counts, strict=True)]
        value = sum(sign * ratio for (sign, _), ratio in zip(terms, ratios, strict=True))
        variance = np.zeros_like(value)
        for (i, (sign, one)), (j, (other_sign, other)) in product(enumerate(terms), repeat=2):
            if j < i:
                continue
            crossed = weights @ (one.sums * other.sums)
            crossed -= ratios[j] * (weights @ (one.sums * other.counts))
            crossed -= ratios[i] * (weights @ (one.counts * other.sums))
            crossed += ratios[i] * ratios[j] * (weights @ (one.counts * other.counts))
            variance += (1 if i == j else 2) * sign * other_sign * crossed / (counts[i] * counts[j])
    return np.asarray(value), np.maximum(variance, 0)
