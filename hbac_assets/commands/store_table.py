"""The output of `hbac store`: a table of 100 columns, and the same as JSON."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from hbac_assets.inventory.freeing import Plan
from hbac_assets.inventory.inventory import NO_DATA, Inventory
from hbac_assets.inventory.layout import Kind, Thing
from hbac_assets.store.disk_usage import DiskUsage, disk_usage
from hbac_assets.store.files import readable_size

WHAT, STATE = 37, 24
SHOWN = 10
"""Entries shown of a list of unknown length."""
ORDER = {kind: number for number, kind in enumerate(Kind)}
CURRENT = "current"


def listing(inventory: Inventory, states: Mapping[Thing, str]) -> list[str]:
    """Return the contents of the store as lines for the terminal."""
    usage = disk_usage(file for files in inventory.holdings.things.values() for file in files)
    return [
        f"{shown(inventory.places.store)} and what is beside it: {readable_size(usage.size)} in {usage.files} files",
        _environment_line(inventory),
        "",
        *_table(inventory, states, "state"),
        *_others_lines(inventory),
        *(f"error: {line}" for line in dict.fromkeys(inventory.experiments.faults.values())),
    ]


def pruning(inventory: Inventory, planned: Plan, *, deleted: bool) -> list[str]:
    """Return what nothing refers to, and what only MLflow runs refer to, as lines for the terminal."""
    by_runs = {thing: verdict.why for thing, verdict in inventory.verdicts.items() if inventory.refs.runs[thing]}
    by_runs = {thing: why for thing, why in by_runs.items() if thing.place not in inventory.refs.artifacts}
    lines = [
        _environment_line(inventory),
        f"runs in MLflow that refer to results here: {inventory.refs.runs.total()}",
        "",
    ]
    if planned.files:
        lines += ["freed:" if deleted else "to be deleted:", *_table(inventory, planned.why, "why"), ""]
    if by_runs:
        lines += [
            "kept only for runs in MLflow; delete these there to free it:",
            *_table(inventory, by_runs, "why"),
            "",
        ]
    return [*lines, *_others_lines(inventory)]


def conclusion(usage: DiskUsage, *, deleted: bool) -> str:
    """Return a line with the amount freed."""
    elsewhere = usage.size - usage.freed
    linked = f"; {readable_size(elsewhere)} more have other hard links and stay" if elsewhere else ""
    amount = f"{readable_size(usage.freed)} in {usage.files} files{linked}"
    return f"freed {amount}" if deleted else f"dry run: would free {amount}; hbac store prune --yes does it"


def described(inventory: Inventory, states: Mapping[Thing, str]) -> dict[str, Any]:
    """Return the contents of the store, JSON-like."""
    data = inventory.refs.dataset
    return {
        "store": str(inventory.places.store),
        "data": None if data is NO_DATA else data.key,
        "things": [_described(inventory, thing, state=state) for thing, state in states.items()],
        "others": [{"path": str(path), "why": why} for path, why in inventory.holdings.others.items()],
        "faults": inventory.experiments.faults,
    }


def described_plan(inventory: Inventory, planned: Plan, *, deleted: bool) -> dict[str, Any]:
    """Return what is or would be freed, JSON-like."""
    return {
        "store": str(inventory.places.store),
        "data": inventory.refs.dataset.key,
        "deleted": deleted,
        "bytes": planned.usage.freed,
        "files": planned.usage.files,
        "things": [_described(inventory, thing, why=why) for thing, why in planned.why.items()],
    }


def shown(name: object) -> str:
    """Return a name with control and unprintable characters escaped."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in str(name)
    )


def _described(inventory: Inventory, thing: Thing, **more: str) -> dict[str, Any]:
    usage = inventory.usage[thing]
    optional = {name: getattr(thing, name) for name in ("dataset", "experiment", "test", "member")}
    return {
        "kind": thing.kind.value,
        "path": str(thing.place),
        **{name: value for name, value in optional.items() if value},
        **({"fold": thing.fold} if thing.member else {}),
        "bytes": usage.size,
        "files": usage.files,
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(usage.written)),
        **more,
    }


