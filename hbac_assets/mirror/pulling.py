"""Pulling from a mirror: the choice of the best commit of an experiment, and the copying of its missing artifacts.

Artifacts that are current in the store are kept, whatever is in the mirror. An artifact is unsealed first, then its
files are copied, then its manifest. After an interrupted pull an incomplete artifact thus counts as missing, and the
same command resumes the pull.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hbac_assets.errors import HbacError
from hbac_assets.inventory.layout import STORE_RULES, SYNTHETIC_RULES, find_listing_thing, find_thing
from hbac_assets.lineage import Lineage
from hbac_assets.mirror.commit import Commit, CommitName, StoredArtifact, StoredFile, read_commit
from hbac_assets.mirror.objects import Mirror
from hbac_assets.mirror.standing import Manifest, place_of, standing
from hbac_assets.mirror.transfer import side_by_side
from hbac_assets.store.artifact import Artifact, changed_file
from hbac_assets.store.files import FullDiskError, atomic_write, has_digest, readable_size, write_json

WHOLE = "sample_submission.csv"
"""The file of a synthetic data set that is written last."""


@dataclass(frozen=True)
class Plan:
    """What is to be pulled from a commit.

    Attributes:
        name: the commit's name.
        commit: the commit.
        lineage: the experiment's artifacts in this store.
        wanted: the artifacts to pull, upstream ones first.
        kept: the artifacts that are current here.
        missing: the artifacts that are current neither here nor in the commit.
    """

    name: CommitName
    commit: Commit
    lineage: Lineage
    wanted: list[Artifact]
    kept: list[Artifact]
    missing: list[Artifact]

    @property
    def files(self) -> list[StoredFile]:
        """The files to pull."""
        return [file for one in self.wanted for file in self.stored(one).files.values()]

    def stored(self, artifact: Artifact) -> StoredArtifact:
        """Return the commit's record of an artifact."""
        return self.commit.artifacts[artifact.path.relative_to(self.lineage.root).as_posix()]


@dataclass
class Local:
    """The manifests of the artifacts in this store with unchanged files; each artifact is checked once."""

    _seen: dict[Path, list[Manifest]] = field(default_factory=dict)

    def manifests(self, artifact: Artifact) -> list[Manifest]:
        """Return a list of the artifact's manifest; empty if it is missing or changed."""
        if artifact.path not in self._seen:
            manifest = artifact.manifest()
            whole = manifest and changed_file(artifact.path.parent, manifest) is None
            self._seen[artifact.path] = [manifest] if whole else []
        return self._seen[artifact.path]


def best_plan(
    mirror: Mirror, names: Iterable[CommitName], lineage_of: Callable[[Commit], Lineage | None]
) -> Plan | None:
    """Return the plan with the fewest missing artifacts, the newest in a tie; None if no commit fits.

    Args:
        mirror: the mirror with the commits.
        names: the names of the commits, the newest first.
        lineage_of: returns the lineage here for a commit, or None if the commit is of other data.

    Raises:
        HbacError: a commit cannot be read.
    """
    best, local = None, Local()
    for name in names:
        commit = read_commit(mirror, name)
        lineage = lineage_of(commit)
        if lineage is None:
            continue
        plan = _plan(name, commit, lineage, local)
        if best is None or len(plan.missing) < len(best.missing):
            best = plan
        if not best.missing:
            break
    return best


def _plan(name: CommitName, commit: Commit, lineage: Lineage, local: Local) -> Plan:
    def candidates(artifact: Artifact) -> list[Manifest]:
        path = artifact.path.relative_to(lineage.root).as_posix()
        theirs = [commit.artifacts[path].manifest] if path in commit.artifacts else []
        return [*local.manifests(artifact), *theirs]

    artifacts = lineage.artifacts
    found = standing(artifacts, candidates)
    current = [one for one in artifacts if one.path in found]
    kept = [one for one in current if any(found[one.path] is manifest for manifest in local.manifests(one))]
    return Plan(
        name,
        commit,
        lineage,
        wanted=[one for one in current if one not in kept],
        kept=kept,
        missing=[one for one in artifacts if one.path not in found],
    )


