"""What is known of the rows that models are scored on, and what it does to the scores if something is not."""

from dataclasses import dataclass

import numpy as np

from hbac_assets.competition.metadata import agreement as agreement_of
from hbac_assets.scoring.references import class_prior
from hbac_assets.scoring.slices import slice_masks


@dataclass(frozen=True)
class ScoredTable:
    """What is known of the rows that models are scored on; the first of votes and shares that is given is used.

    Attributes:
        votes: (N, 6) whole numbers of votes, at least one in each row; with `vote_counts` any multiple of them.
        vote_counts: (N,) how many experts voted, where votes are sums over several moments that the same experts saw,
            or fractions; None: as many as there are votes.
        shares: (N, 6) vote shares, where the votes themselves are not known.
        patients: (N,) patient of each row.
        folds: (N,) fold of each row, for a class prior that does not see the rows it predicts.
        agreement: (N,) categories of agreement; None: by the votes.
        quality: (N,) any measure of the signal's quality.
    """

    votes: np.ndarray | None = None
    vote_counts: np.ndarray | None = None
    shares: np.ndarray | None = None
    patients: np.ndarray | None = None
    folds: np.ndarray | None = None
    agreement: np.ndarray | None = None
    quality: np.ndarray | None = None

    def vote_shares(self) -> np.ndarray:
        """Return (N, 6) vote shares."""
        if self.votes is None:
            assert self.shares is not None
            return self.shares
        return np.asarray(self.votes / self.votes.sum(axis=1, keepdims=True))

    def expert_votes(self) -> np.ndarray | None:
        """Return (N, 6) votes, one for each expert, in the proportions of all votes; None where there are but shares.

        Sums are brought down to whole votes by the largest remainders, the first class coming first where they tie.
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
        """Return (N, 6): the class prior, by the rows of the other folds where there are any."""
        shares = self.vote_shares()
        if self.folds is not None and self.has_folds():
            return class_prior(shares, self.folds)
        return np.broadcast_to(shares.mean(axis=0), shares.shape)

    def masks(self) -> dict[tuple[str, str], np.ndarray]:
        """Return the slices that this table allows, as `slice_masks` does."""
        counts, category = None, self.agreement
        if self.votes is not None:
            counts = self.votes.sum(axis=1) if self.vote_counts is None else self.vote_counts
            category = agreement_of(self.votes) if category is None else category
        return slice_masks(self.vote_shares(), counts, category, self.patients, self.quality)

    def missing(self) -> dict[str, str]:
        """Return, for each thing that is not known, what that does to the scores."""
        effects = {}
        if self.votes is None:
            effects["votes"] = "no slices by votes, no floor, no number of experts: shares do not say how many voted"
            if self.agreement is None:
                effects["agreement"] = "no slices by agreement"
        if self.patients is None:
            effects["patients"] = (
                "each row counts as a patient of its own: intervals are too narrow, and noise passes as real; "
                "no slices by patient size"
            )
        if not self.has_folds():
            effects["folds"] = "the class prior has seen the rows that it predicts, which flatters it a little"
        if self.quality is None:
            effects["quality"] = "no slices by signal quality"
        return effects
