"""Patient context: the use of a patient's other recordings, an optional last step after blend and calibration.

Only predictions are read, never labels: so it is legitimate wherever the patient of each recording is known, as in the
competition's test.csv. The gain depends on the number of recordings per patient.
"""

from dataclasses import dataclass

import numpy as np

from hbac_assets.scoring.calibration import log_probabilities

RIDGE = 1.0
"""Weight of the squared deviations from the start relative to the sum of divergences: a unit normal prior."""

MOST_STEPS = 500


@dataclass(frozen=True)
class PatientContext:
    """Logits own·ℓ + w·(with_others·ℓ + others·(m − center)), with w = n / (n + shrinkage).

    ℓ are the row's log probabilities, m is their mean over the n other EEGs of its patient. A row without others uses
    only its own; the weight of the others grows with their number.
    """

    own: float
    with_others: float
    others: float
    shrinkage: float
    """In EEGs, over 0."""
    center: np.ndarray
    """(6,) mean log probabilities of the rows that it was fitted on: m for the average patient."""

    def __call__(self, predictions: np.ndarray, patients: np.ndarray, eegs: np.ndarray) -> np.ndarray:
        """Return (N, 6) probabilities that use the other EEGs of each row's patient among these rows.

        Args:
            predictions: (N, 6) probabilities.
            patients: (N,) patient of each row; one without a patient has no other EEGs.
            eegs: (N,) EEG of each row.
        """
        from scipy.special import softmax

        logs = log_probabilities(predictions)
        mean, count = other_eegs(logs, patients, eegs)
        weight = (count / (count + self.shrinkage))[:, None]
        logits = self.own * logs + weight * (self.with_others * logs + self.others * (mean - self.center))
        return np.asarray(softmax(logits, axis=1))


def learned_context(
    predictions: np.ndarray, shares: np.ndarray, patients: np.ndarray, eegs: np.ndarray
) -> PatientContext:
    """Fit the four scalars of lowest mean KL divergence on these rows, with a small ridge towards no change.

    Args:
        predictions: (N, 6) probabilities that were not fitted on these rows.
        shares: (N, 6) vote fractions.
        patients: (N,) patient of each row.
        eegs: (N,) EEG of each row.
    """
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    logs = log_probabilities(predictions)
    center = logs.mean(axis=0) if len(logs) else np.zeros(shares.shape[1])
    mean, count = other_eegs(logs, patients, eegs)
    others, rows = mean - center, max(1, len(logs))

    def objective(free: np.ndarray) -> tuple[float, np.ndarray]:
        own, with_others, of_others = 1 + free[0], free[1], free[2]
        weight = (count / (count + np.exp(free[3])))[:, None]
        joint = with_others * logs + of_others * others
        fitted = log_softmax(own * logs + weight * joint, axis=1)
        slope = np.exp(fitted) - shares
        terms = (logs, weight * logs, weight * others, -weight * (1 - weight) * joint)
        gradient = np.array([(slope * term).sum() for term in terms]) + RIDGE * free
        return (RIDGE / 2 * free @ free - (shares * fitted).sum()) / rows, gradient / rows

    options = {"maxiter": MOST_STEPS, "ftol": 1e-12, "gtol": 1e-7}
    own, with_others, of_others, log_shrinkage = minimize(
        objective, np.zeros(4), jac=True, method="L-BFGS-B", options=options
    ).x
    return PatientContext(1 + own, with_others, of_others, float(np.exp(log_shrinkage)), center)


def other_eegs(logs: np.ndarray, patients: np.ndarray, eegs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 6) the mean over the patient's other EEGs, each being the mean of its rows, and (N,) their number.

    The mean is 0 if there are none.
    """
    numbers = _numbered(patients)
    keys = np.stack([numbers, np.unique(eegs, return_inverse=True)[1].ravel()], axis=1)
    first, eeg_of, rows = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)[1:]
    of_eeg = _sums(logs, eeg_of.ravel(), len(first)) / rows[:, None]
    patient_of = numbers[first]
    count = np.bincount(patient_of, minlength=numbers.max(initial=-1) + 1)[numbers] - 1
    sums = _sums(of_eeg, patient_of, numbers.max(initial=-1) + 1)[numbers]
    mean = (sums - of_eeg[eeg_of.ravel()]) / np.maximum(count, 1)[:, None]
    return np.where(count[:, None] > 0, mean, 0), count.astype(float)


def _numbered(patients: np.ndarray) -> np.ndarray:
    """Return (N,) an index for each patient; rows without one, None or NaN, each get a separate index."""
    numbers: dict[object, int] = {}
    return np.array(
        [
            numbers.setdefault(("nobody", row) if patient is None or patient != patient else patient, len(numbers))
            for row, patient in enumerate(patients.tolist())
        ],
        dtype=int,
    )


def _sums(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Return (groups, K): the sums of the rows of `values` (N, K) by the index of their group."""
    sums = np.zeros((groups, values.shape[1]))
    np.add.at(sums, group, values)
    return sums
