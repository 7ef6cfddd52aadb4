"""The URI of MLflow: its kind, its validation, and its display without passwords."""

import os
import re
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import url2pathname

from hbac_assets.errors import HbacError

TRACKING_URI = "MLFLOW_TRACKING_URI"
SERVERS = ("http", "https", "databricks", "databricks-uc", "uc")
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
POSTGRESQL = "postgresql://"
"""For which SQLAlchemy 2.1 selects the driver psycopg 3."""
SECRETS = re.compile("(?:password|token|secret)", re.IGNORECASE)
SHORTEST = 4
ALLOW_FOLDERS = "MLFLOW_ALLOW_FILE_STORE"  # MLflow's switch for its unmaintained file store


def is_database(uri: str) -> bool:
    """Return whether a URI names a database, which MLflow opens in this process."""
    return _kind(uri) in DATABASES


def require_usable(uri: str, variable: str = TRACKING_URI, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a URI that MLflow could not use, without connecting.

    Args:
        uri: the URI.
        variable: its name.
        environment: the other variables.

    Raises:
        HbacError: the kind is unknown to MLflow or a folder, or the database's driver is not installed.
    """
    kind = _kind(uri)
    if kind in ("", "file") and uri not in SERVERS:
        if environment.get(ALLOW_FOLDERS, "").lower() not in ("true", "1"):
            raise HbacError(
                f"{variable}: expected the URI of a database or server, found '{uri}', a path, to which MLflow no "
                f"longer writes; set it to sqlite:///{_database_at(uri)} (`mlflow migrate-filestore` copies what is "
                "there)"
            )
    elif kind not in (*SERVERS, *DATABASES) and not _has_plugin(uri):
        raise HbacError(
            f"{variable}: expected a URI of MLflow, such as sqlite:////a/path/mlflow.db or http://127.0.0.1:5000, "
            f"found '{masked(uri)}'; correct it"
        )
    elif kind in DATABASES:
        _require_driver(uri, variable)


def masked(text: str, uri: str = "") -> str:
    """Return a text with the passwords of URIs masked, before the host and in the query.

    A server's user name without a password may be a token, and is masked, too.

    Args:
        text: a URI, or a library's message about one.
        uri: a URI with a password to mask everywhere, in whatever form a driver quotes it.
    """
    for password in sorted(_passwords(uri), key=len, reverse=True):
        text = text.replace(password, "***")
    before_host = re.sub(r"(://[^/@\s:]*):\S*@", r"\1:***@", text)
    before_host = re.sub(r"^([^/@\s:]+):(?!//)\S*@", r"\1:***@", before_host)
    before_host = re.sub(r"(https?://)[^/:@\s]+@", r"\1***@", before_host)
    return re.sub(rf"([?&][^=&\s]*{SECRETS.pattern}[^=&\s]*=)[^&\s]*", r"\1***", before_host, flags=re.IGNORECASE)


def _passwords(uri: str) -> set[str]:
    """Return the passwords in a URI, as quoted and unquoted, except those so short that they may be part of words."""
    before_host = uri.partition("://")[2].rpartition("@")[0].partition(":")[2]
    in_query = [value for name, value in parse_qsl(uri.partition("?")[2]) if SECRETS.search(name)]
    found = {before_host, *in_query}
    return {one for one in (*found, *map(unquote, found)) if len(one) >= SHORTEST}


def _kind(uri: str) -> str | None:
    """Return the scheme of a URI without its driver, empty for a path, None if it cannot be parsed."""
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  (raises where it is no number)
    except ValueError:
        return None
    scheme = uri.split("://")[0] if "://" in uri else parts.scheme
    return scheme.split("+")[0]


def _database_at(uri: str) -> Path:
    """Return the best path of a database, given a folder's path."""
    path = Path(url2pathname(urlsplit(uri).path) if uri.startswith("file:") else uri).expanduser().absolute()
    return path if path.suffix in (".db", ".sqlite", ".sqlite3") else path / "mlflow.db"


def _require_driver(uri: str, variable: str) -> None:
    """Refuse the URI of a database without an installed driver."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        make_url(uri).get_dialect().import_dbapi()
    except (ImportError, SQLAlchemyError, ValueError) as error:
        if uri.startswith(POSTGRESQL):
            raise HbacError(
                f"{variable}: expected postgresql+psycopg2://…, found '{masked(uri)}', which means another driver "
                f"({masked(str(error), uri)}); begin it with the first, whose driver hbac-assets[cluster] installs"
            ) from error
        raise HbacError(
            f"{variable}: expected the URI of a database whose driver is installed, found '{masked(uri)}' "
            f"({masked(str(error), uri)}); install the driver with pip or correct the URI"
        ) from error


def _has_plugin(uri: str) -> bool:
    """Return whether a plugin adds the URI's scheme to MLflow."""
    return bool(entry_points(group="mlflow.tracking_store", name=uri.split(":")[0]))