def pull(mirror: Mirror, plan: Plan, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Carry out a plan; call while nothing else uses the store.

    Args:
        mirror: the source.
        plan: the plan.
        progress: called with the number of bytes done and in total.

    Raises:
        HbacError: the mirror cannot be used, an object is damaged, or the disk is full; complete artifacts are kept.
    """
    pulling = _Pulling(mirror, sum(file.bytes for file in plan.files), progress)
    for artifact in plan.wanted:
        stored = plan.stored(artifact)
        targets = _targets(plan, artifact, stored)
        artifact.unseal()
        pulling.pull(targets)
        write_json(artifact.manifest_path, stored.manifest)


def pull_raw(
    mirror: Mirror, commit: Commit, folder: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Pull the synthetic data set of a commit into its folder; the file that marks it as complete is written last.

    Raises:
        HbacError: as for `pull`.
    """
    targets = {folder / path: stored for path, stored in commit.raw.items()}
    for target in targets:
        thing = find_thing(folder.parent, target, SYNTHETIC_RULES)
        if thing is None or thing.place != folder:
            raise _foreign(target)
    pulling = _Pulling(mirror, sum(file.bytes for file in targets.values()), progress)
    pulling.pull({target: stored for target, stored in targets.items() if target.name != WHOLE})
    pulling.pull({target: stored for target, stored in targets.items() if target.name == WHOLE})


@dataclass
class _Pulling:
    """A pull in progress: `total` bytes, of which `done` have been received."""

    mirror: Mirror
    total: int
    progress: Callable[[int, int], None]
    done: int = 0

    def pull(self, targets: Mapping[Path, StoredFile]) -> None:
        """Pull files to their paths, several at once."""
        try:
            side_by_side(self._pull, targets.items(), self._advance)
        except FullDiskError as full:
            left = readable_size(self.total - self.done)
            raise FullDiskError(f"{full}; all that is left needs about {left}") from None

    def _pull(self, item: tuple[Path, StoredFile]) -> int:
        target, stored = item
        if not has_digest(target, stored.sha256):
            with atomic_write(target, size=stored.bytes) as temporary:
                self._copy(stored, temporary)
        if stored.modified:
            os.utime(target, ns=(stored.modified, stored.modified))
        return stored.bytes

    def _copy(self, stored: StoredFile, temporary: Path) -> None:
        digest = hashlib.sha256()
        with temporary.open("wb") as file:
            for part in self.mirror.read(stored.object):
                digest.update(part)
                file.write(part)
        if digest.hexdigest() != stored.sha256:
            raise HbacError(
                f"{self.mirror.address}: {stored.object}: expected content with the SHA-256 in its name, found "
                "other: it was damaged there; delete it there and push again from a store that has it"
            )

    def _advance(self, size: int) -> None:
        self.done += size
        self.progress(self.done, self.total)


def _targets(plan: Plan, artifact: Artifact, stored: StoredArtifact) -> dict[Path, StoredFile]:
    """Return the files of an artifact by path; refuse paths that belong to anything else."""
    root, place = plan.lineage.root, place_of(plan.lineage, artifact)
    targets = {root / path: file for path, file in stored.files.items()}
    for target in targets:
        thing = find_thing(root, target, STORE_RULES) or find_listing_thing(root, target)
        if thing is None or thing.place != place or target == artifact.manifest_path:
            raise _foreign(target)
    for name, recorded in stored.manifest["files"].items():
        found = targets.get(artifact.path.parent / name)
        if found is None or found.sha256 != recorded["sha256"]:
            raise _foreign(artifact.path.parent / name)
    return targets


def _foreign(target: Path) -> HbacError:
    return HbacError(
        f"{target}: the mirror's commit names it where no such file belongs, or with another digest than its manifest; "
        "nothing of it was pulled: delete the commit there and push again"
    )
