"""The references to the things of a store, which decide whether each is kept.

`docs/store.md` explains these rules to users.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hbac_assets.inventory.experiments import KnownExperiments
from hbac_assets.inventory.layout import Kind, Thing
from hbac_assets.inventory.scan import Holdings
from hbac_assets.lineage import Dataset, Lineage
from hbac_assets.store.artifact import Artifact

LOGGED = {Kind.MODEL, Kind.ENSEMBLE, Kind.SEARCH}
"""The kinds that a training run may refer to by its tags."""
BESIDE_LOGGED = {Kind.FOLDS, Kind.GRID, Kind.PREDICTIONS, Kind.SUBMISSION, Kind.REPORT, Kind.BUNDLE}
"""Tables and predictions of a training, kept as long as something logged is kept beside them."""
OTHER_DATA, NO_FILE, FAULT = "other data", "no experiment file", "experiment at fault"


@dataclass(frozen=True)
class LoggedRun:
    """A training run that is logged and not deleted.

    Attributes:
        experiment: the name under which it is logged.
        data: the fingerprint of its data set.
        kind: of the result that it logs.
        member: of a model.
        fold: of a model.
    """

    experiment: str
    data: str
    kind: Kind
    member: str = ""
    fold: int = 0


@dataclass(frozen=True)
class Verdict:
    """Whether a thing is kept, and why."""

    kept: bool
    why: str


@dataclass
class References:
    """Everything that may refer to a thing.

    Attributes:
        dataset: the data that the environment names.
        experiments: those whose files exist.
        artifacts: of these experiments on these data, by place; None for a place that is no artifact.
        runs: the number of logged runs that refer to each thing.
    """

    dataset: Dataset
    experiments: KnownExperiments
    artifacts: dict[Path, Artifact | None] = field(default_factory=dict)
    runs: Counter[Thing] = field(default_factory=Counter)


def references(store: Path, dataset: Dataset, experiments: KnownExperiments) -> References:
    """Return the references of the experiments on these data."""
    found = References(dataset, experiments)
    for experiment in experiments.loaded.values():
        lineage = Lineage(store, dataset, experiment)
        found.artifacts |= {one.path: one for one in lineage.artifacts}
        found.artifacts[lineage.grid_table] = None
        if experiment.search:
            found.artifacts[lineage.search_folder] = lineage.tuned_member
    return found


def count_runs(holdings: Holdings, runs: list[LoggedRun], experiments: KnownExperiments) -> Counter[Thing]:
    """Return the number of runs that refer to each thing.

    A renamed run, under a name that no experiment has, counts for every experiment.
    """
    names = {thing.experiment for thing in holdings.things} | set(experiments.loaded)
    counted: Counter[Thing] = Counter()
    for thing in holdings.things:
        if thing.kind in LOGGED:
            counted[thing] = sum(_refers(run, thing, names) for run in runs)
    return counted


def judge(holdings: Holdings, refs: References) -> dict[Thing, Verdict]:
    """Return for each thing whether it is kept."""
    verdicts: dict[Thing, Verdict] = {}
    for kinds, rule in (
        (LOGGED, _result),
        (BESIDE_LOGGED, _table),
        ({Kind.CHECKPOINT}, _checkpoint),
        ({Kind.LABELS, Kind.SPECTROGRAMS, Kind.RECIPE, Kind.TEST_ROWS}, _shared),
        ({Kind.SYNTHETIC}, _synthetic),
        ({Kind.DATA_RECORD}, _data_record),
        ({Kind.EXPERIMENT_RECORD}, _experiment_record),
        ({Kind.LOCKS, Kind.PROGRAMS, Kind.LEFTOVER}, _by_kind),
    ):
        for thing in holdings.things:
            if thing.kind in kinds:
                verdicts[thing] = rule(thing, refs, verdicts)
    return verdicts


Verdicts = dict[Thing, Verdict]
Rule = Callable[[Thing, References, Verdicts], Verdict]


def _result(thing: Thing, refs: References, verdicts: Verdicts) -> Verdict:
    if found := _by_file(thing, refs):
        return found
    if thing.kind == Kind.SEARCH and any(file.is_relative_to(thing.place) for file in refs.experiments.member_files):
        return Verdict(True, "named by an experiment")
    if number := refs.runs[thing]:
        return Verdict(True, f"{number} MLflow run{'s' if number > 1 else ''}")
    return _unused(thing, refs)


def _table(thing: Thing, refs: References, verdicts: Verdicts) -> Verdict:
    if found := _by_file(thing, refs):
        return found
    if any(one.kind in LOGGED and _is_beside(one, thing) and verdict.kept for one, verdict in verdicts.items()):
        return Verdict(True, "says what was trained")
    return _unused(thing, refs)


def _checkpoint(thing: Thing, refs: References, verdicts: Verdicts) -> Verdict:
    """Keep the checkpoint of an unfinished training as long as its model would be kept."""
    model = Thing(
        Kind.MODEL,
        thing.place.with_name(f"fold_{thing.fold}"),
        thing.dataset,
        thing.experiment,
        member=thing.member,
        fold=thing.fold,
    )
    of_model = verdicts.get(model) or _result(model, refs, verdicts)
    artifact = refs.artifacts.get(model.place)
    if of_model.kept and artifact and artifact.is_current():
        return Verdict(False, "its training is finished")
    return of_model


def _shared(thing: Thing, refs: References, verdicts: Verdicts) -> Verdict:
    if thing.place in refs.artifacts:
        return Verdict(True, "used by experiments")
    if thing.dataset == refs.dataset.key and thing.kind == Kind.RECIPE and refs.experiments.faults:
        return Verdict(True, FAULT)
    return _unused(thing, refs)


def _synthetic(thing: Thing, refs: References, verdicts: Verdicts) -> Verdict:
    folder = refs.dataset.folder
    if folder.is_relative_to(thing.place) or thing.place.is_relative_to(folder):
        return Verdict(True, "the environment's data")
    return Verdict(False, OTHER_DATA)


def _data_record(thing: Thing, refs: References, verdicts: Verdicts) -> Verdict:
    try:
        train = str(json.loads(thing.place.read_text(encoding="utf-8"))["train"])
    except (OSError, ValueError, KeyError, TypeError):
        return Verdict(False, "of an earlier version")
    keys = {one.dataset for one, verdict in verdicts.items() if verdict.kept} | {refs.dataset.key}
    if any(key.endswith(f"-{train[:8]}") for key in keys):
        return Verdict(True, "names data that are here")
    return Verdict(False, OTHER_DATA)


def _experiment_record(thing: Thing, refs: References, verdicts: Verdicts) -> Verdict:
    if thing.experiment in refs.experiments:
        return Verdict(True, "its file is there")
    if any(one.experiment == thing.experiment and verdict.kept for one, verdict in verdicts.items()):
        return Verdict(True, "names results here")
    return Verdict(False, NO_FILE)


def _by_kind(thing: Thing, refs: References, verdicts: Verdicts) -> Verdict:
    if thing.kind == Kind.LOCKS:  # two processes could hold one that is created again
        return Verdict(True, "never deleted")
    return Verdict(False, "made again when needed" if thing.kind == Kind.PROGRAMS else "of a killed write")


def _by_file(thing: Thing, refs: References) -> Verdict | None:
    """Return the verdict that a result is kept for its experiment's file, if it is."""
    if thing.experiment in refs.experiments.faults:
        return Verdict(True, FAULT)
    if thing.place in refs.artifacts:
        return Verdict(True, "its experiment")
    return None


def _unused(thing: Thing, refs: References) -> Verdict:
    """Return why nothing refers to a thing."""
    if thing.experiment and thing.experiment not in refs.experiments:
        return Verdict(False, NO_FILE)
    if thing.dataset != refs.dataset.key:
        return Verdict(False, OTHER_DATA)
    if thing.experiment:
        return Verdict(False, "no longer in its file")
    if thing.test and thing.test != refs.dataset.test_fingerprint:
        return Verdict(False, "other test set")
    return Verdict(False, "no experiment")


def _is_beside(one: Thing, other: Thing) -> bool:
    return (one.dataset, one.experiment) == (other.dataset, other.experiment)


def _refers(run: LoggedRun, thing: Thing, names: set[str]) -> bool:
    return (
        (run.kind, run.member, run.fold) == (thing.kind, thing.member, thing.fold)
        and thing.dataset.endswith(f"-{run.data[:8]}")
        and (run.experiment == thing.experiment or run.experiment not in names)
    )
