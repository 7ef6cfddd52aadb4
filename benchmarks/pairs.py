"""Two sides measured alternately in one run, so that other load affects both."""

from dataclasses import dataclass
from statistics import median

from benchmarks.sides import Side, started


@dataclass(frozen=True)
class Comparison:
    """Seconds per item, of every repetition of both sides."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def our_median(self) -> float:
        """Our median of the seconds per item."""
        return median(self.ours)

    @property
    def their_median(self) -> float:
        """Their median of the seconds per item."""
        return median(self.theirs)

    @property
    def ratio(self) -> float:
        """Our speed over theirs."""
        return self.their_median / self.our_median

    @property
    def cost(self) -> float:
        """Our time over theirs."""
        return self.our_median / self.their_median


def compare(ours: Side, theirs: Side, repetitions: int = 5, warm_up: int = 1) -> Comparison:
    """Measure two sides: ours, theirs, ours, theirs, and so on.

    Args:
        ours: this project.
        theirs: the other side.
        repetitions: of each.
        warm_up: additional repetitions before, which do not count.

    Raises:
        SideError: one of them failed.
    """
    return compare_tasks(ours, theirs, 1, repetitions, warm_up)[0]


def compare_tasks(ours: Side, theirs: Side, tasks: int, repetitions: int = 5, warm_up: int = 1) -> list[Comparison]:
    """Measure sides whose repetitions cycle through `tasks` tasks: each task ours, theirs, then the next task.

    Raises:
        SideError: one of them failed.
    """
    with started(ours, theirs) as (our_side, their_side):
        rounds = [
            [(our_side.repeat(), their_side.repeat()) for _ in range(tasks)] for _ in range(warm_up + repetitions)
        ]
    by_task = zip(*rounds[warm_up:], strict=True)
    return [Comparison(*zip(*pairs, strict=True)) for pairs in by_task]
