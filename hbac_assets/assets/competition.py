"""The raw data: the competition's folder and its table of labels."""

from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, asset

from hbac_assets.assets.metadata import picture, preview, table
from hbac_assets.assets.step import OWNERS, Progress, step
from hbac_assets.assets.tables import kept_or_made
from hbac_assets.competition.metadata import enrich
from hbac_assets.competition.pictures import class_counts
from hbac_assets.competition.tables import read_tables, read_train
from hbac_assets.files import remove_leftovers
from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.lineage import CODE_VERSIONS
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.runs import report_dead_runs
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import lineage_of


@asset(group_name="data", kinds={"parquet", "csv"}, owners=OWNERS, code_version="1")
@step
def competition_data(context: AssetExecutionContext, competition: CompetitionData, store: Store) -> MaterializeResult:
    """The folder in Kaggle's layout that everything is made from: your download, or the synthetic set.

    Without `HBAC_DATA_DIR` a deterministic set of synthetic critical-care EEG is generated once. The tables are
    checked here; the files of the recordings are checked when they are converted.
    """
    report_dead_runs(context.instance)
    for folder in (store.root, store.synthetic_folder, store.compilation_cache):
        remove_leftovers(folder)
    with store.alone(store.root, "competition_data", context.log.info):
        dataset = competition.prepare(store, Progress(context.log, "recordings"))
    tables = read_tables(dataset.folder)
    train = tables.train
    return MaterializeResult(
        metadata={
            "folder": MetadataValue.path(dataset.folder),
            "synthetic": competition.is_synthetic,
            "fingerprint": dataset.fingerprint,
            "training rows": len(train),
            "training spectrograms": train["spectrogram_id"].nunique(),
            "training EEGs": train["eeg_id"].nunique(),
            "patients": train["patient_id"].nunique(),
            "test rows": len(tables.test),
            "train.csv": preview(train),
        }
    )


@asset(
    deps=[competition_data],
    group_name="data",
    kinds={"parquet", "pandas"},
    owners=OWNERS,
    code_version=CODE_VERSIONS["train_metadata"],
)
@step
def train_metadata(
    context: AssetExecutionContext, competition: CompetitionData, store: Store, experiment: ExperimentChoice
) -> MaterializeResult:
    """train.csv, checked and enriched: vote shares, vote count, agreement category."""
    lineage = lineage_of(competition, store, experiment)
    train = kept_or_made(
        lineage.train_metadata, lambda: enrich(read_train(lineage.dataset.folder / "train.csv")), context.log
    )
    return MaterializeResult(
        metadata={
            "path": MetadataValue.path(lineage.train_metadata.path),
            "rows": len(train),
            "votes": int(train[list(VOTE_COLUMNS)].to_numpy().sum()),
            "agreement": table(train["agreement"].value_counts().rename("rows").reset_index()),
            "consensus": picture(class_counts(train)),
            "preview": preview(train),
        }
    )
