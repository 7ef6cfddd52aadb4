"""Freeing everything without references, in an order that is safe against kills.

The manifest of a thing, without which it counts as not made, or the file that marks a folder as complete is deleted
first; then the tables that list arrays, and the rest. Nothing else may use the store meanwhile.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hbac_assets.inventory.layout import Kind, Thing
from hbac_assets.inventory.references import Verdict
from hbac_assets.inventory.scan import Holdings, Places
from hbac_assets.store.disk_usage import DiskUsage, disk_usage
from hbac_assets.store.files import remove_leftover, write_faults

FIRST = (".manifest.json", "sample_submission.csv")
THEN = (".parquet", ".csv", ".json")


@dataclass
class Plan:
    """The files to free.

    Attributes:
        files: of each thing, in the order of deletion.
        why: nothing refers to it.
        usage: of all files together.
    """

    files: dict[Thing, list[Path]] = field(default_factory=dict)
    why: dict[Thing, str] = field(default_factory=dict)

    @property
    def usage(self) -> DiskUsage:
        """The disk usage of all files."""
        return disk_usage(file for files in self.files.values() for file in files)


def plan(holdings: Holdings, verdicts: dict[Thing, Verdict]) -> Plan:
    """Return the plan that frees every thing not kept."""
    gone = {thing: files for thing, files in holdings.things.items() if not verdicts[thing].kept}
    return Plan(
        {thing: sorted(files, key=_order) for thing, files in gone.items()},
        {thing: verdicts[thing].why for thing in gone},
    )


def free(planned: Plan, places: Places, freed: Callable[[Path], None] = lambda file: None) -> None:
    """Delete the planned files and the folders left empty; the caller holds the store exclusively.

    Args:
        planned: the plan.
        places: the top folders, which stay.
        freed: called after each file.

    Raises:
        HbacError: the user has no permission to delete a file.
    """
    for thing, files in planned.files.items():
        for file in files:
            with write_faults(file), suppress(FileNotFoundError):
                if thing.kind == Kind.LEFTOVER and file == thing.place:
                    remove_leftover(file)
                else:
                    file.unlink()
            freed(file)
        _remove_empty({file.parent for file in files}, {places.store, places.synthetic, places.programs})


def _order(file: Path) -> tuple[int, Path]:
    """Return the position of a file in its thing's order of deletion."""
    for number, endings in enumerate((FIRST, THEN)):
        if file.name.endswith(endings):
            return number, file
    return len((FIRST, THEN)), file


def _remove_empty(folders: Iterable[Path], stay: set[Path]) -> None:
    """Delete empty folders, and their parents that become empty."""
    for folder in folders:
        for one in (folder, *folder.parents):
            if one in stay:
                break
            with suppress(OSError):
                one.rmdir()
            if os.path.lexists(one):
                break
