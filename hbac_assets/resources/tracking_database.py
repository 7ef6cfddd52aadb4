"""MLflow's own SQLite file, made whole.

MLflow makes its tables by dozens of migrations. Two processes at once do them twice, one that is killed leaves them
half done, and either way the file is of no use from then on.
"""

from pathlib import Path

from hbac_assets.files import TEMPORARY_MARK, atomic_write
from hbac_assets.locks import hold_any

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")


def is_database(uri: str) -> bool:
    """Tell whether a tracking URI names a database, which MLflow opens in this process."""
    return uri.split(":")[0].split("+")[0] in DATABASES


def make_whole(uri: str, artifacts: Path) -> None:
    """Make the SQLite file that a tracking URI names, unless it is there or the URI names something else.

    Args:
        uri: MLflow's tracking URI.
        artifacts: where experiments keep their artifacts that are created without saying so.

    Raises:
        HbacError: it cannot be written.
    """
    if not uri.startswith("sqlite:///"):
        return
    from sqlalchemy import make_url

    path = Path(str(make_url(uri).database)).absolute()
    if path.exists():
        return
    with hold_any([path.with_name(f"{path.name}.lock")], lambda holder: None):
        for left_behind in path.parent.glob(f".{path.stem}.*{TEMPORARY_MARK}*"):  # by one that was killed
            left_behind.unlink()
        if not path.exists():
            from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

            with atomic_write(path) as temporary:
                SqlAlchemyStore(f"sqlite:///{temporary}", artifacts.as_uri()).engine.dispose()
