"""Whether a node may work for a run: same code, same versions, and a store whose locks hold between both machines.

The run holds a lock in the store while it lasts, beside a record of its code and of the versions of its packages. Each
step compares the record with its own node, and must fail to take the lock.
"""

import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import distributions
from pathlib import Path

import hbac_assets
from hbac_assets.errors import HbacError
from hbac_assets.resources.paths import PROJECT_FOLDER
from hbac_assets.resources.store import Store
from hbac_assets.store.files import atomic_write, file_digest, fingerprint
from hbac_assets.store.locks import hold_now

PACKAGE = Path(hbac_assets.__file__).parent
CODE = (".py", ".yaml")
MOST_SHOWN = 3


class _HeldError(Exception):
    """The lock is held, as it should be."""


@contextmanager
def shown_to_nodes(store: Store, run_id: str) -> Iterator[None]:
    """Let the steps of a run compare their nodes with this machine while the block runs.

    Raises:
        HbacError: the store cannot be written, or has no locks.
    """
    lock, record = _files(store, run_id)
    with hold_now(lock, lambda signed: HbacError(f"{lock}: held by {signed}, expected nobody"), str(PROJECT_FOLDER)):
        with atomic_write(record) as temporary:
            temporary.write_text(json.dumps({"host": platform.node(), "code": code_digest(), "versions": versions()}))
        try:
            yield
        finally:
            record.unlink(missing_ok=True)
            lock.unlink(missing_ok=True)


def require_agreement(store: Store, run_id: str) -> None:
    """Refuse to do a step of a run on a node that would spoil it.

    Raises:
        HbacError: this node has not the run's store, code or versions, or takes a lock that the run holds.
    """
    (lock, record), here = _files(store, run_id), platform.node()
    try:
        of_run = json.loads(record.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise HbacError(
            f"HBAC_STORE: expected a folder that all nodes share, found {store.root} without {record.name} on {here}, "
            "which the run's machine has written there; mount the same folder on all nodes, at the same place"
        ) from error
    if of_run["code"] != code_digest():
        raise HbacError(
            f"{here}: expected the code of {of_run['host']}, where the run was started, found other code in {PACKAGE}; "
            "bring both to the same commit"
        )
    if different := _different(of_run["versions"], versions()):
        raise HbacError(
            f"{here}: expected the versions of {of_run['host']}, where the run was started, found {different}; install "
            "there what the lock file says: `uv sync --frozen --extra cluster`, then start Ray again"
        )
    with suppress(_HeldError), hold_now(lock, lambda signed: _HeldError()):
        raise HbacError(
            f"HBAC_STORE: expected a folder whose locks hold on all nodes, found {store.root}, where {here} took a "
            f"lock that {of_run['host']} holds; mount it with locks that the server keeps (NFS: without `nolock` and "
            "`local_lock`; Lustre: `flock`, not `localflock`)"
        )


def code_digest() -> str:
    """Return what names the state of this package's code."""
    files = sorted(file for file in PACKAGE.rglob("*") if file.suffix in CODE)
    return fingerprint([[str(file.relative_to(PACKAGE)), file_digest(file)] for file in files])


def versions() -> dict[str, str]:
    """Return the versions of the installed packages by name, and Python's."""
    names = (Path(str(one._path)).name for one in distributions() if hasattr(one, "_path"))
    parts = (name.removesuffix(".dist-info").rpartition("-") for name in names if name.endswith(".dist-info"))
    return {"python": platform.python_version(), **{name: version for name, _, version in parts}}


def _different(of_run: dict[str, str], here: dict[str, str]) -> str:
    """Return the packages of which both have another version; what only one has, no step of the other needs."""
    found = [
        f"{name} {here[name]} instead of {version}"
        for name, version in sorted(of_run.items())
        if here.get(name, version) != version
    ]
    more = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return ", ".join(found[:MOST_SHOWN]) + more


def _files(store: Store, run_id: str) -> tuple[Path, Path]:
    """Return the lock of a run, and its record."""
    return store.locks_folder / f"run-{run_id}.lock", store.locks_folder / f"run-{run_id}.json"
