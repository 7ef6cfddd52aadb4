"""The grid of trained models: every member of the experiment on every fold.

`trained_models` is one unpartitioned asset, so that it can be selected on the command line without naming a
partition: an op plans the cells, each is trained in a separate step, and a last op publishes the grid. `fold_models`
shows the same cells as partitions.
"""

import warnings
from typing import Any

from dagster import (
    AssetIn,
    BetaWarning,
    Config,
    DynamicOut,
    DynamicOutput,
    In,
    MetadataValue,
    Nothing,
    OpExecutionContext,
    Out,
    Output,
    ResourceParam,
    config_mapping,
    graph_asset,
    op,
)
from pydantic import Field

from hbac_assets.assets import cell as cells
from hbac_assets.assets.fold_models import PAGE, extend_partitions, is_materialized, materialization
from hbac_assets.assets.grid import by_fold, chosen_cells, grid_table
from hbac_assets.assets.members import CURVES_SENTENCE, log_member, seen_by_members
from hbac_assets.assets.metadata import counts, picture, table
from hbac_assets.assets.mlflow_runs import open_members, open_runs, tracked_cell, tracked_member
from hbac_assets.assets.step import OWNERS, data_version, described, explained, step
from hbac_assets.execution.runs import report_dead_runs
from hbac_assets.learning import device
from hbac_assets.lineage import CODE_VERSIONS, Cell
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.cluster import LEASED
from hbac_assets.resources.tracking import Tracking
from hbac_assets.resources.views import Workspace
from hbac_assets.store.files import atomic_write, remove_leftovers


class GridConfig(Config):
    """The cells to train in a launch; by default all that are missing or out of date."""

    members: list[str] = Field([], description="names of the experiment's members to train; empty: all")
    folds: list[int] = Field([], description="numbers of folds to train, from 0 on; empty: all")
    retrain: bool = Field(False, description="true trains the chosen cells again even if they are up to date")


EARLIER_FACT = "val_loss"
"""A marker of cells of an earlier version, whose inputs listed every setting, including those for prediction."""

INPUTS = ("fold_assignments", "npy_spectrograms", "eeg_spectrograms")


@op(ins={name: In(Nothing) for name in INPUTS}, out=DynamicOut(Nothing))
@step
def plan_cells(
    context: OpExecutionContext,
    config: GridConfig,
    workspace: ResourceParam[Workspace],
    accelerator: Accelerator,
    tracking: Tracking,
) -> list[DynamicOutput]:
    """Choose the cells to train: those missing or out of date among the requested members and folds.

    A trained cell that is unknown to MLflow or to this Dagster instance also gets a step, which reports it.
    """
    report_dead_runs(context.instance, context.run.run_id)
    accelerator.require_usable(context.log.warning)
    lineage = workspace.lineage()
    remove_leftovers(lineage.experiment_folder)
    lineage.folds.require()
    chosen = chosen_cells(lineage, config.members, config.folds)
    extend_partitions(context.instance, lineage)
    runs = open_runs(context, tracking, lineage)
    planned, missing, earlier = [], 0, 0
    for cell in chosen:
        model = lineage.cell(cell)
        if config.retrain:
            model.unseal()
        if current := model.is_current():
            reported = is_materialized(context.instance, lineage, cell)
            if reported and runs.is_finished(lineage.cell_fingerprint(cell)):
                context.log.info(f"{cell.member} fold {cell.fold}: up to date, kept")
                continue
        missing += not current
        earlier += EARLIER_FACT in model.facts()
        planned.append(cell)
    with workspace.store.exclusive(lineage.experiment_folder, "plan_cells", context.log.info):
        open_members(runs, lineage, [cell.member for cell in planned])
    if earlier:
        context.log.warning(f"cells of an earlier version, retrained once: {earlier}")
    context.log.info(f"{missing} of {len(lineage.cells)} cells to train")
    return [DynamicOutput(None, mapping_key=cell.key) for cell in planned]


