"""Files that know what they were made from.

An artifact is a file or folder with a manifest beside it: a fingerprint of its inputs, and the size and digest of
each file. It is current when the inputs are still the same and the files are still those; then it is kept. Where the
artifacts of this project lie, and which is made from which, stands in `lineage`.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hbac_assets.errors import HbacError
from hbac_assets.files import file_digest, fingerprint, write_json


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
        """The fingerprint of the settings and of the content of every upstream artifact as it lies there now.

        Raises:
            HbacError: an upstream artifact is missing; the message names the asset to materialize.
        """
        return fingerprint({"settings": self.settings, "upstream": [one.digest() for one in self.upstream]})

    def digest(self) -> str:
        """Return the digest of the content, as recorded when it was sealed.

        Raises:
            HbacError: the artifact is missing or not made from the present inputs.
        """
        self._require_made()
        return fingerprint(self._manifest()["files"])

    def is_current(self) -> bool:
        """Tell whether the artifact was made from the present inputs and its files are unchanged."""
        return self._is_made() and self._changed_file() is None

    def require(self) -> Path:
        """Return the path of the artifact, its files verified.

        Raises:
            HbacError: it is missing, out of date, or a file differs from the manifest.
        """
        self._require_made()
        changed = self._changed_file()
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
        return dict(self._manifest().get("facts", {}))

    def _require_made(self) -> None:
        made = self._is_made()  # first of all, for it names what is missing furthest upstream
        if not self._manifest():
            raise HbacError(f"{self.path}: not made yet: materialize {self.asset} first")
        if not made:
            raise HbacError(
                f"{self.path}: out of date, its settings or inputs have changed: materialize {self.asset} first"
            )

    def _is_made(self) -> bool:
        return self._manifest().get("inputs") == self.inputs

    def _manifest(self) -> dict[str, Any]:
        try:
            manifest = json.loads(self.manifest_path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return manifest if isinstance(manifest, dict) else {}

    def _files(self) -> list[Path]:
        if self.path.is_dir():
            return sorted(file for file in self.path.rglob("*") if file.is_file())
        return [self.path]

    def _changed_file(self) -> Path | None:
        for name, recorded in self._manifest()["files"].items():
            file: Path = self.path.parent / name
            if not file.is_file() or file.stat().st_size != recorded["bytes"]:
                return file
            if file_digest(file) != recorded["sha256"]:
                return file
        return None
