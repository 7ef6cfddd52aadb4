"""Progress of training a grid of models, with an estimate of the time left."""

from collections import defaultdict
from dataclasses import dataclass, field

from hbac_assets.commands.terminal import duration
from hbac_assets.lineage import Cell


@dataclass
class Grid:
    """The cells that a run trains: all of them, the start of each, the duration of those that are done."""

    planned: list[str] = field(default_factory=list)
    began: dict[str, float] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def end(self, cell: str, now: float) -> None:
        """Record that a cell is done."""
        self.done.add(cell)
        if cell in self.began:
            self.took[Cell.from_key(cell).member].append(now - self.began.pop(cell))

    def left(self, now: float, running: dict[str, float | None]) -> str:
        """Return an estimate or a lower bound of the time left, as text; empty before the first cell gives a measure.

        A waiting cell is assumed to take as long as finished cells of its member, or as running ones will take.

        Args:
            now: the time, s.
            running: the seconds left of each running cell, if known.
        """
        known = {cell: left for cell in self.began if (left := running.get(cell)) is not None}
        took = {member: list(seconds) for member, seconds in self.took.items()}
        for cell, left in known.items():
            took.setdefault(Cell.from_key(cell).member, []).append(now - self.began[cell] + left)
        members = [Cell.from_key(cell).member for cell in self.planned if cell not in self.done | self.began.keys()]
        waiting = [sum(took[member]) / len(took[member]) for member in members if member in took]
        if not known and not waiting:
            return ""
        seconds = max([*known.values(), (sum(known.values()) + sum(waiting)) / max(len(self.began), 1)])
        complete = len(waiting) == len(members) and len(known) == len(self.began)
        return f", {'about' if complete else 'over'} {duration(seconds)} left"
