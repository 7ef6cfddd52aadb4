"""The inventory of a store: every thing with its size, its state, and whether it is kept."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hbac_assets.inventory.experiments import KnownExperiments, known_experiments
from hbac_assets.inventory.layout import Thing
from hbac_assets.inventory.references import LoggedRun, References, Verdict, count_runs, judge, references
from hbac_assets.inventory.scan import Holdings, Places, scan
from hbac_assets.lineage import Dataset
from hbac_assets.store.disk_usage import DiskUsage, disk_usage

NO_DATA = Dataset("none", Path("/dev/null"), "", "")
"""The placeholder for data without results in the store."""


@dataclass(frozen=True)
class Inventory:
    """A scanned store.

    Attributes:
        places: the folders.
        experiments: those whose files exist.
        refs: the references to its things.
        holdings: its things and foreign files.
        verdicts: whether each thing is kept.
    """

    places: Places
    experiments: KnownExperiments
    refs: References
    holdings: Holdings
    verdicts: dict[Thing, Verdict]

    @cached_property
    def usage(self) -> dict[Thing, DiskUsage]:
        """The disk usage of each thing."""
        return {thing: disk_usage(files) for thing, files in self.holdings.things.items()}

    def states(self) -> dict[Thing, str]:
        """Return the state of each thing or, if it is no artifact, what refers to it or why nothing does.

        It is empty for an experiment's file that is no artifact.
        """
        return {thing: self._state(thing) for thing in self.holdings.things}

    def _state(self, thing: Thing) -> str:
        artifact = self.refs.artifacts.get(thing.place)
        if artifact is None:
            return "" if thing.place in self.refs.artifacts else self.verdicts[thing].why
        state = artifact.state()
        return "unfinished" if state == "missing" else state


def take_inventory(
    places: Places,
    dataset: Dataset | None,
    experiment: str,
    ask_runs: Callable[[set[str]], list[LoggedRun]] = lambda datasets: [],
) -> Inventory:
    """Scan a store and the folders beside it.

    Args:
        places: the folders.
        dataset: the data that the environment names; None if the store has no results of them.
        experiment: the one that the environment names, or its file.
        ask_runs: returns the logged runs on data sets, given by the beginnings of their fingerprints; without it no run
            counts.

    Raises:
        HbacError: the experiment cannot be loaded, or `ask_runs` fails.
    """
    experiments = known_experiments(places.store, experiment)
    refs = references(places.store, dataset, experiments) if dataset else References(NO_DATA, experiments)
    holdings = scan(places)
    runs = ask_runs({thing.dataset[-8:] for thing in holdings.things if thing.experiment})
    refs.runs = count_runs(holdings, runs, experiments) if runs else Counter()
    return Inventory(places, experiments, refs, holdings, judge(holdings, refs))
