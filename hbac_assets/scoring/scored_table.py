"""The rows on which models are scored, and the effects of unknown properties on the scores."""

from dataclasses import dataclass

import numpy as np

from hbac_assets.competition.metadata import agreement as agreement_of
from hbac_assets.scoring.references import class_prior
from hbac_assets.scoring.slices import slice_masks


@dataclass(frozen=True)
class ScoredTable:
    """The rows on which models are scored; votes take precedence over shares.

    Attributes:
        votes: (N, 6) whole numbers of votes, at least one per row; with `vote_counts` any multiple of them.
        vote_counts: (N,) the number of experts, if votes are sums over several moments that the same experts saw, or
            fractions; None: the number of votes.
        shares: (N, 6) vote fractions, if the votes themselves are unknown.
        patients: (N,) patient of each row.
        folds: (N,) fold of each row, for a class prior that does not see the rows it predicts.
        agreement: (N,) categories of agreement; None: derived from the votes.
        quality: (N,) any measure of signal quality.
    """

    votes: np.ndarray | None = None
    vote_counts: np.ndarray | None = None
    shares: np.ndarray | None = None
    patients: np.ndarray | None = None
    folds: np.ndarray | None = None
    agreement: np.ndarray | None = None
    quality: np.ndarray | None = None

    def vote_shares(self) -> np.ndarray:
        """Return (N, 6) vote fractions."""
        if self.votes is None:
            assert self.shares is not None
            return self.shares
        return np.asarray(self.votes / self.votes.sum(axis=1, keepdims=True))

    def expert_votes(self) -> np.ndarray | None:
        """Return (N, 6) votes, one per expert, in the proportions of all votes; None if only fractions are known.

        Sums are reduced to whole votes by largest remainders, in a tie the first class.
        """
        if self.votes is None or self.vote_counts is None:
            return self.votes
        exact = self.vote_shares() * self.vote_counts[:, None]
        whole = np.floor(exact + 1e-9).astype(int)
        left = self.vote_counts - whole.sum(axis=1)
        rank = np.argsort(np.argsort(whole - exact, axis=1, kind="stable"), axis=1)
        return np.asarray(whole + (rank < left[:, None]))

    def has_folds(self) -> bool:
        """Return whether there are two folds or more."""
        return self.folds is not None and len(np.unique(self.folds)) > 1

    def prior(self) -> np.ndarray:
        """Return (N, 6): the class prior, from the rows of the other folds if there are folds."""
        shares = self.vote_shares()
        if self.folds is not None and self.has_folds():
            return class_prior(shares, self.folds)
        return np.broadcast_to(shares.mean(axis=0), shares.shape)

    def masks(self) -> dict[tuple[str, str], np.ndarray]:
        """Return the slices of this table, as `slice_masks` does."""
        counts, category = None, self.agreement
        if self.votes is not None:
            counts = self.votes.sum(axis=1) if self.vote_counts is None else self.vote_counts
            category = agreement_of(self.votes) if category is None else category
        return slice_masks(self.vote_shares(), counts, category, self.patients, self.quality)

    def missing(self) -> dict[str, str]:
        """Return the effect of each unknown property on the scores."""
        effects = {}
        if self.votes is None:
            effects["votes"] = "no slices by votes, no floor, no worth in experts: fractions do not tell how many voted"
            if self.agreement is None:
                effects["agreement"] = "no slices by agreement"
        if self.patients is None:
            effects["patients"] = (
                "each row counts as a separate patient: intervals are too narrow, and noise passes as real; "
                "no slices by patient size"
            )
        if not self.has_folds():
            effects["folds"] = "the class prior has seen the rows that it predicts, which makes it a little optimistic"
        if self.quality is None:
            effects["quality"] = "no slices by signal quality"
        return effects
