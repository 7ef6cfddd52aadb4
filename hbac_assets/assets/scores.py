"""The scores of out-of-fold rows: kept with an artifact, read from it, shown in Dagster."""

from collections.abc import Callable, Hashable
from typing import Any

import pandas as pd
from dagster import MarkdownMetadataValue, TableMetadataValue

from hbac_assets.assets.metadata import picture, table
from hbac_assets.scoring.pictures import grouped_scores
from hbac_assets.scoring.slices import ALL, agreement_scores, scores
from hbac_assets.store.artifact import Artifact


def score_facts(oof: pd.DataFrame) -> dict[str, object]:
    """Return the scores of out-of-fold rows as an artifact keeps them: by vote slice, and by agreement category.

    Both are lists of records: model, slice or agreement, rows, patients, mean, low and high.
    """
    return {"scores": _by_model(oof, scores), "agreement_scores": _by_model(oof, agreement_scores)}


def overall_scores(artifact: Artifact) -> pd.DataFrame:
    """Return model, rows, patients, mean, low and high over all rows of each model that the artifact holds."""
    by_slice = pd.DataFrame(artifact.facts()["scores"])
    return by_slice[by_slice["slice"] == ALL].drop(columns="slice")


def overall_kl(*artifacts: Artifact) -> dict[str, float]:
    """Return the mean KL divergence over all rows of each model that these artifacts hold."""
    overall = pd.concat(map(overall_scores, artifacts))
    return dict(zip(overall["model"], overall["mean"], strict=True))


def score_metadata(artifact: Artifact) -> dict[str, TableMetadataValue | MarkdownMetadataValue]:
    """Return the tables by vote slice and by agreement category, and a picture of the latter."""
    facts = artifact.facts()
    by_agreement = pd.DataFrame(facts["agreement_scores"])
    drawn = grouped_scores(by_agreement, "agreement", "model", "KL divergence by agreement among the experts")
    return {
        "scores": table(pd.DataFrame(facts["scores"])),
        "scores by agreement": table(by_agreement),
        "scores by agreement, drawn": picture(drawn),
    }


def _by_model(oof: pd.DataFrame, score: Callable[[pd.DataFrame], pd.DataFrame]) -> list[dict[Hashable, Any]]:
    parts = [score(rows).assign(model=model) for model, rows in oof.groupby("member", sort=False)]
    together = pd.concat(parts, ignore_index=True)
    return together[["model", *together.columns.drop("model")]].to_dict("records")
