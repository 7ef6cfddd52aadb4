"""Two sides measured alternately in one run, so that whatever else the machine does meets both."""

from dataclasses import dataclass
from statistics import median

from benchmarks.sides import Side, started


@dataclass(frozen=True)
class Comparison:
    """Seconds for each item, of every repetition of both sides."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def our_median(self) -> float:
        """Our seconds for each item."""
        return median(self.ours)

    @property
    def their_median(self) -> float:
        """Their seconds for each item."""
        return median(self.theirs)

    @property
    def ratio(self) -> float:
        """How many times as fast as they we are."""
        return self.their_median / self.our_median

    @property
    def cost(self) -> float:
        """How many times as long as they we take."""
        return self.our_median / self.their_median


def compare(ours: Side, theirs: Side, repetitions: int = 5, warm_up: int = 1) -> Comparison:
    """Measure two sides: ours, theirs, ours, theirs, and so on.

    Args:
        ours: this project.
        theirs: what it is compared to.
        repetitions: how often each is measured.
        warm_up: how many more repetitions go before and do not count.

    Raises:
        SideError: one of them failed.
    """
    return compare_tasks(ours, theirs, 1, repetitions, warm_up)[0]


def compare_tasks(ours: Side, theirs: Side, tasks: int, repetitions: int = 5, warm_up: int = 1) -> list[Comparison]:
    """Measure sides whose repetitions go through `tasks` tasks in turn: each task ours, theirs, then the next task.

    Raises:
        SideError: one of them failed.
    """
    with started(ours, theirs) as (our_side, their_side):
        rounds = [
            [(our_side.repeat(), their_side.repeat()) for _ in range(tasks)] for _ in range(warm_up + repetitions)
        ]
    by_task = zip(*rounds[warm_up:], strict=True)
    return [Comparison(*zip(*pairs, strict=True)) for pairs in by_task]
