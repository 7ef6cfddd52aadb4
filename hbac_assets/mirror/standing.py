"""Which artifacts of an experiment are current, given manifests that need not be in the store yet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hbac_assets.lineage import Lineage
from hbac_assets.store.artifact import Artifact, content_digest

Manifest = Mapping[str, Any]


def standing(
    artifacts: Sequence[Artifact], candidates: Callable[[Artifact], Iterable[Manifest]]
) -> dict[Path, Manifest]:
    """Return the manifest that makes each artifact current; without one, it and everything downstream are left out.

    Args:
        artifacts: in the order of `Lineage.artifacts`, upstream ones first.
        candidates: returns the possible manifests of an artifact, the preferred one first.
    """
    found: dict[Path, Manifest] = {}
    digests: dict[Path, str] = {}
    for artifact in artifacts:
        if all(one.path in digests for one in artifact.upstream):
            inputs = artifact.inputs_of(digests)
            manifest = next((one for one in candidates(artifact) if one.get("inputs") == inputs), None)
            if manifest is not None:
                found[artifact.path], digests[artifact.path] = manifest, content_digest(manifest)
    return found


def place_of(lineage: Lineage, artifact: Artifact) -> Path:
    """Return the place, in the inventory, of the thing that contains an artifact."""
    in_search = artifact.path.is_relative_to(lineage.search_folder)
    return lineage.search_folder if in_search else artifact.path
