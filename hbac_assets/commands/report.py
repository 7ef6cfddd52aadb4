"""The summary that a run ends with: scores beside what they are measured against.

On synthetic data the true probabilities are known. They are read here, after the chain is done, and by no asset.
"""

import numpy as np
import pandas as pd

from hbac_assets.assets.ensemble import chosen_methods
from hbac_assets.assets.optimism import chosen_epochs
from hbac_assets.assets.references import CLASS_PRIOR
from hbac_assets.assets.scores import evaluation, leaderboard, overall_kl
from hbac_assets.assets.set_aside import read_set_aside
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.competition.set_aside import counted
from hbac_assets.labels import PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.lineage import Lineage
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.paths import IN_CHECKOUT
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import Workspace
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.references import closed_share
from hbac_assets.scoring.slices import ALL
from hbac_assets.store.tables import read_table
from hbac_assets.synthetic.truth import read_truth

FLOOR = "floor"


def report(competition: CompetitionData, store: Store, experiment: ExperimentChoice) -> str:
    """Return the summary of the experiment's results as lines for the terminal."""
    lineage = Workspace(competition, store, experiment).lineage()
    rows = read_table(lineage.folds)
    overall = dict(reversed(overall_kl(lineage.oof, lineage.ensemble).items()))
    submitted = lineage.experiment.submitted
    data = "synthetic data" if competition.is_synthetic else f"{lineage.dataset.folder}"
    lines = [
        "",
        f"{lineage.experiment.name} on {data}: out-of-fold KL divergence of {len(rows)} rows, "
        f"{rows['patient_id'].nunique()} patients, {lineage.experiment.folds} folds (lower is better)",
    ]
    overall[FLOOR] = _floor(lineage, rows) if competition.is_synthetic else _estimated_floor(lineage)
    intervals = _intervals(lineage)
    width = max(map(len, overall)) + 2
    for name, score in overall.items():
        closed = closed_share(score, overall[CLASS_PRIOR], overall[FLOOR])
        share = f"   {closed:6.1%} of the way from class prior to floor" if np.isfinite(closed) else ""
        lines.append(f"  {name:<{width}}{score:.4f}{intervals.get(name, ''):18}{share}".rstrip())
    lines += ["", *_difference_lines(lineage), *_optimism_lines(lineage)]
    if competition.is_synthetic:
        lines += [_private_line(lineage, rows)]
    lines += [
        "",
        *_set_aside_lines(lineage),
        f"submission: {lineage.submission.require()}",
        f"it is from: {submitted}, blended by {chosen_methods(lineage)[submitted]}",
        f"look further: {'make ui' if IN_CHECKOUT else 'hbac ui'}   (assets in Dagster, trainings in MLflow)",
    ]
    return "\n".join(lines)


def _intervals(lineage: Lineage) -> dict[str, str]:
    """Return the 95 % interval of each model, as text."""
    models = [*evaluation(lineage.oof).models, *evaluation(lineage.ensemble).models]
    return {one["model"]: f" [{one['low']:.3f}, {one['high']:.3f}]" for one in models if one["low"] is not None}


def _difference_lines(lineage: Lineage) -> list[str]:
    """Return how far each model is behind the best, on the rows that both scored."""
    board = leaderboard(evaluation(lineage.ensemble)).dropna(subset="behind_low")
    lines = [
        f"  {one['model']}: {one['behind_best']:+.4f} [{one['behind_low']:+.4f}, {one['behind_high']:+.4f}]"
        f"{', may be chance' if one['may_be_chance'] else ''}"
        for one in board.to_dict("records")
    ]
    best = evaluation(lineage.ensemble).models[0]["model"]
    return [f"behind {best}, row by row, with 95 % intervals over patients:", *lines, ""] if lines else []


def _optimism_lines(lineage: Lineage) -> list[str]:
    return [
        f"{member}: its epochs were chosen on the rows that score them; chosen on the other folds, its validation loss "
        f"is {one.on_other_folds:.4f} instead of {one.on_scored_fold:.4f}"
        for member, one in chosen_epochs(lineage).items()
    ]


def _estimated_floor(lineage: Lineage) -> float:
    """Return the middle of both estimates of the floor; NaN where the votes do not allow any."""
    return next((one["middle"] for one in evaluation(lineage.oof).floor if one["slice"] == ALL), float("nan"))


def _set_aside_lines(lineage: Lineage) -> list[str]:
    """Return what could not be used, counted by reason, and where it is listed; nothing where all could."""
    made_from = [lineage.train_metadata, *lineage.arrays, lineage.folds, lineage.submission]
    listed = [(artifact.set_aside_path, read_set_aside(artifact)) for artifact in made_from]
    return [f"set aside: {counted(set_aside)}; listed in {path}" for path, set_aside in listed if len(set_aside)]


def _floor(lineage: Lineage, rows: pd.DataFrame) -> float:
    """Return what an observer who sees the latents scores: mean KL of the vote shares from the true probabilities."""
    truth = rows[["eeg_id", "eeg_sub_id"]].merge(read_truth(lineage.dataset.folder, "train"), validate="one_to_one")
    return _mean_kl(rows[list(SHARE_COLUMNS)], truth[list(PROBABILITY_COLUMNS)])


def _private_line(lineage: Lineage, rows: pd.DataFrame) -> str:
    submission = pd.read_csv(lineage.submission.require())
    truth = submission[["eeg_id"]].merge(read_truth(lineage.dataset.folder, "test"), validate="one_to_one")
    votes = truth[list(VOTE_COLUMNS)]
    shares = votes.div(votes.sum(axis=1), axis=0)
    prior = np.broadcast_to(rows[list(SHARE_COLUMNS)].mean().to_numpy(), shares.shape)
    score = _mean_kl(shares, submission[list(VOTE_COLUMNS)])
    prior_score, floor = _mean_kl(shares, prior), _mean_kl(shares, truth[list(PROBABILITY_COLUMNS)])
    closed = closed_share(score, prior_score, floor)
    return (
        f"private test votes, {len(shares)} EEGs: submission {score:.4f}, class prior {prior_score:.4f}, "
        f"floor {floor:.4f}: {closed:.1%} of the way"
    )


def _mean_kl(shares: pd.DataFrame, predictions: pd.DataFrame | np.ndarray) -> float:
    return float(kl_divergence(shares.to_numpy(), np.asarray(predictions)).mean())
