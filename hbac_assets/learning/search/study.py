"""The study of a search: the next trial, its pruning, and the summary of all trials.

Optuna stores trials in an SQLite file. Only trials reported with `tell` count; any other was interrupted and is rerun
with the same parameters, because the draws of a trial depend only on the search's seed and the trials finished before.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from hbac_assets.errors import HbacError
from hbac_assets.learning.search.settings import CATEGORICAL, LOGARITHMIC, Ranges, Search
from hbac_assets.learning.training import DivergedError

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

    from hbac_assets.learning.checkpoint import EpochRecord

# Trials that must have reached a step before a later one is compared there.
FEWEST_COMPARED = 4

# (epochs of the trial so far on all folds, validation loss)
Report = Callable[[int, float], None]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a trial; `loss` is None unless it is complete."""

    kind: Literal["complete", "pruned", "diverged"]
    loss: float | None = None


def open_study(path: Path, name: str) -> "Study":
    """Return the study `name` in an SQLite file, which is created if missing.

    No other process may work on this study: unfinished trials are marked as failed.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path.parent.mkdir(parents=True, exist_ok=True)
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    study = optuna.create_study(storage=storage, study_name=name, direction="minimize", load_if_exists=True)
    for trial in study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.RUNNING]):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def finished_trials(study: "Study") -> "list[FrozenTrial]":
    """Return the trials that count, in order."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=[TrialState.COMPLETE, TrialState.PRUNED])


def best(trials: "Sequence[FrozenTrial]") -> "FrozenTrial | None":
    """Return the first complete trial of lowest loss, if any is complete."""
    complete = [trial for trial in trials if outcome_of(trial).kind == "complete"]
    return min(complete, key=lambda trial: (trial.value, trial.number), default=None)


def ask(study: "Study", search: Search) -> "Trial":
    """Begin the next trial; its `params` are the values to try, by the names of `Ranges`.

    They are drawn by the tree-structured Parzen estimator (Bergstra et al. 2011), from the ranges of the trial's batch.
    """
    from optuna.samplers import TPESampler

    before = finished_trials(study)
    seed = np.random.default_rng([search.seed, len(before)]).integers(2**32)
    study.sampler = TPESampler(seed=int(seed))
    trial = study.ask()
    for name, choices in batch_ranges(search, before):
        if name in CATEGORICAL:
            trial.suggest_categorical(name, choices)
        else:
            trial.suggest_float(name, *choices, log=name in LOGARITHMIC)
    return trial


def batch_ranges(search: Search, before: "Sequence[FrozenTrial]") -> Ranges:
    """Return the ranges of the trial that follows the trials `before`: narrower in each batch."""
    batch = len(before) // search.trials
    middle = best(before[: batch * search.trials])
    return search.ranges.narrowed(middle.params, search.narrowing**batch) if middle else search.ranges


def attempt(study: "Study", search: Search, trial: "Trial", train: Callable[[Report], float]) -> Outcome:
    """Train a trial until it is complete, pruned or diverged.

    After every epoch but the last, a trial is pruned when its validation loss is above the median of the earlier trials
    at the same epoch of the same fold. (Optuna's median pruner compares the best of all epochs so far, which mixes easy
    and hard folds.)

    Args:
        study: the trials so far.
        search: its settings.
        trial: from `ask`.
        train: returns the trial's loss; calls its argument after each epoch.
    """
    from optuna import TrialPruned

    def report(step: int, loss: float) -> None:
        trial.report(loss, step)
        if step < search.steps and _is_behind(study, step, loss):
            raise TrialPruned

    try:
        return Outcome("complete", train(report))
    except TrialPruned:
        return Outcome("pruned")
    except DivergedError:
        return Outcome("diverged")


def tell(study: "Study", trial: "Trial", outcome: Outcome, epochs: "Sequence[EpochRecord]" = ()) -> None:
    """End a trial: from here on it counts and is not rerun.

    A diverged trial ranks as if it were pruned after its last finite loss.

    Args:
        study: the trials.
        trial: from `ask`.
        outcome: from `attempt`.
        epochs: stored with the trial, for display.
    """
    from optuna.trial import TrialState

    trial.set_user_attr("outcome", outcome.kind)
    trial.set_user_attr("epochs", [asdict(record) for record in epochs])
    if outcome.kind == "complete":
        study.tell(trial, outcome.loss)
    else:
        study.tell(trial, state=TrialState.PRUNED)


def outcome_of(trial: "FrozenTrial") -> Outcome:
    """Return the outcome of a finished trial."""
    kind = trial.user_attrs["outcome"]
    return Outcome(kind, trial.value if kind == "complete" else None)


def epochs_of(trial: "FrozenTrial") -> pd.DataFrame:
    """Return the epochs of a finished trial, a row for each with the columns of `EpochRecord`."""
    return pd.DataFrame(trial.user_attrs.get("epochs", []))


def trials_table(study: "Study", search: Search) -> pd.DataFrame:
    """Return a row for each finished trial: trial and batch (from 1), outcome, loss, epochs, and its values.

    The loss of an incomplete trial is its last one, on the fold it reached; NaN if it had none.
    """
    rows: list[dict[str, Any]] = [
        {
            "trial": number + 1,
            "batch": number // search.trials + 1,
            "outcome": outcome_of(trial).kind,
            "loss": np.nan if trial.value is None else trial.value,
            "epochs": len(trial.intermediate_values),
            **trial.params,
        }
        for number, trial in enumerate(finished_trials(study))
    ]
    return pd.DataFrame(rows)


def importances(study: "Study", search: Search) -> dict[str, float]:
    """Return the fraction of the variance of the complete trials' losses due to each hyperparameter, largest first.

    By functional ANOVA (Hutter et al. 2014); sums to one. Empty if there are too few trials, or all are alike. All
    trials count as drawn from the first ranges; log-uniform values enter by their logarithm.
    """
    import optuna
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    trials = [trial for trial in finished_trials(study) if outcome_of(trial).kind == "complete"]
    if len(trials) < FEWEST_COMPARED or len({trial.value for trial in trials}) == 1:
        return {}
    distributions: dict[str, Any] = {}
    for name, choices in search.ranges:
        if name in CATEGORICAL:
            distributions[name] = CategoricalDistribution(choices)
        else:
            low, high = map(_scale(name), choices)
            distributions[name] = FloatDistribution(low, high)
    together = optuna.create_study()
    for trial in trials:
        values = {name: value if name in CATEGORICAL else _scale(name)(value) for name, value in trial.params.items()}
        together.add_trial(optuna.create_trial(params=values, distributions=distributions, value=trial.value))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=search.seed)
    return optuna.importance.get_param_importances(together, evaluator=evaluator)


def require_best(study: "Study", path: Path) -> "FrozenTrial":
    """Return the best trial.

    Raises:
        HbacError: no trial is complete.
    """
    trials = finished_trials(study)
    found = best(trials)
    if found is None:
        raise HbacError(
            f"{path}: expected a complete trial, found none among {len(trials)}, all without a finite loss; "
            "lower the ranges of search.ranges.peak"
        )
    return found


def _is_behind(study: "Study", step: int, loss: float) -> bool:
    earlier = [trial.intermediate_values[step] for trial in finished_trials(study) if step in trial.intermediate_values]
    return len(earlier) >= FEWEST_COMPARED and loss > median(earlier)


def _scale(name: str) -> Callable[[float], float]:
    return np.log if name in LOGARITHMIC else float