def _environment_line(inventory: Inventory) -> str:
    data = inventory.refs.dataset
    if data is NO_DATA:
        return "the environment's data: no results here"
    return f"the environment's data: {data.key}, {shown(data.folder)}"


def _table(inventory: Inventory, notes: Mapping[Thing, str], last: str) -> Iterator[str]:
    """Yield a line for each data set, experiment and kind of thing that has a note."""
    yield _line("", "what", "size", "files", "last written", last)
    things = sorted(notes, key=lambda thing: (not thing.dataset, thing.dataset, thing.experiment, ORDER[thing.kind]))
    for dataset, of_dataset in groupby(things, key=lambda thing: thing.dataset):
        of_data = list(of_dataset)
        yield _row(inventory, "", dataset or "no data set", of_data, "")
        for experiment, of_experiment in groupby(of_data, key=lambda thing: thing.experiment):
            rows = list(of_experiment)
            if experiment:
                yield _row(inventory, "  ", experiment, rows, _summary([notes[thing] for thing in rows]))
            indent = "    " if experiment else "  "
            for label, alike in groupby(sorted(rows, key=_row_key), key=_label):
                of_row = list(alike)
                yield _row(inventory, indent, label, of_row, _summary([notes[thing] for thing in of_row]))


def _row_key(thing: Thing) -> tuple[int, str]:
    return ORDER[thing.kind], _label(thing)


def _label(thing: Thing) -> str:
    if thing.kind in (Kind.MODEL, Kind.CHECKPOINT):
        return f"{thing.kind}, {thing.member}"
    if thing.kind in (Kind.RECIPE, Kind.SYNTHETIC):
        return f"{'test ' if thing.test else ''}{thing.kind} {thing.place.stem}"
    if thing.kind == Kind.SPECTROGRAMS and thing.test:
        return f"test {thing.kind} {thing.test}"
    return f"{thing.kind} {thing.test}".rstrip()


def _summary(notes: list[str]) -> str:
    """Return the common state of several things, or how many are current."""
    counted = Counter(filter(None, notes))
    if len(counted) <= 1:
        return next(iter(counted), "")
    if counted[CURRENT]:
        return f"{counted[CURRENT]} of {counted.total()} current"
    return f"{counted.most_common(1)[0][0]}, and more"[:STATE]


def _row(inventory: Inventory, indent: str, what: str, things: list[Thing], note: str) -> str:
    usage = disk_usage(file for thing in things for file in inventory.holdings.things[thing])
    number = f", {len(things)}" if len(things) > 1 and things[0].kind in (Kind.MODEL, Kind.CHECKPOINT) else ""
    written = time.strftime("%Y-%m-%d %H:%M", time.localtime(usage.written))
    return _line(indent, what + number, readable_size(usage.size), f"{usage.files}", written, note)


def _line(indent: str, what: str, size: str, files: str, written: str, note: str) -> str:
    name = indent + shown(what)
    if len(name) > WHAT:
        half = (WHAT - 1) // 2
        name = f"{name[:half]}…{name[half + 1 - WHAT :]}"
    return f"{name:<{WHAT}} {size:>9} {files:>8}  {written:<16}  {note}".rstrip()


def _others_lines(inventory: Inventory) -> Iterable[str]:
    others = inventory.holdings.others
    if not others:
        return
    yield ""
    yield "left alone:"
    root = inventory.places.store.parent
    for path, why in list(others.items())[:SHOWN]:
        name = path.relative_to(root) if path.is_relative_to(root) else path
        yield f"  {shown(name)} ({why})"
    if len(others) > SHOWN:
        yield f"  and {len(others) - SHOWN} more"
