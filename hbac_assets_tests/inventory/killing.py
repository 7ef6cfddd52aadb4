"""Frees the unused of a project, killed once so many files are gone: `python -m … FOLDER COPIES NUMBERS…`.

For each number, a copy of FOLDER is left in COPIES under that name.
"""

import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

from hbac_assets.inventory.freeing import Plan, free, plan
from hbac_assets_tests.inventory import stores


def main() -> None:
    """Kill a child of this process, which has one thread, at each number."""
    folder, copies = map(Path, sys.argv[1:3])
    inventory = stores.look(folder)
    planned = plan(inventory.holdings, inventory.verdicts)
    for number in map(int, sys.argv[3:]):
        copy = shutil.copytree(folder, copies / f"{number}")
        if (child := os.fork()) == 0:
            kill_at(moved(planned, folder, copy), copy, number)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL


def moved(planned: Plan, folder: Path, copy: Path) -> Plan:
    """Return a plan for a folder as one for its copy."""

    def there(path: Path) -> Path:
        return copy / path.relative_to(folder)

    files = {replace(thing, place=there(thing.place)): list(map(there, of)) for thing, of in planned.files.items()}
    return Plan(files)


def kill_at(planned: Plan, folder: Path, number: int) -> None:
    """Free, and be killed once so many files are gone."""
    left = number

    def count(file: Path) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    free(planned, stores.places(folder), count)
    os._exit(1)


if __name__ == "__main__":
    main()