@op(ins={"cell": In(Nothing)}, out=Out(Nothing), tags=LEASED)
@step
def train_fold(
    context: OpExecutionContext,
    workspace: ResourceParam[Workspace],
    accelerator: Accelerator,
    tracking: Tracking,
) -> None:
    """Train one cell, unless another run has done so meanwhile, and report it to `fold_models` and MLflow."""
    lineage = workspace.lineage()
    cell = Cell.from_key(str(context.get_mapping_key()))
    with workspace.store.exclusive(lineage.experiment_folder, cell.key, context.log.info):
        runs = open_runs(context, tracking, lineage)
        parent = tracked_member(runs, lineage, cell.member)
        tracked = tracked_cell(runs, lineage, cell, parent)
        tracked.reopen()
        try:
            if lineage.cell(cell).is_current():
                context.log.info(f"{cell.member} fold {cell.fold}: trained already, kept")
                device.configure("cpu", "float32", None)  # its model is loaded to be logged, and no device is held
            else:
                with accelerator.lease(context.log.info):
                    cells.train(cell, lineage, accelerator, workspace.store, tracked, context.log)
            cells.forget_progress(cell, lineage)
            curves = cells.log_to_mlflow(cell, lineage, tracked)
        except BaseException as error:
            tracked.fail(str(error))
            parent.fail(f"fold {cell.fold}: {error}")
            raise
        tracked.finish(lineage.cell(cell).facts()["seconds"])
    context.log_event(materialization(lineage, cell, curves, runs.page_of(tracked)))


@op(ins={"cells": In(Nothing)}, out=Out(Nothing))
@step
def publish_grid(
    context: OpExecutionContext,
    workspace: ResourceParam[Workspace],
    tracking: Tracking,
) -> Output:
    """Write the table of the whole grid and close the members' MLflow runs with their means over folds."""
    lineage = workspace.lineage()
    grid = grid_table(lineage)
    with atomic_write(lineage.grid_table) as temporary:
        grid.to_parquet(temporary, index=False)
    runs = open_runs(context, tracking, lineage)
    curves: dict[str, bytes] = {}
    for member, folds in grid.dropna(subset="val_loss").groupby("member", sort=False):
        curves |= log_member(tracked_member(runs, lineage, str(member)), lineage, folds)
    made = (lineage.cell(Cell(*cell)) for cell in grid.dropna(subset="val_loss")[["member", "fold"]].itertuples(False))
    metadata: dict[str, Any] = {
        "experiment": lineage.experiment.name,
        "validation loss, member by fold": table(by_fold(grid)),
        **counts({"cells": len(grid), "missing": int(grid["val_loss"].isna().sum())}),
        **{f"all folds, {member}": picture(drawn, CURVES_SENTENCE) for member, drawn in curves.items()},
        **{f"what {member} sees": seen for member, seen in seen_by_members(lineage).items()},
        "grid": table(grid),
        "path": MetadataValue.path(lineage.experiment_folder / "models"),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BetaWarning)  # of `data_version`, which only outputs of ops call so
        return Output(None, data_version=data_version(*made), metadata=metadata)


@config_mapping
def _grid_config(config: GridConfig) -> dict[str, object]:
    return {"plan_cells": {"config": config.model_dump()}}


@graph_asset(
    ins={name: AssetIn(dagster_type=Nothing) for name in INPUTS},
    config=_grid_config,
    group_name="models",
    kinds={"keras", "jax", "mlflow"},
    owners=OWNERS,
    code_version=CODE_VERSIONS["trained_models"],
    description=described(
        "The whole grid: each member on each fold, in parallel, only cells that are missing or out of date. In the "
        "launchpad, choose members and folds, and whether to retrain them.",
        PAGE,
    ),
    metadata=explained(PAGE),
)
def trained_models(**inputs: Any) -> Any:
    """Train the grid."""
    planned = plan_cells(**inputs)
    return publish_grid(planned.map(train_fold).collect())
