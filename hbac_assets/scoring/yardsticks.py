"""The yardsticks for models, on the rows that each has predicted: class prior, floor of votes, experts."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from hbac_assets.scoring.experts import expert_divergences, worth
from hbac_assets.scoring.floor import VoteFloor, vote_floor
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.references import closed_fraction
from hbac_assets.scoring.scored_table import ScoredTable
from hbac_assets.scoring.slices import ALL

Record = dict[str, Any]


def column_means(divergences: np.ndarray) -> np.ndarray:
    """Return the mean of each column without NaN; NaN for a column of NaN."""
    known = ~np.isnan(divergences)
    counts = known.sum(axis=0)
    sums = np.where(known, divergences, 0).sum(axis=0)
    return np.asarray(np.divide(sums, counts, where=counts > 0, out=np.full(len(counts), np.nan)))


class Yardsticks:
    """The yardsticks for models, on the rows that each has predicted: prior, floor, experts."""

    def __init__(self, table: ScoredTable, divergences: np.ndarray) -> None:
        shares = table.vote_shares()
        self._divergences = divergences
        self._prior = kl_divergence(shares, table.prior())
        unknown = np.full(len(shares), np.nan)
        votes = table.expert_votes()
        self._floor = VoteFloor(unknown, unknown) if votes is None else vote_floor(votes)
        self._experts = None if votes is None else expert_divergences(votes)

    def ways(self, mask: np.ndarray | None = None) -> list[Record]:
        """Return for each model: prior, floor_low, floor, floor_high, closed."""
        rows = slice(None) if mask is None else mask
        baselines = np.stack([self._prior, self._floor.grassberger, self._floor.dirichlet], axis=1)
        divergences = self._divergences[rows]
        scores, means = column_means(divergences), _means_where_scored(baselines[rows], divergences)
        return [
            {
                "prior": float(prior),
                "floor_low": float(min(bounds)),
                "floor": float(np.mean(bounds)),
                "floor_high": float(max(bounds)),
                "closed": closed_fraction(float(score), float(prior), float(np.mean(bounds))),
            }
            for score, prior, *bounds in zip(scores, *means, strict=True)
        ]

    def experts(self) -> list[Record]:
        """Return for each model: kl_many_votes, experts."""
        if self._experts is None:
            return [{"kl_many_votes": np.nan, "experts": np.nan}] * self._divergences.shape[1]
        rows = ~np.isnan(self._experts[:, 0])
        kl = self._divergences[rows]
        means, curves = column_means(kl), _means_where_scored(self._experts[rows], kl)
        return [
            {"kl_many_votes": float(mean), "experts": worth(float(mean), curve)}
            for mean, curve in zip(means, curves.T, strict=True)
        ]

    def experts_of_all(self) -> np.ndarray:
        """Return (10,) divergences of 0 to 9 votes over the table; empty if no row has ten votes."""
        if self._experts is None or np.isnan(self._experts).all():
            return np.empty(0)
        return np.asarray(np.nanmean(self._experts, axis=0))

    def floor_records(self, masks: Mapping[tuple[str, str], np.ndarray]) -> list[Record]:
        """Return the floor of the table by votes; empty if unknown."""
        if np.isnan(self._floor.middle).all():
            return []
        slices = {ALL: np.ones(len(self._prior), bool)}
        slices |= {name: mask for (by, name), mask in masks.items() if by == "votes"}
        return [
            {
                "slice": name,
                "rows": int(rows.sum()),
                "grassberger": float(self._floor.grassberger[rows].mean()),
                "dirichlet": float(self._floor.dirichlet[rows].mean()),
                "middle": float(self._floor.middle[rows].mean()),
            }
            for name, rows in slices.items()
        ]


def _means_where_scored(baselines: np.ndarray, divergences: np.ndarray) -> np.ndarray:
    """Return (B, M): the mean of each of (N, B) baselines over the rows that each model has predicted."""
    scored = (~np.isnan(divergences)).astype(float)
    counts = scored.sum(axis=0)
    shape = (baselines.shape[1], divergences.shape[1])
    return np.asarray(np.divide(baselines.T @ scored, counts, where=counts > 0, out=np.full(shape, np.nan)))
