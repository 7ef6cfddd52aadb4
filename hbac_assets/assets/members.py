"""The members over all folds: their loss curves, a typical input, and their runs in MLflow."""

import pandas as pd
from dagster import MarkdownMetadataValue

from hbac_assets.assets.metadata import picture
from hbac_assets.assets.prediction import member_reader
from hbac_assets.figures import png
from hbac_assets.learning.pictures import EPOCHS_MARKED, network_input
from hbac_assets.lineage import Lineage
from hbac_assets.report.cases import typical_rows
from hbac_assets.report.charts.training import loss_chart
from hbac_assets.report.members import trained_member
from hbac_assets.resources.tracked_run import EPOCH_METRICS, TrackedRun
from hbac_assets.store.tables import read_table

CURVES_SENTENCE = (
    "Every fold of the member: dashed for training on augmented inputs, solid for validation on the held-out fold. "
    + EPOCHS_MARKED
)
SEES_SENTENCE = (
    "One row as the network's input, after clipping, averaging and scaling, before augmentation: lines that look "
    "alike or are clipped carry little information."
)


def log_member(tracked: TrackedRun, lineage: Lineage, folds: pd.DataFrame) -> dict[str, bytes]:
    """Log the summary of a member's folds, close its run, and return the picture of its curves.

    The curves are means over the folds, so that members can be compared.

    Args:
        tracked: the member's parent run.
        lineage: the experiment's.
        folds: the member's trained rows of the grid.
    """
    name, losses = str(folds["member"].iloc[0]), folds["val_loss"]
    summary = {"val_loss_mean": losses.mean(), "val_loss_std": losses.std()}
    tracked.log_metrics({key: value for key, value in summary.items() if pd.notna(value)})
    tracked.log_table(folds.dropna(axis=1, how="all"), "folds.csv")
    drawn = {}
    if len(folds) == lineage.experiment.folds:
        member = trained_member(lineage, name)
        drawn[name] = curves = png(loss_chart([member]))
        tracked.log_picture(curves, "loss_curves.png", CURVES_SENTENCE)
        histories = pd.concat(member.histories)
        logged = [metric for metric in EPOCH_METRICS if metric in histories]
        tracked.log_epochs(histories.groupby("epoch", as_index=False)[logged].mean())
    spread = f" ± {losses.std():.4f}" if len(folds) > 1 else ""
    tracked.log_parameters_table()
    tracked.describe(
        f"{name}: validation loss {losses.mean():.4f}{spread} (mean and standard deviation of {len(folds)} folds). "
        "The curves are means over the folds, which are the runs below this one. Among the artifacts:"
    )
    tracked.finish(training_seconds(lineage, name))
    return drawn


def training_seconds(lineage: Lineage, member: str) -> float:
    """Return the total duration of a member's trainings, in s."""
    cells = [lineage.cell(cell) for cell in lineage.cells if cell.member == member]
    return float(sum(cell.facts().get("seconds", 0.0) for cell in cells))


def seen_by_members(lineage: Lineage) -> dict[str, MarkdownMetadataValue]:
    """Return a picture of each member's network input for one typical row."""
    rows = read_table(lineage.folds)
    name, row = next(iter(typical_rows(rows, 1).items()))
    seen = {}
    for member, settings in lineage.experiment.members.items():
        array = member_reader(lineage, member, row.reset_index(drop=True))(0)
        size = " × ".join(map(str, array.shape))
        title = f"{member}: {size} values of EEG {row['eeg_id'].iloc[0]}, {name} by the experts"
        seen[member] = picture(network_input(array, settings.preprocessing, title), SEES_SENTENCE)
    return seen
