"""Whether a node may execute a run's steps: same code, same versions, and a store with locks that work across both.

The run holds a lock in the store and writes a record of its code and package versions. Each step compares the record
with its own node, and requires that the lock excludes it.
"""

import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path

import hbac_assets
from hbac_assets.errors import HbacError
from hbac_assets.resources.store import Store
from hbac_assets.store.files import atomic_write, file_digest, fingerprint
from hbac_assets.store.lock_visibility import hold_visibly, lock_is_seen

PACKAGE = Path(hbac_assets.__file__).parent
CODE = (".py", ".yaml")
MOST_SHOWN = 3


@contextmanager
def shown_to_nodes(store: Store, run_id: str) -> Iterator[None]:
    """Publish what the steps of a run compare their nodes with, during the block.

    Raises:
        HbacError: the store cannot be written, or does not support locks.
    """
    record = _record(store, run_id)
    with hold_visibly(store.locks_folder, run_id):
        with atomic_write(record) as temporary:
            temporary.write_text(json.dumps({"host": platform.node(), "code": code_digest(), "versions": versions()}))
        try:
            yield
        finally:
            record.unlink(missing_ok=True)


def require_agreement(store: Store, run_id: str) -> None:
    """Require that this node may execute the steps of a run.

    Raises:
        HbacError: the node has another store, other code or other versions, or the run's lock does not exclude it.
    """
    record, here = _record(store, run_id), platform.node()
    try:
        of_run = json.loads(record.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise HbacError(
            f"HBAC_STORE: expected a folder that all nodes share, found {store.root} without {record.name} on {here}, "
            "which the run's machine has written there; mount the same folder on all nodes, at the same path"
        ) from error
    if of_run["code"] != code_digest():
        raise HbacError(
            f"{here}: expected the code of {of_run['host']}, where the run was started, found other code in {PACKAGE}; "
            "bring both to the same commit"
        )
    if different := _different(of_run["versions"], versions()):
        raise HbacError(
            f"{here}: expected the versions of {of_run['host']}, where the run was started, found {different}; install "
            "the locked versions there: `uv sync --frozen --extra cluster`, then restart Ray"
        )
    if not lock_is_seen(store.locks_folder, run_id):
        raise HbacError(
            f"HBAC_STORE: expected a folder whose locks hold on all nodes, found {store.root}, where {here} does not "
            f"see a lock that {of_run['host']} holds; mount it with locks kept by the server (NFS: without `nolock` "
            "and `local_lock`; Lustre: `flock`, not `localflock`)"
        )


def code_digest() -> str:
    """Return a digest of this package's code."""
    files = sorted(file for file in PACKAGE.rglob("*") if file.suffix in CODE)
    return fingerprint([[str(file.relative_to(PACKAGE)), file_digest(file)] for file in files])


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages, by name."""
    names = (Path(str(one._path)).name for one in distributions() if hasattr(one, "_path"))
    parts = (name.removesuffix(".dist-info").rpartition("-") for name in names if name.endswith(".dist-info"))
    return {"python": platform.python_version(), **{name: version for name, _, version in parts}}


def _different(of_run: dict[str, str], here: dict[str, str]) -> str:
    """Return the packages with different versions; those that only one side has do not matter."""
    found = [
        f"{name} {here[name]} instead of {version}"
        for name, version in sorted(of_run.items())
        if here.get(name, version) != version
    ]
    more = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return ", ".join(found[:MOST_SHOWN]) + more


def _record(store: Store, run_id: str) -> Path:
    return store.locks_folder / f"run-{run_id}.json"
