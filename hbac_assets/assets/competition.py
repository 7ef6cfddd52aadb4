"""The raw data: the competition's folder and its table of labels."""

from dagster import AssetExecutionContext, DataVersion, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.galleries import drawn_once, typical_gallery
from hbac_assets.assets.metadata import counts, picture, preview, stored_table, table
from hbac_assets.assets.set_aside import Tolerance, set_aside_metadata, write_set_aside
from hbac_assets.assets.step import Progress, data_version, stage, tag_run
from hbac_assets.competition.fingerprint import fingerprint_of_train
from hbac_assets.competition.metadata import enrich
from hbac_assets.competition.pictures import class_counts
from hbac_assets.competition.tables import TrainTable, read_train
from hbac_assets.errors import HbacError
from hbac_assets.execution.runs import report_dead_runs
from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.lineage import Lineage
from hbac_assets.resources.views import Workspace
from hbac_assets.store.files import remove_leftovers
from hbac_assets.store.tables import load_or_compute

GALLERY = "typical EEG of each class"


@stage(
    group="data",
    page="docs/inputs.md",
    kinds={"parquet", "csv"},
)
def competition_data(
    context: AssetExecutionContext,
    config: Tolerance,
    workspace: ResourceParam[Workspace],
) -> MaterializeResult:
    """The input folder in Kaggle's layout: your download, or the synthetic set.

    Without `HBAC_DATA_DIR` a deterministic set of synthetic critical-care EEG is generated once. The tables are
    checked here: rows of train.csv that cannot be used are set aside and listed, and too many of them end the run.
    Recordings are checked when they are converted.
    """
    report_dead_runs(context.instance, context.run.run_id)
    competition, store = workspace.competition, workspace.store
    for folder in (store.root, store.synthetic_folder, store.compilation_cache):
        remove_leftovers(folder)
    with store.exclusive(store.root, "competition_data", context.log.info):
        for results in competition.forget_earlier_version(store):
            context.log.warning(f"{results}: from an earlier version; all is recomputed once, and this can be deleted")
        train, test = competition.prepare(store, Progress(context.log, "recordings"), config.tolerated_share)
    lineage = workspace.lineage()
    tag_run(context, workspace)
    write_set_aside(train.set_aside, lineage.train_metadata, context.log)
    remarks = [*(f"train.csv: {remark}" for remark in train.remarks), *test.remarks]
    for remark in remarks:
        context.log.info(remark)
    rows, version = train.rows, DataVersion(lineage.dataset.fingerprint)
    gallery = drawn_once(context, GALLERY, version, lambda: typical_gallery(enrich(rows), lineage.dataset.folder))
    return MaterializeResult(
        data_version=version,
        metadata={
            "data": "synthetic" if competition.is_synthetic else "the competition's files",
            "folder": MetadataValue.path(lineage.dataset.folder),
            GALLERY: gallery,
            **counts(
                {
                    "training rows": len(rows),
                    "training spectrograms": rows["spectrogram_id"].nunique(),
                    "training EEGs": rows["eeg_id"].nunique(),
                    "patients": rows["patient_id"].nunique(),
                    "test rows": len(test.rows),
                }
            ),
            **set_aside_metadata(train.set_aside),
            "unusual but accepted": MetadataValue.md("\n".join(f"- {one}" for one in remarks) or "nothing"),
            "train.csv": preview(rows),
            "fingerprint": lineage.dataset.fingerprint,
            **stored_table(rows, columns_first=False),
        },
    )


@stage(
    deps=[competition_data],
    group="data",
    page="docs/inputs.md",
    kinds={"parquet", "pandas"},
)
def train_metadata(context: AssetExecutionContext, workspace: ResourceParam[Workspace]) -> MaterializeResult:
    """train.csv, checked and enriched with vote fractions, vote count and agreement category."""
    lineage = workspace.lineage()
    train = load_or_compute(lineage.train_metadata, lambda: enrich(recorded_train(lineage).rows), context.log)
    return MaterializeResult(
        data_version=data_version(lineage.train_metadata),
        metadata={
            "consensus": picture(class_counts(train), "Number of rows per class, by the majority of the votes."),
            "agreement": table(train["agreement"].value_counts().rename("rows").reset_index()),
            **counts({"votes": int(train[list(VOTE_COLUMNS)].to_numpy().sum())}),
            "preview": preview(train),
            "path": MetadataValue.path(lineage.train_metadata.path),
            **stored_table(train),
        },
    )


def recorded_train(lineage: Lineage) -> TrainTable:
    """Return train.csv, unchanged since its fingerprint was recorded.

    Raises:
        HbacError: it has changed since.
    """
    path = lineage.dataset.folder / "train.csv"
    table = read_train(path)
    if fingerprint_of_train(table) != lineage.dataset.fingerprint:
        raise HbacError(f"{path}: its labels have changed since they were recorded: materialize competition_data first")
    return table
