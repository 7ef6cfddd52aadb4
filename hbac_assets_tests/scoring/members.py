"""Members of known quality, for tests of blends."""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def members(
    noise: list[float], rows: int = 400, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return predictions, shares, patients and folds.

    Predictions (M, N, 6) stray by `noise` from the truth, from which twelve votes are drawn; a patient has two rows.
    """
    random = np.random.default_rng(seed)
    logits = 2 * random.normal(size=(rows, 6))
    shares = np.stack([random.multinomial(12, row) / 12 for row in softmax(logits)])
    strayed = logits + np.array(noise)[:, None, None] * random.normal(size=(len(noise), rows, 6))
    patients = np.arange(rows) // 2
    return softmax(strayed), shares, patients, patients % 5
