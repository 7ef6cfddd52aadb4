"""The experiments that may refer to results in a store: those of this package, and the user's files."""

from dataclasses import dataclass, field
from pathlib import Path

from hbac_assets.errors import HbacError
from hbac_assets.experiments.claims import CLAIMS, claimed_file, is_there
from hbac_assets.experiments.loading import available_experiments, load_experiment, named_member_files
from hbac_assets.experiments.schema import MINIATURE, Experiment


@dataclass
class KnownExperiments:
    """The experiments whose files exist.

    Attributes:
        loaded: by name, each in full and in miniature.
        faults: the error of each file that cannot be loaded, by name.
        member_files: the files that their members name by `from`.
    """

    loaded: dict[str, Experiment] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    member_files: set[Path] = field(default_factory=set)

    def __contains__(self, name: str) -> bool:
        return name in self.loaded or name in self.faults

    def add(self, file: str) -> None:
        """Add the experiment of a file, or a named one of this package."""
        name = Path(file).stem if file.endswith(".yaml") else file
        try:
            for experiment in (load_experiment(file), load_experiment(file, miniature=True)):
                self.loaded[experiment.name] = experiment
            self.member_files |= {path.resolve() for path in named_member_files(file)}
        except HbacError as error:
            self.faults |= {one: str(error) for one in (name, f"{name}{MINIATURE}")}


def known_experiments(store: Path, chosen: str) -> KnownExperiments:
    """Return the package's experiments, the chosen one, and those whose files `store` has a record of.

    Raises:
        HbacError: the chosen one cannot be loaded.
    """
    load_experiment(chosen)
    known = KnownExperiments()
    for file in (*available_experiments(), chosen, *_recorded_files(store)):
        known.add(file)
    return known


def _recorded_files(store: Path) -> list[str]:
    """Return the user's experiment files that have results here and have not been moved."""
    files = []
    for record in sorted((store / CLAIMS).glob("*.json")):
        file = claimed_file(record, store)
        if file and record.stem.removesuffix(MINIATURE) == file.stem and is_there(file):
            files.append(str(file))
    return list(dict.fromkeys(files))
