"""The full evaluation of models' predictions on one table of votes, as JSON-like records.

All models, slices and differences use the same resamples of patients, which makes every comparison paired. The
statistics are defined in `bootstrap`, `floor`, `experts`, `classes` and `slices`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.scoring.bootstrap import Bootstrap, Estimates
from hbac_assets.scoring.classes import class_divergences, majority, ranking, reliability, soft_confusion
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.scored_table import ScoredTable
from hbac_assets.scoring.yardsticks import Record, Yardsticks, column_means

WORST = 3
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Evaluation:
    """Records by model, best mean first; NaN where the rows do not determine a value.

    Attributes:
        rows: of the table.
        patients: None if unknown.
        models: model; rows and patients scored; mean, low, high of the KL divergence; prior, the class prior's mean on
            the same rows; floor_low, floor, floor_high there and closed, the fraction of the way from prior to floor;
            kl_many_votes and experts, the mean on rows with ten votes and more and its worth in experts.
        differences: of each pair: first, second, rows and patients that both predicted, difference (first - second),
            low, high, won (fraction of the resamples in which the first is lower), noise (whether it may be chance).
        slices: model, by, slice, rows, patients, mean, low, high; excess over the model's other rows with excess_low
            and excess_high; prior, floor and closed where slices are by votes.
        worst: for each model up to three slices whose lower bound of the excess is above 0, by that bound. Of forty
            ordinary slices one is above by chance.
        floor: slice, rows, both estimates and their midpoint, of the table itself, by votes.
        experts: votes known and kl, over the table's rows with ten votes and more.
        classes: model, class, rows with this majority, kl (its part of the score), auroc, auprc.
        confusion: of each model the mean prediction (column) where experts vote for a class (row).
        reliability: model, class, bin (its lower end), rows, predicted, voted.
        missing: unknown properties of the table, with their effects on the scores.
    """

    rows: int
    patients: int | None
    models: list[Record] = field(default_factory=list)
    differences: list[Record] = field(default_factory=list)
    slices: list[Record] = field(default_factory=list)
    worst: list[Record] = field(default_factory=list)
    floor: list[Record] = field(default_factory=list)
    experts: list[Record] = field(default_factory=list)
    classes: list[Record] = field(default_factory=list)
    confusion: dict[str, list[list[float]]] = field(default_factory=dict)
    reliability: list[Record] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def record_of(self, name: str) -> Record:
        """Return the record of a model in `models`."""
        (record,) = (one for one in self.models if one["model"] == name)
        return record

    def for_json(self) -> Record:
        """Return all records with None in place of NaN, which JSON lacks."""
        return {name: _without_nan(value) for name, value in asdict(self).items()}


def evaluate(
    predictions: Mapping[str, np.ndarray], table: ScoredTable, seed: int = 0, progress: Progress | None = None
) -> Evaluation:
    """Score any number of models on one table.

    Args:
        predictions: (N, 6) probabilities by model, in the order of the table's rows; NaN in a row that a model did not
            predict. They are not normalised.
        table: of the rows.
        seed: of the bootstrap.
        progress: called with the steps done and the number of steps.
    """
    shares, masks = table.vote_shares(), table.masks()
    divergences = _divergences(predictions, shares)
    order = np.argsort(column_means(divergences), kind="stable")
    names, divergences = [list(predictions)[place] for place in order], divergences[:, order]
    patients = np.arange(len(shares)) if table.patients is None else table.patients
    steps = _Steps(progress, 2 + len(masks) + len(names))

    drawn = Bootstrap(patients, seed)
    yardsticks = Yardsticks(table, divergences)
    found = Evaluation(len(shares), None if table.patients is None else drawn.patients, missing=table.missing())
    found.models.extend(_model_records(names, drawn.means(divergences), yardsticks))
    found.floor.extend(yardsticks.floor_records(masks))
    found.experts.extend({"votes": votes, "kl": float(kl)} for votes, kl in enumerate(yardsticks.experts_of_all()))
    steps.done()
    found.differences.extend(_difference_records(names, drawn, divergences))
    steps.done()
    for (by, name), mask in masks.items():
        records = _slice_records(names, drawn, divergences, mask)
        ways = yardsticks.ways(mask) if by == "votes" else [{}] * len(names)
        found.slices.extend(
            {"model": record["model"], "by": by, "slice": name, **record, **way}
            for record, way in zip(records, ways, strict=True)
        )
        steps.done()
    found.worst.extend(_worst(names, found.slices))
    truth = majority(shares)
    for name, divergence in zip(names, divergences.T, strict=True):
        scored = ~np.isnan(divergence)
        given = np.asarray(predictions[name], dtype=float)[scored]
        found.classes.extend({"model": name, **one} for one in _class_records(truth[scored], shares[scored], given))
        found.confusion[name] = soft_confusion(shares[scored], given).tolist()
        found.reliability.extend({"model": name, **one} for one in _reliability_records(shares[scored], given))
        steps.done()
    return found


class _Steps:
    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._done, self._total = progress, 0, total

    def done(self) -> None:
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total)


def _divergences(predictions: Mapping[str, np.ndarray], shares: np.ndarray) -> np.ndarray:
    """Return (N, M) divergences, NaN where a model has no prediction."""
    divergences = np.full((len(shares), len(predictions)), np.nan)
    for place, given in enumerate(predictions.values()):
        scored = ~np.isnan(given).any(axis=1)
        divergences[scored, place] = kl_divergence(shares[scored], given[scored])
    return divergences


def _model_records(names: list[str], means: Estimates, yardsticks: Yardsticks) -> list[Record]:
    intervals = _interval_records(means, "mean")
    return [
        {"model": name, **interval, **way, **experts}
        for name, interval, way, experts in zip(names, intervals, yardsticks.ways(), yardsticks.experts(), strict=True)
    ]


def _difference_records(names: list[str], drawn: Bootstrap, divergences: np.ndarray) -> list[Record]:
    pairs = list(combinations(range(len(names)), 2))
    if not pairs:
        return []
    found = drawn.differences(divergences, pairs)
    return [
        {"first": names[first], "second": names[second], **interval, "won": float(won), "noise": bool(noise)}
        for (first, second), interval, won, noise in zip(
            pairs, _interval_records(found, "difference"), found.won, found.noise, strict=True
        )
    ]


def _slice_records(names: list[str], drawn: Bootstrap, divergences: np.ndarray, mask: np.ndarray) -> list[Record]:
    means, excess = drawn.means(divergences, mask), drawn.excess(divergences, mask)
    return [
        {"model": name, **interval, "excess": float(value), "excess_low": float(low), "excess_high": float(high)}
        for name, interval, value, low, high in zip(
            names, _interval_records(means, "mean"), excess.value, excess.low, excess.high, strict=True
        )
    ]


def _interval_records(found: Estimates, value: str) -> list[Record]:
    return [
        {"rows": int(rows), "patients": int(patients), value: float(estimate), "low": float(low), "high": float(high)}
        for rows, patients, estimate, low, high in zip(
            found.rows, found.patients, found.value, found.low, found.high, strict=True
        )
    ]


def _worst(names: list[str], slices: list[Record]) -> list[Record]:
    keys = ("model", "by", "slice", "rows", "patients", "mean", "excess", "excess_low")
    worst: list[Record] = []
    for name in names:
        # NaN is not above 0.
        worse = [record for record in slices if record["model"] == name and record["excess_low"] > 0]
        worse.sort(key=lambda record: -record["excess_low"])
        worst.extend({key: record[key] for key in keys} for record in worse[:WORST])
    return worst


def _class_records(truth: np.ndarray, shares: np.ndarray, given: np.ndarray) -> list[Record]:
    if not len(given):
        return []
    divergences, areas = class_divergences(shares, given), ranking(truth, given)
    return [
        {
            "class": name,
            "rows": int((truth == number).sum()),
            "kl": float(divergences[number]),
            "auroc": float(areas.auroc[number]),
            "auprc": float(areas.auprc[number]),
        }
        for number, name in enumerate(CLASSES)
    ]


def _reliability_records(shares: np.ndarray, given: np.ndarray) -> list[Record]:
    found = reliability(shares, given)
    bins = found.rows.shape[1]
    return [
        {
            "class": CLASSES[number],
            "bin": place / bins,
            "rows": int(rows),
            "predicted": float(found.predicted[number, place]),
            "voted": float(found.voted[number, place]),
        }
        for (number, place), rows in np.ndenumerate(found.rows)
        if rows
    ]


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value
