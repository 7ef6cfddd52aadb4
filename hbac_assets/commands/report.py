"""The summary at the end of a run: the scores, with class prior and floor.

On synthetic data the true probabilities are known. They are read here, after the run, and by no asset; their score is
shown beside the floor of votes, which all fractions of the way refer to.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.competition.set_aside import counted
from hbac_assets.labels import PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.lineage import Lineage
from hbac_assets.report.text import interval, is_known, percent
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.paths import IN_CHECKOUT
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import Workspace
from hbac_assets.results.ensembles import chosen_methods
from hbac_assets.results.optimism import chosen_epochs
from hbac_assets.results.scores import evaluation, leaderboard
from hbac_assets.results.set_aside import read_set_aside
from hbac_assets.scoring.floor import vote_floor
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.references import closed_fraction
from hbac_assets.scoring.slices import ALL
from hbac_assets.store.tables import read_table
from hbac_assets.synthetic.truth import read_truth

FLOOR = "floor of votes"


@dataclass(frozen=True)
class Block:
    """Lines that belong together; if there are many, a screen shows the first and the last."""

    lines: list[str]
    first: int = 3
    last: int = 0

    def folded(self) -> list[str]:
        """Return the lines that fit a screen."""
        end = len(self.lines) - self.last
        if end - self.first <= 1:
            return self.lines
        return [*self.lines[: self.first], f"  … {end - self.first} more", *self.lines[end:]]


def report(
    competition: CompetitionData, store: Store, experiment: ExperimentChoice, *, full: bool = False, page: str = ""
) -> str:
    """Return the summary of the experiment's results: `full`, or as much as fits a screen.

    `page` is the address of the scores in MLflow, while `hbac ui` or a server runs.
    """
    lineage = Workspace(competition, store, experiment).lineage()
    blocks = [block for block in _blocks(lineage, page, synthetic=competition.is_synthetic) if block.lines]
    whole, folded = [block.lines for block in blocks], [block.folded() for block in blocks]
    if not full and folded != whole:
        folded[-1].append("more:       hbac run --full")
    return "".join("\n".join(["", *lines, ""]) for lines in (whole if full else folded))


def _blocks(lineage: Lineage, page: str, *, synthetic: bool) -> list[Block]:
    rows, submitted = read_table(lineage.folds), lineage.experiment.submitted
    data = "synthetic data" if synthetic else f"{lineage.dataset.folder}"
    heading = [
        f"{lineage.experiment.name} on {data}: {len(rows)} rows, {rows['patient_id'].nunique()} patients, "
        f"{lineage.experiment.folds} folds",
        "out-of-fold KL divergence, lower is better; 95 % intervals over patients",
    ]
    truth = f" (truth {_true_floor(lineage, rows):.4f})" if synthetic else ""
    return [
        Block([*heading, *_table_lines(lineage, truth)], first=4, last=6),
        Block(_difference_lines(lineage), first=3),
        Block(_optimism_lines(lineage), first=1),
        Block(_private_lines(lineage, rows) if synthetic else []),
        Block(_set_aside_lines(lineage), first=1),
        Block(
            [
                f"submission: {_shown(lineage.submission.require())}",
                f"report:     {_shown(lineage.report.require())}",
                f"source:     {submitted}, blended by {chosen_methods(lineage)[submitted]}",
                f"explore:    {'make ui' if IN_CHECKOUT else 'hbac ui'}   (assets in Dagster, trainings in MLflow)",
                *([f"            {page}"] if page else []),
            ],
            first=5,
        ),
    ]


def _table_lines(lineage: Lineage, truth: str) -> list[str]:
    """Return a line for each model, the best last, and one for the floor with what the truth scores."""
    models = {one["model"]: one for artifact in (lineage.oof, lineage.ensemble) for one in evaluation(artifact).models}
    floor = next((one["middle"] for one in evaluation(lineage.oof).floor if one["slice"] == ALL), None)
    width = max(map(len, [*models, FLOOR])) + 2
    lines = [f"  {'':<{width}}KL     interval         prior to floor"]
    for name, one in sorted(models.items(), key=lambda item: -item[1]["mean"]):
        bounds = f" {interval(one['low'], one['high'], '{:.3f}')}" if is_known(one["low"]) else ""
        way = percent(one["closed"]) if is_known(one["closed"]) else ""
        lines.append(f"  {name:<{width}}{one['mean']:.4f}{bounds:17}{way:>9}".rstrip())
    if floor is not None:
        lines.append(f"  {FLOOR:<{width}}{floor:.4f}{truth:17}{percent(1.0):>9}")
    return lines


def _shown(path: Path) -> str:
    """Return a path as seen from the working folder."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _difference_lines(lineage: Lineage) -> list[str]:
    """Return how far each model is behind the best, on the rows that both scored."""
    board = leaderboard(evaluation(lineage.ensemble)).dropna(subset="behind_low")
    lines = [
        f"  {one['model']}: {one['behind_best']:+z.4f} [{one['behind_low']:+z.4f}, {one['behind_high']:+z.4f}]"
        f"{', may be chance' if one['may_be_chance'] else ''}"
        for one in board.to_dict("records")
    ]
    best = evaluation(lineage.ensemble).models[0]["model"]
    return [f"behind {best}, row by row:", *lines] if lines else []


