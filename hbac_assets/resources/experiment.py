"""Which experiment a run is about."""

import json
import os
from pathlib import Path

from dagster import ConfigurableResource
from pydantic import Field

from hbac_assets.errors import HbacError
from hbac_assets.experiments.loading import load_experiment, own_file
from hbac_assets.experiments.schema import Experiment
from hbac_assets.store.files import write_json


class ExperimentChoice(ConfigurableResource):
    """The chosen experiment: `HBAC_EXPERIMENT` and `HBAC_MINIATURE`, or this resource's config at launch."""

    name: str = Field("quickstart", description="the name of an experiment, or the path of your own .yaml file")
    miniature: bool = Field(False, description="shrink the experiment to minutes, through the same code")

    def claim(self, name: str, store: Path) -> None:
        """Record in the store that the results of a name are those of this file; a packaged one needs no record.

        The path is relative, so that a project that is moved as a whole keeps its results.

        Raises:
            HbacError: see `require_unclaimed`.
        """
        self.require_unclaimed(name, store)
        mine, record = own_file(self.name), _record(name, store)
        if mine and _recorded(record, store) != mine:
            write_json(record, {"file": os.path.relpath(mine, store)})

    def require_unclaimed(self, name: str, store: Path) -> None:
        """Require that the results of a name are those of no other file.

        What is no longer where it was has been moved, and the results are free to be claimed.

        Raises:
            HbacError: they are those of another file, whose models would be overwritten.
        """
        mine, recorded = own_file(self.name), _recorded(_record(name, store), store)
        if mine is None or recorded == mine:
            return
        if recorded and _is_there(recorded):
            raise HbacError(
                f"HBAC_EXPERIMENT: expected a file whose name no other has, found {mine}: the results called {name} in "
                f"{store} are those of {recorded}, and would be overwritten; rename {mine} or set another HBAC_STORE"
            )

    def load(self) -> Experiment:
        """Read and check the experiment's file."""
        return load_experiment(self.name, miniature=self.miniature)


def _record(name: str, store: Path) -> Path:
    return store / "experiments" / f"{name}.json"


def _recorded(record: Path, store: Path) -> Path | None:
    """Return the file that a record names."""
    try:
        return (store / Path(json.loads(record.read_text(encoding="utf-8"))["file"])).resolve()
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except PermissionError:  # in a folder of somebody else
        return True
