"""The scores that an artifact keeps, shown in Dagster and MLflow."""

from typing import Any

import pandas as pd
from dagster import MarkdownMetadataValue, TableMetadataValue

from hbac_assets.assets.metadata import picture, table
from hbac_assets.resources.tracking import TrackedRun
from hbac_assets.results.scores import evaluation, leaderboard
from hbac_assets.scoring.evaluation import Evaluation
from hbac_assets.scoring.pictures import grouped_scores
from hbac_assets.store.artifact import Artifact

FILE = "evaluation.json"


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
    record = found.record_of(model)
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
