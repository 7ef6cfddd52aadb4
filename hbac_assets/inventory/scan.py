"""The scan of a store and of the folders beside it: every file with its thing.

No symbolic link is followed below the scanned folders.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hbac_assets.inventory.layout import (
    PROGRAM_RULES,
    STORE_RULES,
    SYNTHETIC_RULES,
    Rule,
    Thing,
    find_listing_thing,
    find_thing,
)
from hbac_assets.store.artifact import Artifact

LINK, UNREADABLE, NOT_OURS = "a link, not followed", "cannot be read", "not written by hbac"


@dataclass(frozen=True)
class Places:
    """The folders to which this project writes.

    Attributes:
        store: the results.
        synthetic: the synthetic data sets.
        programs: the compiled programs.
    """

    store: Path
    synthetic: Path
    programs: Path


@dataclass
class Holdings:
    """The result of a scan.

    Attributes:
        things: the files of each thing.
        others: foreign files, with the reason; a folder represents everything in it.
    """

    things: dict[Thing, list[Path]] = field(default_factory=dict)
    others: dict[Path, str] = field(default_factory=dict)


def scan(places: Places) -> Holdings:
    """Scan all places; one that does not exist is empty."""
    holdings = Holdings()
    for root, rules in (
        (places.store, STORE_RULES),
        (places.synthetic, SYNTHETIC_RULES),
        (places.programs, PROGRAM_RULES),
    ):
        if root != places.store and root.is_symlink():
            holdings.others[root] = LINK
        elif root.is_dir():
            _scan_place(root, rules, holdings)
    return holdings


def _scan_place(root: Path, rules: tuple[Rule, ...], holdings: Holdings) -> None:
    recorded: dict[Path, set[Path]] = {}
    for file, fault in _walk(root):
        thing = None if fault else find_thing(root, file, rules)
        if thing is None and not fault and rules is STORE_RULES:
            thing = _listing_thing(root, file, recorded)
        if thing is None:
            holdings.others[file] = fault or NOT_OURS
        else:
            holdings.things.setdefault(thing, []).append(file)


def _listing_thing(root: Path, file: Path, recorded: dict[Path, set[Path]]) -> Thing | None:
    """Return the thing whose manifest lists a file; `recorded` caches the manifests read."""
    thing = find_listing_thing(root, file)
    if thing is None:
        return None
    if thing.place not in recorded:
        recorded[thing.place] = Artifact(thing.place, "", None).recorded_files()
    return thing if file in recorded[thing.place] else None


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file below a folder, and everything that is skipped with the reason."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except PermissionError:
        yield folder, UNREADABLE
        return
    except FileNotFoundError:  # deleted meanwhile, by a run
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink():
            yield path, LINK
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(path)
        elif entry.is_file(follow_symlinks=False):
            yield path, ""
        else:
            yield path, NOT_OURS
