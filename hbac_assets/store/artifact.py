"""Files that know what they were made from.

An artifact is a file or folder with a manifest beside it: a fingerprint of its inputs, and the size and digest of
each file. It is current when the inputs are still the same and the files are still those; then it is kept. Where the
artifacts of this project lie, and which is made from which, stands in `lineage`.

An artifact can be made from thousands, most of them reached by several paths. Each question therefore reads each
manifest once; the next question reads them anew, since another step, or this one, may have made something meanwhile.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from hbac_assets.errors import HbacError
from hbac_assets.store.files import file_digest, fingerprint, write_json

State = Literal["missing", "current", "out of date", "changed"]


@dataclass(frozen=True)
class Artifact:
    """A file or folder, the asset that makes it, and everything that determines its content.

    Attributes:
        path: the file or folder.
        asset: the name of the asset that makes it, for messages.
        settings: JSON-like; what determines the content besides the upstream artifacts, the code's version included.
        upstream: the artifacts it is made from.
    """

    path: Path
    asset: str
    settings: Any
    upstream: tuple["Artifact", ...] = ()

    @property
    def manifest_path(self) -> Path:
        """The manifest's place: beside the artifact, so that a folder holds nothing but its files."""
        return self.path.with_name(self.path.name + ".manifest.json")

    @property
    def set_aside_path(self) -> Path:
        """The place of the list of what could not be used when the artifact was made, for people."""
        return self.path.with_name(f"{self.path.stem}.set_aside.csv")

    @cached_property
    def inputs(self) -> str:
        """The fingerprint of the settings and of the content of every upstream artifact.

        It stays as it was when this object was first asked, so that what is sealed names what it was begun with.

        Raises:
            HbacError: an upstream artifact is missing; the message names the asset to materialize.
        """
        return self._inputs({})

    def digest(self) -> str:
        """Return the digest of the content, as recorded when it was sealed.

        Raises:
            HbacError: the artifact is missing or not made from the present inputs.
        """
        return self._digest({})

    def is_current(self) -> bool:
        """Tell whether the artifact was made from the present inputs and its files are unchanged."""
        manifest = self.manifest()
        return manifest.get("inputs") == self.inputs and changed_file(self.path.parent, manifest) is None

    def state(self) -> State:
        """Return what stands in the artifact's place, by its manifest and the sizes of its files alone.

        `missing` is also what was begun and never sealed; `changed` is what lacks a file or has one of another size.
        """
        manifest = self.manifest()
        if not manifest:
            return "missing"
        try:
            if manifest.get("inputs") != self.inputs:
                return "out of date"
        except HbacError:  # what it is made from is not there
            return "out of date"
        return "changed" if changed_file(self.path.parent, manifest, digests=False) else "current"

    def inputs_of(self, digests: Mapping[Path, str]) -> str:
        """Return what `inputs` are if the upstream artifacts, by their paths, have these digests."""
        return fingerprint({"settings": self.settings, "upstream": [digests[one.path] for one in self.upstream]})

    def manifest(self) -> dict[str, Any]:
        """Return what the manifest holds; nothing where there is none, or no whole one."""
        try:
            manifest = json.loads(self.manifest_path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return manifest if isinstance(manifest, dict) else {}

    def recorded_files(self) -> set[Path]:
        """Return the files that the manifest lists."""
        return {self.path.parent / name for name in self.manifest().get("files", {})}

    def require(self) -> Path:
        """Return the path of the artifact, its files verified.

        Raises:
            HbacError: it is missing, out of date, or a file differs from the manifest.
        """
        changed = changed_file(self.path.parent, self._made(self.inputs))
        if changed is not None:
            raise HbacError(f"{changed}: differs from its manifest (size or SHA-256): materialize {self.asset} again")
        return self.path

    def seal(self, **facts: Any) -> None:
        """Record that the files are whole and what they were made from, with `facts` worth keeping (JSON-like)."""
        files = {
            str(file.relative_to(self.path.parent)): {
                "bytes": file.stat().st_size,
                "sha256": file_digest(file),
            }
            for file in self._files()
        }
        write_json(self.manifest_path, {"inputs": self.inputs, "files": files, "facts": facts})

    def unseal(self) -> None:
        """Forget the manifest, so that the artifact is made again."""
        self.manifest_path.unlink(missing_ok=True)

    def facts(self) -> dict[str, Any]:
        """Return what was recorded by `seal`; nothing where it was not made yet."""
        return dict(self.manifest().get("facts", {}))

    def _inputs(self, digests: dict[Path, str]) -> str:
        """Return the fingerprint of the inputs; `digests` are those that this question knows already."""
        return self.inputs_of({one.path: one._digest(digests) for one in self.upstream})

    def _digest(self, digests: dict[Path, str]) -> str:
        if self.path not in digests:
            digests[self.path] = content_digest(self._made(self._inputs(digests)))
        return digests[self.path]

    def _made(self, inputs: str) -> dict[str, Any]:
        """Return the manifest, of an artifact that was made from these inputs."""
        manifest = self.manifest()
        if not manifest:
            raise HbacError(f"{self.path}: not made yet: materialize {self.asset} first")
        if manifest.get("inputs") != inputs:
            raise HbacError(
                f"{self.path}: out of date, its settings or inputs have changed: materialize {self.asset} first"
            )
        return manifest

    def _files(self) -> list[Path]:
        if self.path.is_dir():
            return sorted(file for file in self.path.rglob("*") if file.is_file())
        return [self.path]


def content_digest(manifest: Mapping[str, Any]) -> str:
    """Return the digest of an artifact's content, by its manifest."""
    return fingerprint(manifest["files"])


def changed_file(folder: Path, manifest: Mapping[str, Any], *, digests: bool = True) -> Path | None:
    """Return the first file that differs from the manifest of an artifact in `folder`, in size or in its digest."""
    for name, recorded in manifest["files"].items():
        file: Path = folder / name
        if not file.is_file() or file.stat().st_size != recorded["bytes"]:
            return file
        if digests and file_digest(file) != recorded["sha256"]:
            return file
    return None
