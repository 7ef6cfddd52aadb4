"""The grid as partitions of an external asset, so that Dagster shows its progress; `trained_models` trains.

A partition is a cell of an experiment. With two dimensions, member by fold, there would be partitions for each member
of one experiment on each fold of another, which could never be filled.
"""

from math import isnan

from dagster import (
    AssetMaterialization,
    AssetSpec,
    DagsterInstance,
    DynamicPartitionsDefinition,
    MetadataValue,
)

# Private to Dagster: an asset's result can carry a data version, but a logged event cannot.
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from hbac_assets.assets.metadata import counts, picture, table
from hbac_assets.assets.step import OWNERS, data_version, described, explained
from hbac_assets.learning.pictures import LOSS_SENTENCE
from hbac_assets.lineage import CODE_VERSIONS, Cell, Lineage
from hbac_assets.results.cells import figures
from hbac_assets.results.history import read_history, stages_table

CELLS = DynamicPartitionsDefinition(name="cells")

PAGE = "docs/methods.md"

fold_models = AssetSpec(
    "fold_models",
    deps=["trained_models"],
    description=described(
        "The grid, cell by cell: each training reports here. It cannot be materialized itself: launch "
        "`trained_models`, and choose members and folds in its launchpad.",
        PAGE,
    ),
    metadata=explained(PAGE),
    group_name="models",
    kinds={"keras", "jax"},
    owners=OWNERS,
    code_version=CODE_VERSIONS["trained_models"],
    partitions_def=CELLS,
)


def is_materialized(instance: DagsterInstance, lineage: Lineage, cell: Cell) -> bool:
    """Return whether the cell's partition was ever reported to this instance."""
    return partition_of(lineage, cell) in instance.get_materialized_partitions(fold_models.key)


def partition_of(lineage: Lineage, cell: Cell) -> str:
    """Return the partition of a cell, such as `quickstart: bipolar_resnet 0`.

    Dagster cuts long names in the middle, so the part that distinguishes the cells of an experiment comes last.
    """
    return f"{lineage.experiment.name}: {cell.member} {cell.fold}"


def extend_partitions(instance: DagsterInstance, lineage: Lineage) -> None:
    """Register the partitions of the whole grid with the instance."""
    instance.add_dynamic_partitions(str(CELLS.name), [partition_of(lineage, cell) for cell in lineage.cells])


def materialization(lineage: Lineage, cell: Cell, curves: bytes, mlflow_page: str) -> AssetMaterialization:
    """Return the event that reports a trained cell, with its values and the PNG of its loss curves."""
    artifact, known = lineage.cell(cell), figures(lineage, cell)
    return AssetMaterialization(
        fold_models.key,
        partition=partition_of(lineage, cell),
        tags={DATA_VERSION_TAG: data_version(artifact).value},
        metadata={
            "loss curves": picture(
                curves,
                LOSS_SENTENCE,
            ),
            f"validation loss, {lineage.experiment.name}": round(known["val_loss"], 4),
            **counts({name.replace("_", " "): known[name] for name in ("scored_epoch", "scored_stage", "seconds")}),
            "stages": table(stages_table(read_history(lineage, cell))),
            **({} if isnan(known["ema_gain"]) else counts({"ema_gain": known["ema_gain"]})),
            **counts({f"parameters, {name}": count for name, count in known["parameters"].items()}),
            "MLflow run": MetadataValue.url(mlflow_page) if mlflow_page else "not logged",
            "path": MetadataValue.path(artifact.path),
        },
    )
