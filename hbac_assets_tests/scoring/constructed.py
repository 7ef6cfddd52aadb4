"""Models with known errors on votes drawn from known class probabilities."""

from typing import NamedTuple

import numpy as np

from hbac_assets_tests.scoring.members import softmax

BASE_RATE = np.array([0.0, 0.3, 0.2, -0.5, -0.4, 1.2])


class Table(NamedTuple):
    """Predictions (M, N, 6) and the table of the rows; five folds by patient."""

    predictions: np.ndarray
    shares: np.ndarray
    patients: np.ndarray
    eegs: np.ndarray
    folds: np.ndarray

    def rows(self, chosen: np.ndarray) -> "Table":
        return Table(self.predictions[:, chosen], *(part[chosen] for part in self[1:]))


class Votes(NamedTuple):
    logits: np.ndarray
    shares: np.ndarray
    patients: np.ndarray
    eegs: np.ndarray


def votes(random: np.random.Generator, rows: int, alike: float = 1.0) -> Votes:
    """Draw 3 to 20 votes of each row; a patient has six rows on average, two of each EEG, which are `alike`."""
    eegs = np.arange(rows) // 2
    patients = np.sort(random.integers(0, max(1, rows // 6), eegs.max() + 1))[eegs]
    logits = BASE_RATE + alike * random.normal(size=(patients.max() + 1, 6))[patients]
    logits = logits + random.normal(size=(eegs.max() + 1, 6))[eegs] + random.normal(size=(rows, 6))
    numbers = random.integers(3, 21, rows)
    truth = softmax(logits)
    return Votes(logits, random.multinomial(numbers, truth) / numbers[:, None], patients, eegs)


def twenty_models(
    seed: int, rows: int, *, complementary: bool = False, alike: bool = False, one_good: bool = False
) -> Table:
    """Return 20 models: eight that stray from the truth, one of them seven times, three over-confident, two noise.

    Where they are `complementary`, the first six are each good at telling one class and poor at the others. Where they
    are `alike`, all 20 stray equally, so that nothing but their mean's calibration can be gained. Where there is
    `one_good`, all others stray far.
    """
    random = np.random.default_rng(seed)
    drawn = votes(random, rows)
    common = 0.4 * random.normal(size=(rows, 6))  # what all get wrong alike

    def strayed(noise: float) -> np.ndarray:
        return drawn.logits + common + noise * random.normal(size=(rows, 6))

    if alike or one_good:
        logits = [strayed(0.3 if one_good and not number else 3.0 if one_good else 0.5) for number in range(20)]
        return Table(softmax(np.stack(logits)), drawn.shares, drawn.patients, drawn.eegs, drawn.patients % 5)
    good = [strayed(noise) for noise in np.linspace(0.5, 1.2, 8)]
    if complementary:
        blind = ~np.eye(6, dtype=bool) * 2.0
        good[:6] = [one + blind[number] * random.normal(size=(rows, 6)) for number, one in enumerate(good[:6])]
    duplicates = [good[3] + 0.01 * random.normal(size=(rows, 6)) for _ in range(7)]
    sure = [2.5 * strayed(0.7) for _ in range(3)]
    noise = [random.normal(size=(rows, 6)) for _ in range(2)]
    predictions = softmax(np.stack([*good, *duplicates, *sure, *noise]))
    return Table(predictions, drawn.shares, drawn.patients, drawn.eegs, drawn.patients % 5)
