"""The trained members of an experiment, for its page."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from hbac_assets.learning.settings import MemberSettings
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.results.cells import figures
from hbac_assets.results.history import read_history


@dataclass(frozen=True)
class Member:
    """A member trained on every fold.

    Attributes:
        name: in the page.
        settings: its recipe.
        histories: the epochs of each fold, as `read_history` returns them.
        cells: the facts of each fold's training, as `figures` returns them.
    """

    name: str
    settings: MemberSettings
    histories: list[pd.DataFrame]
    cells: list[dict[str, Any]]


def trained_members(lineage: Lineage, of: str = "") -> list[Member]:
    """Return the members of an experiment; `of`, if given, is appended to their names."""
    return [trained_member(lineage, name, f"{of}: {name}" if of else name) for name in lineage.experiment.members]


def trained_member(lineage: Lineage, member: str, name: str = "") -> Member:
    """Return one member of an experiment, under `name` if given."""
    cells = [Cell(member, fold) for fold in range(lineage.experiment.folds)]
    histories = [read_history(lineage, cell) for cell in cells]
    known = [figures(lineage, cell) for cell in cells]
    return Member(name or member, lineage.experiment.members[member], histories, known)
