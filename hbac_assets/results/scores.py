"""The scores of out-of-fold rows, stored with an artifact and read back."""

from typing import Any

import pandas as pd

from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.scoring.evaluation import Evaluation, evaluate
from hbac_assets.scoring.scored_table import ScoredTable
from hbac_assets.store.artifact import Artifact

EVALUATION = "evaluation"


def score_facts(oof: pd.DataFrame) -> dict[str, Any]:
    """Return the scores of out-of-fold rows as facts of an artifact, including an `Evaluation` of all models.

    Args:
        oof: rows as `oof_rows` makes them, of one model or of several that predict the same rows.
    """
    models = {str(model): rows.set_index("label_id") for model, rows in oof.groupby("member", sort=False)}
    rows = next(iter(models.values()))
    predictions = {
        model: predicted[list(PROBABILITY_COLUMNS)].reindex(rows.index).to_numpy()
        for model, predicted in models.items()
    }
    return {EVALUATION: evaluate(predictions, scored_table(rows)).for_json()}


def scored_table(rows: pd.DataFrame) -> ScoredTable:
    """Return the scores of out-of-fold rows of one model, as `oof_rows` makes them."""
    return ScoredTable(
        votes=rows[list(SHARE_COLUMNS)].to_numpy(),
        vote_counts=rows["vote_count"].to_numpy(),
        patients=rows["patient_id"].to_numpy(),
        folds=rows["fold"].to_numpy(),
        agreement=rows["agreement"].to_numpy(),
    )


def evaluation(artifact: Artifact) -> Evaluation:
    """Return the evaluation stored with an artifact; NaN is stored as None."""
    return Evaluation(**artifact.facts()[EVALUATION])


def overall_kl(*artifacts: Artifact) -> dict[str, float]:
    """Return the mean KL divergence over all rows of each model in these artifacts, best first."""
    every = {one["model"]: one["mean"] for artifact in artifacts for one in evaluation(artifact).models}
    return dict(sorted(every.items(), key=lambda item: item[1]))


def leaderboard(found: Evaluation) -> pd.DataFrame:
    """Return a row for each model, best first: its record, and its distance from the best with an interval.

    `may_be_chance` tells whether the interval contains 0.
    """
    models = pd.DataFrame(found.models)
    if models.empty:
        return models
    best = found.models[0]["model"]
    behind = [
        {
            "model": one["second"],
            "behind_best": -one["difference"],
            "behind_low": _negative(one["high"]),
            "behind_high": _negative(one["low"]),
            "may_be_chance": one["noise"],
        }
        for one in found.differences
        if one["first"] == best
    ]
    columns = ["model", "behind_best", "behind_low", "behind_high", "may_be_chance"]
    return models.merge(pd.DataFrame(behind, columns=columns), on="model", how="left")


def _negative(value: float | None) -> float | None:
    return None if value is None else -value
