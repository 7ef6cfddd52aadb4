"""An artifact's scores, as Dagster metadata and MLflow metrics."""

from typing import Any

import numpy as np
import pandas as pd

from hbac_assets.assets.galleries import worst_rows
from hbac_assets.assets.metadata import picture, table
from hbac_assets.figures import png
from hbac_assets.lineage import Lineage
from hbac_assets.report.charts.scores import reliability_chart, scores_chart
from hbac_assets.report.experiment import model_kinds
from hbac_assets.report.text import interval, is_known, nats, percent, signed
from hbac_assets.resources.tracked_run import TrackedRun
from hbac_assets.results.scores import evaluation, leaderboard
from hbac_assets.scoring.evaluation import Evaluation
from hbac_assets.scoring.pictures import grouped_scores, vote_confusion
from hbac_assets.scoring.references import LOGISTIC_REGRESSION
from hbac_assets.scoring.yardsticks import Record
from hbac_assets.store.artifact import Artifact

FILE = "evaluation.json"
DRAWN_MODELS = 40
SHORT = {LOGISTIC_REGRESSION: "band powers"}
"""Short forms of names that would crowd out the numbers."""
SENTENCES = {
    "confusion": "The mean prediction where experts vote for each class: a good model is dark on the diagonal, but "
    "since experts disagree no model has ones there.",
    "reliability": "On the dashed line the model's probabilities are right on average; below it the model is too sure "
    "of the class, above it too cautious. Small points are few rows.",
    "KL by class": "Each model on the rows where a class has the most votes, with 95 % intervals over patients: the "
    "class furthest to the right is the worst.",
}


def board(lineage: Lineage, found: Evaluation) -> pd.DataFrame:
    """Return the leaderboard for people: every model of `found`, and the references.

    Columns: model, KL, 95 %, way. Dagster shows some fifty characters and cuts off the rest.
    """
    rows = [
        {
            "model": SHORT.get(one["model"], one["model"]),
            "KL": nats(one["mean"]),
            "95 %": interval(one["low"], one["high"], "{:.3f}"),
            "way": percent(one["closed"]),
        }
        for one in _with_references(lineage, found)
    ]
    return pd.DataFrame(rows)


def behind(found: Evaluation) -> pd.DataFrame:
    """Return the distance of each model from the best: model, behind, 95 %, and whether that may be chance."""
    rows = [
        {
            "model": SHORT.get(one["model"], one["model"]),
            "behind": signed(one["behind_best"]),
            "95 %": interval(one["behind_low"], one["behind_high"], "{:+.3f}"),
            "chance": "maybe" if one["may_be_chance"] else "no",
        }
        for one in leaderboard(found).to_dict("records")
        if is_known(one["behind_best"])
    ]
    return pd.DataFrame(rows, columns=["model", "behind", "95 %", "chance"])


def score_metadata(lineage: Lineage, artifact: Artifact, model: str, predicted: pd.DataFrame) -> dict[str, Any]:
    """Return the leaderboard, pictures of one model, its worst rows, and the scores by slice and by class.

    Args:
        lineage: the experiment's.
        artifact: with the evaluation.
        model: the one shown in detail.
        predicted: its out-of-fold rows.
    """
    found = evaluation(artifact)
    slices = pd.DataFrame(found.slices)
    by_agreement = slices[slices["by"] == "agreement"].rename(columns={"slice": "agreement"})
    drawn = grouped_scores(by_agreement, "agreement", "model", "KL divergence by agreement among the experts")
    kinds = model_kinds(lineage.experiment)
    records = _with_references(lineage, found)[:DRAWN_MODELS]
    scores = scores_chart(records, {one["model"]: kinds.get(one["model"], "reference") for one in records})
    return {
        "leaderboard": table(board(lineage, found)),
        f"behind {found.models[0]['model']}": table(behind(found)),
        "leaderboard, drawn": picture(
            png(scores),
            "Further left is better; lines are 95 % intervals over patients. The class prior ignores the EEG; the "
            "floor is due to the experts' disagreement alone.",
        ),
        **{f"{name}, {model}": picture(drawn, SENTENCES[name]) for name, drawn in model_pictures(found, model).items()},
        f"worst rows, {model}": table(worst_rows(predicted)),
        "scores by slice": table(slices),
        "worst slices": table(pd.DataFrame(found.worst)),
        "scores by class": table(pd.DataFrame(found.classes)),
        "floor of votes": table(pd.DataFrame(found.floor)),
        "scores by agreement, drawn": picture(
            drawn, "Errors are most costly on rows on which experts agree; compare models within a group."
        ),
    }


def model_pictures(found: Evaluation, model: str) -> dict[str, bytes]:
    """Return confusion, reliability and KL by class of a model as PNG; the last compared with all other models."""
    confusion = np.array(found.confusion[model], dtype=float)
    slices = pd.DataFrame(found.slices)
    by_class = slices[slices["by"] == "class"].rename(columns={"slice": "majority"})
    if len(found.models) > 1:
        by_class = by_class.assign(chosen=by_class["model"] == model)
    return {
        "confusion": vote_confusion(confusion, model),
        "reliability": png(reliability_chart(found.reliability, model)),
        "KL by class": grouped_scores(
            by_class, "majority", "model", "KL divergence by class (blue and filled: this model)"
        ),
    }


def log_scores(tracked: TrackedRun, found: Evaluation, model: str, predicted: pd.DataFrame) -> None:
    """Log the evaluation of a model: the main values as metrics, all as JSON, pictures, worst rows."""
    record = found.record_of(model)
    names = {"mean": "oof_kl", "low": "oof_kl_low", "high": "oof_kl_high", "closed": "prior_to_floor"}
    values = {new: record[name] for name, new in names.items()} | {"worth_experts": record["experts"]}
    for one in found.classes:
        if one["model"] == model:
            values |= {f"{name}_{one['class'].lower()}": one[name] for name in ("auroc", "auprc")}
    tracked.log_metrics({name: value for name, value in values.items() if value is not None})
    tracked.log_json(_of_model(found, model), FILE)
    for name, drawn in model_pictures(found, model).items():
        tracked.log_picture(drawn, f"{name.replace(' ', '_').lower()}.png", SENTENCES[name])
    tracked.log_table(worst_rows(predicted), "worst_rows.csv")


def _with_references(lineage: Lineage, found: Evaluation) -> list[Record]:
    """Return the records of all models, best first, adding the references that `found` lacks."""
    kinds = model_kinds(lineage.experiment)
    there = {one["model"] for one in found.models}
    references = [
        one for one in evaluation(lineage.oof).models if one["model"] not in kinds and one["model"] not in there
    ]
    return sorted([*found.models, *references], key=lambda one: one["mean"])


def _of_model(found: Evaluation, model: str) -> dict[str, Any]:
    """Return the records that concern a model."""

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
