"""The grid as partitions, member by fold, so that Dagster's pages show it filling; it has no compute of its own."""

from math import isnan

from dagster import (
    AssetMaterialization,
    AssetSpec,
    DagsterInstance,
    DynamicPartitionsDefinition,
    MetadataValue,
    MultiPartitionKey,
    MultiPartitionsDefinition,
)

# Private to Dagster, which lets an asset's result say its data version, but not an event that is logged.
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from hbac_assets.assets.metadata import picture, table
from hbac_assets.assets.step import OWNERS, data_version
from hbac_assets.lineage import CODE_VERSIONS, Cell, Lineage
from hbac_assets.results.cells import figures
from hbac_assets.results.history import read_history, stages_table

MEMBERS = DynamicPartitionsDefinition(name="members")
FOLDS = DynamicPartitionsDefinition(name="folds")

fold_models = AssetSpec(
    "fold_models",
    deps=["trained_models"],
    description="The grid, cell by cell: each training reports here. Materialize `trained_models` to fill it.",
    group_name="training",
    kinds={"keras", "jax"},
    owners=OWNERS,
    code_version=CODE_VERSIONS["trained_models"],
    partitions_def=MultiPartitionsDefinition({"member": MEMBERS, "fold": FOLDS}),
)


def is_materialized(instance: DagsterInstance, lineage: Lineage, cell: Cell) -> bool:
    """Tell whether the cell's partition was ever reported to this instance."""
    return partition_of(lineage, cell) in instance.get_materialized_partitions(fold_models.key)


def partition_of(lineage: Lineage, cell: Cell) -> MultiPartitionKey:
    """Return the partition that shows a cell; members carry the name of their experiment."""
    return MultiPartitionKey({"member": f"{lineage.experiment.name}/{cell.member}", "fold": str(cell.fold)})


def extend_partitions(instance: DagsterInstance, lineage: Lineage) -> None:
    """Make the partitions of the whole grid known to the instance."""
    keys = [partition_of(lineage, cell).keys_by_dimension for cell in lineage.cells]
    instance.add_dynamic_partitions(str(MEMBERS.name), list(dict.fromkeys(key["member"] for key in keys)))
    instance.add_dynamic_partitions(str(FOLDS.name), list(dict.fromkeys(key["fold"] for key in keys)))


def materialization(lineage: Lineage, cell: Cell, curves: bytes, mlflow_run: str) -> AssetMaterialization:
    """Return the event that reports a trained cell, with its figures and the PNG of its loss curves."""
    artifact, known = lineage.cell(cell), figures(lineage, cell)
    return AssetMaterialization(
        fold_models.key,
        partition=partition_of(lineage, cell),
        tags={DATA_VERSION_TAG: data_version(artifact).value},
        metadata={
            "path": MetadataValue.path(artifact.path),
            "validation loss": known["val_loss"],
            "scored epoch": known["scored_epoch"],
            "scored stage": known["scored_stage"],
            "stages": table(stages_table(read_history(lineage, cell))),
            **({} if isnan(known["ema_gain"]) else {"ema_gain": known["ema_gain"]}),
            "seconds": known["seconds"],
            **{f"parameters, {name}": count for name, count in known["parameters"].items()},
            "MLflow run": mlflow_run,
            "loss curves": picture(curves),
        },
    )
