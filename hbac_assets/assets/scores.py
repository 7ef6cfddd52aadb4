"""The scores of out-of-fold rows: kept with an artifact, read from it, shown in Dagster and MLflow."""

from typing import Any

import pandas as pd
from dagster import MarkdownMetadataValue, TableMetadataValue

from hbac_assets.assets.metadata import picture, table
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.resources.tracking import TrackedRun
from hbac_assets.scoring.evaluation import Evaluation, evaluate
from hbac_assets.scoring.pictures import grouped_scores
from hbac_assets.scoring.scored_table import ScoredTable
from hbac_assets.store.artifact import Artifact

EVALUATION = "evaluation"
FILE = "evaluation.json"


def score_facts(oof: pd.DataFrame) -> dict[str, Any]:
    """Return the scores of out-of-fold rows as an artifact keeps them: an `Evaluation` of all models among them.

    Args:
        oof: rows as `oof_rows` makes them, of one model or of several that predict the same rows.
    """
    models = {str(model): rows.set_index("label_id") for model, rows in oof.groupby("member", sort=False)}
    rows = next(iter(models.values()))
    predictions = {
        model: predicted[list(PROBABILITY_COLUMNS)].reindex(rows.index).to_numpy()
        for model, predicted in models.items()
    }
    scored = ScoredTable(
        votes=rows[list(SHARE_COLUMNS)].to_numpy(),
        vote_counts=rows["vote_count"].to_numpy(),
        patients=rows["patient_id"].to_numpy(),
        folds=rows["fold"].to_numpy(),
        agreement=rows["agreement"].to_numpy(),
    )
    return {EVALUATION: evaluate(predictions, scored).for_json()}


def evaluation(artifact: Artifact) -> Evaluation:
    """Return the evaluation that an artifact keeps; None stands in it for NaN."""
    return Evaluation(**artifact.facts()[EVALUATION])


def overall_kl(*artifacts: Artifact) -> dict[str, float]:
    """Return the mean KL divergence over all rows of each model that these artifacts hold, best first."""
    every = {one["model"]: one["mean"] for artifact in artifacts for one in evaluation(artifact).models}
    return dict(sorted(every.items(), key=lambda item: item[1]))


def leaderboard(found: Evaluation) -> pd.DataFrame:
    """Return a row for each model, best first: its record, and how far it is behind the best, with an interval.

    `may_be_chance` says whether that difference is noise.
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


def score_metadata(artifact: Artifact) -> dict[str, TableMetadataValue | MarkdownMetadataValue]:
    """Return the leaderboard, the scores by slice and by class, the worst slices, the floor, and a picture."""
    found = evaluation(artifact)
    slices = pd.DataFrame(found.slices)
    by_agreement = slices[slices["by"] == "agreement"].rename(columns={"slice": "agreement"})
    drawn = grouped_scores(by_agreement, "agreement", "model", "KL divergence by agreement among the experts")
    return {
        "leaderboard": table(leaderboard(found)),
        "scores by slice": table(slices),
        "worst slices": table(pd.DataFrame(found.worst)),
        "scores by class": table(pd.DataFrame(found.classes)),
        "floor of votes": table(pd.DataFrame(found.floor)),
        "scores by agreement, drawn": picture(drawn),
    }


def log_scores(tracked: TrackedRun, found: Evaluation, model: str) -> None:
    """Log what the evaluation says of a model: the main values as metrics, all of it as JSON."""
    (record,) = (one for one in found.models if one["model"] == model)
    names = {"mean": "oof_kl", "low": "oof_kl_low", "high": "oof_kl_high", "closed": "prior_to_floor"}
    values = {new: record[name] for name, new in names.items()} | {"worth_experts": record["experts"]}
    for one in found.classes:
        if one["model"] == model:
            values |= {f"{name}_{one['class'].lower()}": one[name] for name in ("auroc", "auprc")}
    tracked.log_metrics({name: value for name, value in values.items() if value is not None})
    tracked.log_json(_of_model(found, model), FILE)


def _of_model(found: Evaluation, model: str) -> dict[str, Any]:
    """Return what concerns a model."""

    def concerns(record: dict[str, Any]) -> bool:
        named = [record[key] for key in ("model", "first", "second") if key in record]
        return not named or model in named

    content: dict[str, Any] = {}
    for name, value in vars(found).items():
        if isinstance(value, list):
            content[name] = [one for one in value if concerns(one)]
        else:
            content[name] = {model: value[model]} if name == "confusion" else value
    return content


def _negative(value: float | None) -> float | None:
    return None if value is None else -value
