"""Which artifacts of an experiment are current by manifests that need not be in the store yet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hbac_assets.lineage import Lineage
from hbac_assets.store.artifact import Artifact, content_digest

Manifest = Mapping[str, Any]


def standing(
    artifacts: Sequence[Artifact], candidates: Callable[[Artifact], Iterable[Manifest]]
) -> dict[Path, Manifest]:
    """Return by which manifest each artifact is current; one that is so by none is left out, and all made from it.

    Args:
        artifacts: what is made first first, as `Lineage.artifacts` has them.
        candidates: returns the manifests that an artifact might have, the first choice first.
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
    """Return the place of the thing in the inventory that an artifact is, or is a part of."""
    in_search = artifact.path.is_relative_to(lineage.search_folder)
    return lineage.search_folder if in_search else artifact.path
