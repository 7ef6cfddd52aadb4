"""A commit of a mirror: the manifests of an experiment's artifacts at one time, and the digests of their files.

Every path is relative: to the store, or to the folder of a synthetic data set.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Self

from hbac_assets.errors import HbacError
from hbac_assets.lineage import SYNTHETIC, Dataset
from hbac_assets.mirror.objects import Mirror

COMMITS, OBJECTS = "commits", "objects"


@dataclass(frozen=True)
class StoredFile:
    """A file whose bytes are an object of the mirror.

    Attributes:
        bytes: its size.
        sha256: 64 hexadecimal digits.
        modified: modification time in nanoseconds since the epoch, where arrays depend on it; otherwise 0.
    """

    bytes: int
    sha256: str
    modified: int = 0

    @property
    def object(self) -> str:
        """The object's name."""
        return f"{OBJECTS}/{self.sha256[:2]}/{self.sha256}"


@dataclass(frozen=True)
class StoredArtifact:
    """An artifact in a mirror.

    Attributes:
        manifest: the manifest in the store.
        files: the files listed in the manifest and others that belong to the artifact, by path.
    """

    manifest: Mapping[str, Any]
    files: Mapping[str, StoredFile]


@dataclass(frozen=True)
class Commit:
    """The artifacts of an experiment on one data set.

    Attributes:
        experiment: its name.
        data: the data set's name: synthetic or kaggle.
        train: the fingerprint of its labels.
        test: the fingerprint of its test set.
        settings: the name of the synthetic data set's folder; empty for other data.
        raw: the files of the synthetic data set.
        artifacts: the artifacts, by path.
    """

    experiment: str
    data: str
    train: str
    test: str
    settings: str
    raw: Mapping[str, StoredFile] = field(default_factory=dict)
    artifacts: Mapping[str, StoredArtifact] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name of the data set's folder."""
        return self.dataset(Path()).key

    def dataset(self, folder: Path) -> Dataset:
        """Return the data set with its files in `folder`."""
        return Dataset(self.data, folder, self.train, self.test)

    @property
    def files(self) -> list[StoredFile]:
        """All files."""
        return [*self.raw.values(), *(file for one in self.artifacts.values() for file in one.files.values())]

    def content(self) -> bytes:
        """Return the commit as JSON; deterministic."""
        return json.dumps(asdict(self), indent=1).encode() + b"\n"

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Parse a commit.

        Raises:
            ValueError, TypeError, KeyError: `content` is not a commit.
        """
        values = json.loads(content)
        artifacts = {
            _inside(path): StoredArtifact(one["manifest"], _files(one["files"]))
            for path, one in values.pop("artifacts").items()
        }
        for one in artifacts.values():
            _require_files(one.manifest)
        return cls(**values | {"raw": _files(values["raw"]), "artifacts": artifacts})


@dataclass(frozen=True)
class CommitName:
    """The name of a commit in the mirror.

    Attributes:
        key: the key of the data set.
        experiment: its name.
        file: `<time>-<SHA-256>.json`.
        modified: when it was written, by the mirror's clock.
    """

    key: str
    experiment: str
    file: str
    modified: datetime

    @property
    def object(self) -> str:
        """The object's name."""
        return f"{COMMITS}/{self.key}/{self.experiment}/{self.file}"

    @property
    def sha256(self) -> str:
        """The digest of the commit's content."""
        return self.file.removesuffix(".json").rpartition("-")[2]


def list_commits(mirror: Mirror) -> list[CommitName]:
    """Return all commits, the newest first.

    Raises:
        HbacError: the mirror cannot be read.
    """
    names = []
    for path, found in mirror.list(COMMITS).items():
        parts = PurePosixPath(path).parts
        if len(parts) == 4 and path.endswith(".json"):
            names.append(CommitName(*parts[1:], found.modified))
    return sorted(names, key=lambda name: (name.modified, name.file), reverse=True)


def read_commit(mirror: Mirror, name: CommitName) -> Commit:
    """Return a commit.

    Raises:
        HbacError: it cannot be read, or was changed after it was written.
    """
    content = b"".join(mirror.read(name.object))
    try:
        if hashlib.sha256(content).hexdigest() != name.sha256:
            raise ValueError("its SHA-256 is not that of its name")
        return Commit.read(content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise HbacError(
            f"{mirror.address}: {name.object}: expected a commit, found something else ({error}); delete it there and "
            "push again"
        ) from error


def write_commit(mirror: Mirror, commit: Commit) -> bool:
    """Write a commit after its objects, unless it equals the newest; return whether it was written.

    Raises:
        HbacError: the mirror cannot be written.
    """
    content = commit.content()
    digest = hashlib.sha256(content).hexdigest()
    made = [one for one in list_commits(mirror) if (one.key, one.experiment) == (commit.key, commit.experiment)]
    if made and made[0].sha256 == digest:
        return False
    file = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{digest}.json"
    mirror.create(f"{COMMITS}/{commit.key}/{commit.experiment}/{file}", content)
    return True


def data_of(dataset: Dataset) -> dict[str, str]:
    """Return the fields of a commit that identify a data set."""
    settings = dataset.folder.name if dataset.name == SYNTHETIC else ""
    return {
        "data": dataset.name,
        "train": dataset.fingerprint,
        "test": dataset.test_fingerprint,
        "settings": settings,
    }


def _require_files(manifest: Mapping[str, Any]) -> None:
    """Require a manifest that lists files, which a pull reads.

    Raises:
        TypeError, KeyError, AttributeError: it does not.
    """
    for file in manifest["files"].values():
        for key in ("bytes", "sha256"):
            file[key]


def _files(values: Mapping[str, Any]) -> dict[str, StoredFile]:
    return {_inside(path): StoredFile(**file) for path, file in values.items()}


def _inside(path: str) -> str:
    """Return a relative path, which must not leave its folder."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or not parts.parts or ".." in parts.parts:
        raise ValueError(f"{path!r} leads elsewhere")
    return path
