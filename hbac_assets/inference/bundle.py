"""Opening a bundle: the submitted ensemble as ONNX graphs or LiteRT files, with everything needed to predict.

Each bundle carries this module, which computes with onnxruntime or LiteRT.
"""

import hashlib
import json
import warnings
import zipfile
from collections import namedtuple
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.inference.networks import open_network
from hbac_assets.inference.predictor import Member, Network, Predictor
from hbac_assets.labels import CLASSES
from hbac_assets.learning.inputs.kinds import KINDS
from hbac_assets.learning.test_time import variants
from hbac_assets.scoring.blends import from_json
from hbac_assets.scoring.stacked_blend import NetworkBlend

FORMAT = 2
"""Version of the bundle's files; raised for files that this module could not read."""
DESCRIPTION, CHECKSUMS = "bundle.json", "SHA256SUMS"
KEYS = ("format", "version", "classes", "members", "blend", "stacking", "prior")
EXPORT_AGAIN = "copy or export the bundle again"

Place = Path | zipfile.Path


def open_bundle(path: Path, threads: int | None = None, elsewhere: Callable[[str], Network] | None = None) -> Predictor:
    """Return the ensemble of a bundle, its files verified.

    Args:
        path: the bundle's folder or its zip.
        threads: of each network; None: the number of cores available to this process.
        elsewhere: from the path of a graph within the bundle to its network, if it is not computed in this process.

    Raises:
        HbacError: it is not a bundle, a file is missing or damaged, or its format is of another version.

    Warns:
        UserWarning: another version of hbac_assets made it.
    """
    place = _place(path)
    checksums = _checked(place, path)
    description = _description(place, path)

    def graph(name: str) -> Network:
        if name not in checksums:
            raise _fault(path, DESCRIPTION, f"graphs that {CHECKSUMS} lists", name)
        try:
            return open_network(name, place.joinpath(name).read_bytes(), threads)
        except HbacError as error:
            raise HbacError(f"{path}, {name}: {error}; {EXPORT_AGAIN}") from None

    network = elsewhere or graph
    members = []
    for member, one in description["members"].items():
        recipe = frozen(one["recipe"])
        if recipe.input not in KINDS:
            raise _fault(path, f"{DESCRIPTION}, {member}", f"an input of {', '.join(KINDS)}", recipe.input)
        networks = [network(name) for name in one["graphs"]]
        members.append(Member(member, recipe, networks, variants(recipe, frozen(one["test_time"]))))
    stored = from_json(description["blend"], lambda features: NetworkBlend(features, network(description["stacking"])))
    return Predictor(tuple(members), stored, np.array(description["prior"]))


def _place(path: Path) -> Place:
    if path.is_dir():
        return path
    if not path.exists():
        raise HbacError(f"{path}: expected a bundle's folder or zip, found nothing; correct the path")
    try:
        return zipfile.Path(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise HbacError(f"{path}: expected a bundle's folder or zip, found neither ({error}); {EXPORT_AGAIN}") from None


def _checked(place: Place, path: Path) -> Mapping[str, str]:
    """Return the verified SHA-256 of each file."""
    listed = {}
    for number, line in enumerate(_text(place, path, CHECKSUMS).splitlines(), start=1):
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not name or name.startswith("/") or ".." in name.split("/"):
            raise _fault(path, f"{CHECKSUMS}, row {number}", "a SHA-256 and the name of a file", repr(line))
        listed[name] = digest
    for name, digest in listed.items():
        file = place.joinpath(name)
        if not file.is_file():
            raise _fault(path, name, f"a file, since {CHECKSUMS} lists it", "none")
        try:
            found = hashlib.sha256(file.read_bytes()).hexdigest()
        except (zipfile.BadZipFile, OSError) as error:
            raise _fault(path, name, "a whole file", error) from None
        if found != digest:
            raise _fault(path, name, f"SHA-256 {digest[:8]}…", f"{found[:8]}…: the file is damaged or was changed")
    if DESCRIPTION not in listed:
        raise _fault(path, CHECKSUMS, f"{DESCRIPTION} among the files", f"{len(listed)} others")
    return listed


def _description(place: Place, path: Path) -> dict[str, Any]:
    try:
        description: dict[str, Any] = json.loads(_text(place, path, DESCRIPTION))
    except ValueError as error:
        raise _fault(path, DESCRIPTION, "JSON", error) from None
    found = description.get("format") if isinstance(description, dict) else None
    if found != FORMAT:
        maker = description.get("version", "unknown") if isinstance(description, dict) else "unknown"
        raise HbacError(
            f"{path}, {DESCRIPTION}: expected a bundle of format {FORMAT}, found {found} of hbac_assets {maker}; "
            "open it with that version, by its own predict.py, or export it again"
        )
    for key in KEYS:
        if key not in description:
            raise _fault(path, f"{DESCRIPTION}, {key}", "a value", "none")
    if tuple(description["classes"]) != CLASSES:
        raise _fault(path, f"{DESCRIPTION}, classes", ", ".join(CLASSES), ", ".join(description["classes"]))
    if __name__.startswith("hbac_assets.") and description["version"] != installed_version():
        warnings.warn(
            f"{path}: made by hbac_assets {description['version']}, opened by {installed_version()}: its own "
            "predict.py runs the code that it was made with",
            stacklevel=3,
        )
    return description


def installed_version() -> str:
    """Return the version of this project, `unknown` if it is not installed."""
    try:
        return version("hbac-assets")
    except PackageNotFoundError:
        return "unknown"


def _text(place: Place, path: Path, name: str) -> str:
    try:
        return place.joinpath(name).read_text(encoding="utf-8")
    except (KeyError, FileNotFoundError):
        raise _fault(path, name, "the file of a bundle", "none") from None
    except (zipfile.BadZipFile, OSError, UnicodeError) as error:
        raise _fault(path, name, "the file of a bundle", error) from None


def frozen(value: Any) -> Any:
    """Return hashable JSON values; the entries of an object become attributes."""
    if isinstance(value, dict):
        return namedtuple("Settings", value)(**{name: frozen(one) for name, one in value.items()})
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def _fault(path: Path, where: str, expected: str, found: object) -> HbacError:
    return HbacError(f"{path}, {where}: expected {expected}, found {found}; {EXPORT_AGAIN}")
