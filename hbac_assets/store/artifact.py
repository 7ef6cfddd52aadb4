"""Artifacts: files that record their inputs.

An artifact is a file or folder with a manifest beside it: a fingerprint of its inputs, and the size and digest of
each file. It is current, and kept, while the inputs and the files are unchanged. The paths and dependencies of this
project's artifacts belong to `lineage`.

An artifact can have thousands upstream, most of them reached by several paths. Each query therefore reads each
manifest once; the next query reads them again, since they may have changed meanwhile.
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
        settings: JSON-like; everything that determines the content besides upstream, including the code's version.
        upstream: the artifacts it is made from.
    """

    path: Path
    asset: str
    settings: Any
    upstream: tuple["Artifact", ...] = ()

    @property
    def manifest_path(self) -> Path:
        """The path of the manifest: beside the artifact, so that a folder contains only its files."""
        return self.path.with_name(self.path.name + ".manifest.json")

    @property
    def set_aside_path(self) -> Path:
        """The path of the list of rows or files set aside when the artifact was made, for people."""
        return self.path.with_name(f"{self.path.stem}.set_aside.csv")

    @cached_property
    def inputs(self) -> str:
        """The fingerprint of the settings and of the content of every upstream artifact.

        It is computed once per object, so that a sealed artifact records the inputs with which it was begun.

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
        """Return whether the artifact was made from the present inputs and its files are unchanged."""
        manifest = self.manifest()
        return manifest.get("inputs") == self.inputs and changed_file(self.path.parent, manifest) is None

    def state(self) -> State:
        """Return the artifact's state, by its manifest and the sizes of its files alone.

        An artifact begun and never sealed is `missing`; one that lacks a file or has one of another size is `changed`.
        """
        manifest = self.manifest()
        if not manifest:
            return "missing"
        try:
            if manifest.get("inputs") != self.inputs:
                return "out of date"
        except HbacError:  # its upstream is missing
            return "out of date"
        return "changed" if changed_file(self.path.parent, manifest, digests=False) else "current"

    def inputs_of(self, digests: Mapping[Path, str]) -> str:
        """Return the value of `inputs` for given digests of the upstream artifacts, by path."""
        return fingerprint({"settings": self.settings, "upstream": [digests[one.path] for one in self.upstream]})

    def manifest(self) -> dict[str, Any]:
        """Return the contents of the manifest; empty if it is missing or invalid."""
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
        """Record that the files are complete, their inputs, and `facts` to keep (JSON-like)."""
        files = {
            str(file.relative_to(self.path.parent)): {
                "bytes": file.stat().st_size,
                "sha256": file_digest(file),
            }
            for file in self._files()
        }
        write_json(self.manifest_path, {"inputs": self.inputs, "files": files, "facts": facts})

    def unseal(self) -> None:
        """Delete the manifest, so that the artifact is made again."""
        self.manifest_path.unlink(missing_ok=True)

    def facts(self) -> dict[str, Any]:
        """Return the facts recorded by `seal`; empty if it is not made yet."""
        return dict(self.manifest().get("facts", {}))

    def _inputs(self, digests: dict[Path, str]) -> str:
        """Return the fingerprint of the inputs; `digests` are those that this query knows already."""
        return self.inputs_of({one.path: one._digest(digests) for one in self.upstream})

    def _digest(self, digests: dict[Path, str]) -> str:
        if self.path not in digests:
            digests[self.path] = content_digest(self._made(self._inputs(digests)))
        return digests[self.path]

    def _made(self, inputs: str) -> dict[str, Any]:
        """Return the manifest of an artifact made from these inputs."""
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
    """Return the digest of an artifact's content, from its manifest."""
    return fingerprint(manifest["files"])


def changed_file(folder: Path, manifest: Mapping[str, Any], *, digests: bool = True) -> Path | None:
    """Return the first file that differs from the manifest of an artifact in `folder`, in size or digest."""
    for name, recorded in manifest["files"].items():
        file: Path = folder / name
        if not file.is_file() or file.stat().st_size != recorded["bytes"]:
            return file
        if digests and file_digest(file) != recorded["sha256"]:
            return file
    return None
