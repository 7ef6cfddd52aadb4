"""`hbac store push` and `hbac store pull`: copy an experiment to or from the mirror and print a summary."""

import argparse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hbac_assets.commands.run import EXPERIMENT_HELP
from hbac_assets.commands.variables import not_empty
from hbac_assets.errors import HbacError

if TYPE_CHECKING:
    from hbac_assets.commands.bar import Bar
    from hbac_assets.lineage import Lineage
    from hbac_assets.mirror.commit import Commit, CommitName
    from hbac_assets.mirror.objects import Mirror
    from hbac_assets.mirror.pulling import Plan
    from hbac_assets.resources.views import Workspace
    from hbac_assets.store.artifact import Artifact

PUSH = """Copy an experiment's current results to the mirror at HBAC_MIRROR, except those that it already has.

HBAC_MIRROR is s3://bucket/prefix, with credentials and endpoint in AWS's own variables (AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL), or file:///folder. Synthetic data are copied with the results;
recordings of the competition never are. The same command resumes an interrupted push. See docs/mirror.md.
"""
PULL = """Copy the results of an experiment that this store lacks from the mirror at HBAC_MIRROR.

Only results that are current here are copied; existing current ones are kept. Refused while a run uses the store. The
same command resumes an interrupted pull. HBAC_MIRROR is as for `hbac store push`; see docs/mirror.md.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the argument for the experiment."""
    parser.add_argument(
        "HBAC_EXPERIMENT",
        metavar="EXPERIMENT",
        nargs="?",
        type=not_empty,
        help=EXPERIMENT_HELP,
    )


def push() -> None:
    """Push the chosen experiment and print a summary.

    Raises:
        HbacError: it has no results, or the mirror cannot be used.
    """
    from hbac_assets.commands.terminal import Terminal
    from hbac_assets.inventory.scan import scan
    from hbac_assets.mirror.objects import open_mirror
    from hbac_assets.mirror.pushing import push
    from hbac_assets.resources.environment import resources_from_environment
    from hbac_assets.resources.views import Workspace
    from hbac_assets.store.files import readable_size

    workspace = Workspace.of(resources_from_environment())
    mirror = open_mirror(write=True)
    with workspace.store.in_use(Terminal().line), _bar("pushing") as bar:
        lineage = workspace.lineage()
        pushed = push(mirror, lineage, scan(workspace.store.places), bar)
    files = pushed.commit.files
    size = readable_size(sum(one.bytes for one in files))
    print(f"{_name(lineage)}: {len(files)} files, {size}, are in {mirror.address}")
    print(
        f"of these, {pushed.created} objects, {readable_size(pushed.size)}, are new"
        if pushed.new or pushed.created
        else "the mirror had all of it already"
    )
    _print_assets("left out, since not current here", pushed.left_out)


def pull() -> None:
    """Pull the chosen experiment and print a summary.

    Raises:
        HbacError: no results in the mirror would be current here, the mirror cannot be used, or the store is in use.
    """
    from hbac_assets.mirror.objects import open_mirror
    from hbac_assets.mirror.pulling import pull
    from hbac_assets.resources.environment import resources_from_environment
    from hbac_assets.resources.views import Workspace
    from hbac_assets.store.files import readable_size

    workspace = Workspace.of(resources_from_environment())
    name = workspace.experiment.load().name
    workspace.experiment.require_unclaimed(name, workspace.store.root)
    workspace.competition.require_files()
    mirror = open_mirror(write=False)
    with workspace.store.undisturbed():
        plan = _plan(workspace, mirror, name)
        with _bar("pulling") as bar:
            pull(mirror, plan, bar)
    files = plan.files
    print(
        f"{_name(plan.lineage)}: pulled {len(plan.wanted)} artifacts, {len(files)} files, "
        f"{readable_size(sum(one.bytes for one in files))}, of {plan.name.modified:%Y-%m-%d %H:%M} UTC; "
        f"{len(plan.kept)} were here"
    )
    _print_assets("not current in the mirror; hbac run makes them", plan.missing)


def _plan(workspace: "Workspace", mirror: "Mirror", name: str) -> "Plan":
    """Return the plan; missing synthetic data are pulled first, since the lineage depends on them.

    Raises:
        HbacError: no results would be current here, or the mirror cannot be used.
    """
    from hbac_assets.lineage import SYNTHETIC, Lineage
    from hbac_assets.mirror.commit import list_commits
    from hbac_assets.mirror.pulling import WHOLE, best_plan, pull_raw

    store, competition, experiment = workspace.store, workspace.competition, workspace.experiment.load()
    names = list_commits(mirror)
    ours = [one for one in names if one.experiment == name]
    folder = competition.raw_folder(store)
    if competition.is_synthetic and not (folder / WHOLE).exists():

        def lineage_of(commit: "Commit") -> Lineage | None:
            fits = (commit.data, commit.settings) == (SYNTHETIC, folder.name)
            return Lineage(store.root, commit.dataset(folder), experiment) if fits else None

        plan = best_plan(mirror, ours, lineage_of)
        if plan is None:
            raise _nothing(mirror, name, f"the synthetic data {folder.name}", names)
        with _bar("pulling the synthetic data") as bar:
            pull_raw(mirror, plan.commit, folder, bar)
    competition.prepare(store, lambda done, total: None)
    lineage = workspace.lineage()
    plan = best_plan(mirror, [one for one in ours if one.key == lineage.dataset.key], lambda commit: lineage)
    if plan is None:
        raise _nothing(mirror, name, lineage.dataset.key, names)
    if not any(one.path.is_relative_to(lineage.experiment_folder) for one in (*plan.wanted, *plan.kept)):
        raise HbacError(
            f"{mirror.address}: expected results of {name} that are current here, found those of other settings "
            "or another version of the code; use the experiment's file and the version that they were pushed with"
        )
    return plan


def _nothing(mirror: "Mirror", name: str, data: str, names: "Iterable[CommitName]") -> HbacError:
    there = ", ".join(sorted({f"{one.experiment} on {one.key}" for one in names})) or "no results"
    return HbacError(
        f"{mirror.address}: expected results of {name} on {data}, found {there}; correct HBAC_MIRROR, the experiment "
        "or the data, or push them from the store that has them"
    )


@contextmanager
def _bar(what: str) -> "Iterator[Bar]":
    from hbac_assets.commands.bar import Bar, bytes_a_second

    bar = Bar(what, bytes_a_second)
    try:
        yield bar
    finally:
        bar.end()


def _name(lineage: "Lineage") -> str:
    return f"{lineage.experiment.name} on {lineage.dataset.key}"


def _print_assets(what: str, artifacts: "Iterable[Artifact]") -> None:
    """Print the assets of artifacts, if there are any."""
    if assets := list(dict.fromkeys(one.asset for one in artifacts)):
        print(f"{what}: {', '.join(assets)}")
