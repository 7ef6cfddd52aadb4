"""How the members are blended, learned out of fold."""

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, asset

from hbac_assets.assets.metadata import picture, preview, table
from hbac_assets.assets.oof_predictions import oof_predictions
from hbac_assets.assets.oof_rows import oof_rows, scores_by_model
from hbac_assets.assets.step import OWNERS, step
from hbac_assets.assets.tables import read_table
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.files import atomic_write, write_json
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.lineage import CODE_VERSIONS, Lineage
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import lineage_of
from hbac_assets.scoring.blending import Blending, ConvexBlend, compare
from hbac_assets.scoring.pictures import blend_weights

BLEND, ROWS = "blend.json", "oof.parquet"
ENSEMBLE = "ensemble"


@asset(
    deps=[oof_predictions],
    group_name="evaluation",
    kinds={"scipy", "parquet"},
    owners=OWNERS,
    code_version=CODE_VERSIONS["ensemble"],
)
@step
def ensemble(
    context: AssetExecutionContext, competition: CompetitionData, store: Store, experiment: ExperimentChoice
) -> MaterializeResult:
    """The blend of the members with the best nested score: plain mean or learned weights.

    Nested: the weights for a fold's rows are learned on the other folds, so that no method is scored on rows that it
    has seen. The weights that the submission uses are learned on all out-of-fold rows.
    """
    lineage = lineage_of(competition, store, experiment)
    artifact = lineage.ensemble
    if artifact.is_current():
        context.log.info("up to date, kept")
    else:
        blend_members(lineage)
    facts = artifact.facts()
    by_slice = pd.DataFrame(facts["scores"])
    weights = pd.DataFrame(facts["weights"].items(), columns=["member", "weight"])
    return MaterializeResult(
        metadata={
            "path": MetadataValue.path(artifact.path),
            "chosen": facts["chosen"],
            **{f"nested KL, {method}": kl for method, kl in facts["nested"].items()},
            "scores": table(by_slice),
            "weights": picture(blend_weights(weights)),
            "preview": preview(pd.read_parquet(artifact.path / ROWS)),
        }
    )


def blend_members(lineage: Lineage) -> None:
    """Compare the ways of blending and write the chosen one with its nested predictions."""
    oof = read_table(lineage.oof)
    by_member = [rows for _, rows in oof.groupby("member", sort=False)]
    predictions = np.stack([rows[list(PROBABILITY_COLUMNS)].to_numpy() for rows in by_member])
    rows = by_member[0].reset_index(drop=True)
    blending = compare(predictions, rows[list(SHARE_COLUMNS)].to_numpy(), rows["fold"].to_numpy())
    blended = oof_rows(rows, ENSEMBLE, blending.predictions)
    artifact = lineage.ensemble
    summary = _summary(blending, list(lineage.experiment.members))
    write_json(artifact.path / BLEND, summary)
    with atomic_write(artifact.path / ROWS) as temporary:
        blended.to_parquet(temporary, index=False)
    artifact.seal(**summary, scores=scores_by_model(blended).to_dict("records"))


def _summary(blending: Blending, members: list[str]) -> dict[str, object]:
    assert isinstance(blending.blend, ConvexBlend)
    return {
        "chosen": blending.chosen,
        "nested": {method: trial.kl for method, trial in blending.trials.items()},
        "weights": dict(zip(members, blending.blend.weights.tolist(), strict=True)),
    }