def _optimism_lines(lineage: Lineage) -> list[str]:
    return [
        f"{member}: its epochs were chosen on the rows that score them; chosen on the other folds, its validation loss "
        f"is {one.on_other_folds:.4f} instead of {one.on_scored_fold:.4f}"
        for member, one in chosen_epochs(lineage).items()
    ]


def _set_aside_lines(lineage: Lineage) -> list[str]:
    """Return the rows and files set aside, counted by reason, and the path of their list; empty if there are none."""
    made_from = [lineage.train_metadata, *lineage.arrays, lineage.folds, lineage.submission]
    listed = [(artifact.set_aside_path, read_set_aside(artifact)) for artifact in made_from]
    return [f"set aside: {counted(set_aside)}; listed in {path}" for path, set_aside in listed if len(set_aside)]


def _true_floor(lineage: Lineage, rows: pd.DataFrame) -> float:
    """Return the score of an observer who sees the latents: the mean KL divergence between votes and truth."""
    truth = rows[["eeg_id", "eeg_sub_id"]].merge(read_truth(lineage.dataset.folder, "train"), validate="one_to_one")
    return _mean_kl(rows[list(SHARE_COLUMNS)], truth[list(PROBABILITY_COLUMNS)])


def _private_lines(lineage: Lineage, rows: pd.DataFrame) -> list[str]:
    submission = pd.read_csv(lineage.submission.require())
    truth = submission[["eeg_id"]].merge(read_truth(lineage.dataset.folder, "test"), validate="one_to_one")
    votes = truth[list(VOTE_COLUMNS)]
    shares = votes.div(votes.sum(axis=1), axis=0)
    prior = np.broadcast_to(rows[list(SHARE_COLUMNS)].mean().to_numpy(), shares.shape)
    score = _mean_kl(shares, submission[list(VOTE_COLUMNS)])
    prior_score, floor = _mean_kl(shares, prior), float(vote_floor(votes.to_numpy()).middle.mean())
    closed = closed_fraction(score, prior_score, floor)
    true_floor = _mean_kl(shares, truth[list(PROBABILITY_COLUMNS)])
    return [
        f"private test votes, {len(shares)} EEGs: submission {score:.4f}, {closed:.1%} of the way",
        f"  from class prior {prior_score:.4f} to {FLOOR} {floor:.4f} (truth {true_floor:.4f})",
    ]


def _mean_kl(shares: pd.DataFrame, predictions: pd.DataFrame | np.ndarray) -> float:
    return float(kl_divergence(shares.to_numpy(), np.asarray(predictions)).mean())
