"""What the rows found, as a table for people and as JSON for programs."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.pairs import Comparison  # at run time it would bring hbac_assets, and its backend, to either side

COLUMNS = ("#", "work", "ours", "against", "ratio", "target", "met", "remark")


@dataclass(frozen=True)
class Result:
    """One line of the table.

    Attributes:
        row: its number.
        work: what is done.
        ours: how fast it is done here, in words with figures.
        against: what it is compared to, and how fast that is.
        ratio: what `to_reach` speaks of; None where there is nothing to compare, or to compare to.
        to_reach: such as `≥ 2.5`.
        reached: whether it is; None where nothing could be measured here, and `remark` says why.
        remark: what else a reader must know.
        measured: all figures.
        failed: the row ended with an error, which `remark` tells.
    """

    row: int
    work: str
    ours: str
    against: str
    ratio: float | None
    to_reach: str
    reached: bool | None
    remark: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False

    @staticmethod
    def failure(row: int, work: str, reason: str) -> "Result":
        """Return the line of a row that could not be run."""
        return Result(row, work, "", "", None, "", None, reason, failed=True)


def at_least(
    row: int, work: str, things: str, against: str, comparison: "Comparison", least: float | None, remark: str = ""
) -> Result:
    """Return a line that counts things a second, ours `least` times as many as theirs if that is set."""
    return Result(
        row,
        work,
        ours=f"{1 / comparison.our_median:.1f} {things}/s",
        against=f"{against}: {1 / comparison.their_median:.1f} {things}/s",
        ratio=comparison.ratio,
        to_reach="as close as can be had" if least is None else f"≥ {least}",
        reached=None if least is None else comparison.ratio >= least,
        remark=remark,
        measured=asdict(comparison),
    )


def as_markdown(results: Iterable[Result], machine: Mapping[str, Any]) -> str:
    """Return the table, below a list of what it was measured on."""
    lines = [f"- {name}: {value}" for name, value in machine.items()]
    lines += ["", _line(COLUMNS), _line("---" for _ in COLUMNS)]
    return "\n".join([*lines, *(_line(_cells(result)) for result in results)]) + "\n"


def as_json(results: Iterable[Result], machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that was measured."""
    return {"machine": dict(machine), "results": [asdict(result) for result in results]}


def _cells(result: Result) -> list[str]:
    ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
    reached = "failed" if result.failed else {True: "yes", False: "no", None: ""}[result.reached]
    return [
        str(result.row), result.work, result.ours, result.against, ratio, result.to_reach, reached, result.remark,
    ]  # fmt: skip


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
