"""The results of the rows, as a Markdown table and as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.pairs import Comparison  # at run time it would import hbac_assets, and its backend, on both sides

COLUMNS = ("#", "work", "ours", "against", "ratio", "target", "met", "remark")


@dataclass(frozen=True)
class Result:
    """One line of the table.

    Attributes:
        row: its number.
        work: the task.
        ours: our speed, in words.
        against: the other side, and its speed.
        ratio: the quantity of the target; None without a comparison.
        to_reach: the target, such as `≥ 2.5`.
        reached: whether the target is met; None if nothing could be measured here, for the reason in `remark`.
        remark: additional information.
        measured: all measured values.
        failed: whether the row ended with an error, described in `remark`.
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
        """Return the line of a row that failed."""
        return Result(row, work, "", "", None, "", None, reason, failed=True)


def at_least(
    row: int, work: str, things: str, against: str, comparison: "Comparison", least: float | None, remark: str = ""
) -> Result:
    """Return a line of rates in things per second, with the target ratio `least` if set."""
    return Result(
        row,
        work,
        ours=f"{1 / comparison.our_median:.1f} {things}/s",
        against=f"{against}: {1 / comparison.their_median:.1f} {things}/s",
        ratio=comparison.ratio,
        to_reach="as close as possible" if least is None else f"≥ {least}",
        reached=None if least is None else comparison.ratio >= least,
        remark=remark,
        measured=asdict(comparison),
    )


def as_markdown(results: Iterable[Result], machine: Mapping[str, Any]) -> str:
    """Return the table, below a description of the machine."""
    lines = [f"- {name}: {value}" for name, value in machine.items()]
    lines += ["", _line(COLUMNS), _line("---" for _ in COLUMNS)]
    return "\n".join([*lines, *(_line(_cells(result)) for result in results)]) + "\n"


def as_json(results: Iterable[Result], machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return all measurements."""
    return {"machine": dict(machine), "results": [asdict(result) for result in results]}


def _cells(result: Result) -> list[str]:
    ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
    reached = "failed" if result.failed else {True: "yes", False: "no", None: ""}[result.reached]
    return [
        str(result.row), result.work, result.ours, result.against, ratio, result.to_reach, reached, result.remark,
    ]  # fmt: skip


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
