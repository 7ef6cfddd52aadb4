"""Pushing to a mirror: the files of current artifacts that it lacks, then the commit."""

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from hbac_assets.errors import HbacError
from hbac_assets.inventory.layout import Kind
from hbac_assets.inventory.scan import Holdings
from hbac_assets.lineage import Lineage
from hbac_assets.mirror.commit import (
    OBJECTS,
    Commit,
    StoredArtifact,
    StoredFile,
    data_of,
    write_commit,
)
from hbac_assets.mirror.objects import Found, Mirror
from hbac_assets.mirror.standing import Manifest, place_of, standing
from hbac_assets.mirror.transfer import side_by_side
from hbac_assets.store.artifact import Artifact, changed_file
from hbac_assets.store.files import file_digest

LARGE = 64_000_000
"""Bytes; larger files are sent one at a time, since an object is created from memory."""
RECORDINGS = ("train_eegs", "test_eegs", "train_spectrograms", "test_spectrograms")
"""Folders of files whose modification times determine whether the arrays made from them are up to date."""


@dataclass
class Pushed:
    """The result of a push.

    Attributes:
        commit: the commit that is now in the mirror.
        left_out: the artifacts that are not current in the store.
        created: the number of objects created.
        size: their size in bytes.
        new: whether the commit differs from the newest before.
    """

    commit: Commit
    left_out: list[Artifact]
    created: int = 0
    size: int = 0
    new: bool = False


@dataclass
class _Pushing:
    """A push in progress.

    Attributes:
        mirror: the mirror.
        there: the objects that already exist.
        digests: the digests in the manifests, by path.
        stored: the files done, by path.
        created: the size in bytes of each object created.
    """

    mirror: Mirror
    there: Mapping[str, Found]
    digests: Mapping[Path, str]
    stored: dict[Path, StoredFile] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    large: threading.Lock = field(default_factory=threading.Lock)

    def push(self, file: Path) -> int:
        """Push a file unless its object exists; return its size in bytes."""
        try:
            stored = self._push(file)
        except FileNotFoundError:
            raise _changed(file) from None
        self.stored[file] = stored
        return stored.bytes

    def _push(self, file: Path) -> StoredFile:
        status = file.stat()
        modified = status.st_mtime_ns if file.parent.name in RECORDINGS else 0
        database = _database(file) if file.suffix == ".db" else b""
        digest = hashlib.sha256(database).hexdigest() if database else file_digest(file)
        stored = StoredFile(len(database) or status.st_size, digest, modified)
        if self.digests.get(file, digest) != digest:
            raise _changed(file)
        found = self.there.get(stored.object)
        if found and found.size != stored.bytes:
            raise HbacError(
                f"{self.mirror.address}: {stored.object}: expected {stored.bytes} bytes, found {found.size}: it was "
                "damaged there; delete it there and run the same command"
            )
        if not found:
            with self.large if stored.bytes > LARGE else nullcontext():
                content = database or file.read_bytes()
                if hashlib.sha256(content).hexdigest() != digest:
                    raise _changed(file)
                if self.mirror.create(stored.object, content):
                    self.created[stored.object] = stored.bytes
        return stored


def push(
    mirror: Mirror,
    lineage: Lineage,
    holdings: Holdings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Pushed:
    """Push the current artifacts of an experiment, and the synthetic data that they depend on.

    Call while nothing in the store can be freed; other pushes and runs do no harm.

    Args:
        mirror: the destination.
        lineage: the experiment's artifacts.
        holdings: the contents of the store.
        progress: called with the number of bytes done and in total.

    Raises:
        HbacError: nothing is current, the mirror cannot be used, or a file was changed during the push.
    """
    artifacts = lineage.artifacts
    current = standing(artifacts, _sealed)
    if not any(path.is_relative_to(lineage.experiment_folder) for path in current):
        raise HbacError(
            f"{lineage.experiment_folder}: expected results that are current, found none; run the experiment first"
        )
    files = {one.path: _files_of(lineage, one, current[one.path], holdings) for one in artifacts if one.path in current}
    raw = _raw_files(lineage, holdings)
    everything = [*raw, *(file for some in files.values() for file in some)]
    digests = {
        path.parent / name: one["sha256"]
        for path, manifest in current.items()
        for name, one in manifest["files"].items()
    }
    pushing = _Pushing(mirror, mirror.list(OBJECTS), digests)
    total, done = sum(_size(file) for file in everything), 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        progress(min(done, total), total)

    side_by_side(pushing.push, everything, advance)
    commit = Commit(
        lineage.experiment.name,
        **data_of(lineage.dataset),
        raw={_path(file, lineage.dataset.folder): pushing.stored[file] for file in raw},
        artifacts={
            _path(path, lineage.root): StoredArtifact(
                manifest, {_path(file, lineage.root): pushing.stored[file] for file in files[path]}
            )
            for path, manifest in current.items()
        },
    )
    left_out = [one for one in artifacts if one.path not in current]
    done_so = Pushed(commit, left_out, len(pushing.created), sum(pushing.created.values()))
    return replace(done_so, new=write_commit(mirror, commit))


def _sealed(artifact: Artifact) -> list[Manifest]:
    """Return the manifest of an artifact whose files have the recorded sizes; digests are compared on reading."""
    manifest = artifact.manifest()
    return [manifest] if manifest and changed_file(artifact.path.parent, manifest, digests=False) is None else []


def _files_of(lineage: Lineage, artifact: Artifact, manifest: Manifest, holdings: Holdings) -> list[Path]:
    """Return the files of an artifact: those listed in its manifest, and the arrays or trials that belong to it.

    Lists of rows set aside are left out: they name files of this machine, and the next run rewrites them.
    """
    path = artifact.path
    listed = {path.parent / name for name in manifest["files"]}
    place = place_of(lineage, artifact)
    beside = {
        file
        for thing, files in holdings.things.items()
        if thing.place == place
        for file in files
        if (file.suffix == ".db" or file.is_relative_to(path.with_suffix("")))
        and (lineage.dataset.is_synthetic or thing.kind not in (Kind.SPECTROGRAMS, Kind.RECIPE))
    }
    return sorted((listed | beside) - {artifact.manifest_path})


def _raw_files(lineage: Lineage, holdings: Holdings) -> list[Path]:
    """Return the files of the experiment's synthetic data set; empty for other data."""
    folder = lineage.dataset.folder
    things = [thing for thing in holdings.things if thing.kind == Kind.SYNTHETIC and thing.place == folder]
    return sorted(file for thing in things for file in holdings.things[thing])


def _database(file: Path) -> bytes:
    """Return a consistent snapshot of an SQLite database that may be in use."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=20)) as database:
        return database.serialize()


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        raise _changed(file) from None


def _path(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()


def _changed(file: Path) -> HbacError:
    return HbacError(
        f"{file}: expected the file that its manifest lists, found another: it was replaced meanwhile, or damaged; "
        "wait for runs to end, materialize the experiment again, then push again"
    )
