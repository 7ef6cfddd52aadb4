"""The submitted ensemble as one function of windows, independent of the runtime of its networks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.learning.inputs.kind import InputKind
from hbac_assets.learning.inputs.kinds import KINDS
from hbac_assets.learning.test_time import Variant, mean_over_variants, unchanged
from hbac_assets.scoring.blends import StoredBlend
from hbac_assets.scoring.combining import combined
from hbac_assets.signals.recipes import InputRecipe
from hbac_assets.signals.window import Window

BATCH_SIZE = 64
"""Windows in memory at once; a window with both recordings takes 1.2 MB."""

Network = Callable[[np.ndarray], np.ndarray]
"""A function from inputs float16 (N, ...), as an `InputKind` makes them, to probabilities (N, 6)."""


@dataclass(frozen=True)
class Member:
    """One member of an ensemble.

    Attributes:
        name: in the experiment.
        recipe: of its input.
        networks: its models, one for each fold.
        variants: of an input, over which each network's predictions are averaged.
    """

    name: str
    recipe: InputRecipe
    networks: Sequence[Network]
    variants: Sequence[Variant] = (unchanged,)

    @property
    def kind(self) -> InputKind:
        """The kind of its input."""
        return KINDS[self.recipe.input]

    @property
    def reads(self) -> frozenset[str]:
        """The arrays of a window that it uses: `eeg`, `spectrogram` or both."""
        return frozenset(self.kind.reads)


class Prediction(NamedTuple):
    """Probabilities of N windows, classes in the order of `labels.CLASSES`.

    Attributes:
        probabilities: (N, 6) of the ensemble; the class prior if no member could predict the window.
        members: (N, M, 6) of each member, the mean over its folds; NaN where it lacked its input.
    """

    probabilities: np.ndarray
    members: np.ndarray


@dataclass(frozen=True)
class Predictor:
    """An ensemble: every member's models of all folds, blended, calibrated and averaged as for the submission.

    Attributes:
        members: in the order of the blend.
        blend: fitted out of fold.
        prior: (6,) probabilities of the classes in the training rows.
    """

    members: tuple[Member, ...]
    blend: StoredBlend
    prior: np.ndarray

    def predict(self, windows: Iterable[Window]) -> Prediction:
        """Return the probabilities of windows, consuming `BATCH_SIZE` at a time.

        A member that lacks its input is replaced by the mean of the others in the blend. Windows belong to one patient
        only if they have the same `patient`.
        """
        parts = [np.empty((len(self.members[0].networks), len(self.members), 0, len(CLASSES)))]
        patients: list[str | None] = []
        recordings: list[str] = []
        for batch in _batches(windows):
            parts.append(self._of_networks(batch))
            patients += [window.patient for window in batch]
            recordings += [window.recording for window in batch]
        predictions = np.concatenate(parts, axis=2)
        whose = np.array(patients, dtype=object)
        blended = combined(predictions, self.blend, self.prior, whose, np.array(recordings, dtype=str))
        return Prediction(blended, predictions.mean(axis=0).swapaxes(0, 1))

    def _of_networks(self, windows: list[Window]) -> np.ndarray:
        """Return (folds, members, N, 6), NaN where a member lacked its input."""
        found = np.full((len(self.members[0].networks), len(self.members), len(windows), len(CLASSES)), np.nan)
        inputs: dict[InputRecipe, list[np.ndarray | None]] = {}
        for number, member in enumerate(self.members):
            recipe = member.recipe
            if recipe not in inputs:
                inputs[recipe] = [member.kind.of_window(window, recipe) for window in windows]
            seen = np.array([one is not None for one in inputs[recipe]])
            if seen.any():
                arrays = np.stack([one for one in inputs[recipe] if one is not None])
                varied = [vary(arrays) for vary in member.variants]
                for fold, network in enumerate(member.networks):
                    found[fold, number, seen] = mean_over_variants(np.stack(list(map(network, varied)), axis=1))
        return found


def _batches(windows: Iterable[Window]) -> Iterator[list[Window]]:
    iterator = iter(windows)
    while batch := list(islice(iterator, BATCH_SIZE)):
        yield batch
