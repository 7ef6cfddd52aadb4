"""Where the raw files come from: the user's Kaggle download, or a synthetic set made here."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from dagster import ConfigurableResource
from pydantic import Field, PositiveInt

from hbac_assets.competition.fingerprint import dataset_fingerprint
from hbac_assets.errors import HbacError
from hbac_assets.files import fingerprint, write_json
from hbac_assets.lineage import Dataset
from hbac_assets.resources.store import Store
from hbac_assets.synthetic.settings import SyntheticSettings


class CompetitionData(ConfigurableResource):
    """A folder in Kaggle's layout (`HBAC_DATA_DIR`), or the size of the synthetic set when there is none."""

    folder: str = Field("", description="an absolute path; empty: the synthetic set")
    synthetic_recordings: PositiveInt = Field(description="training recordings of the synthetic set")

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are made here."""
        return not self.folder

    def raw_folder(self, store: Store) -> Path:
        """Return the folder with the raw files, whether it exists or not."""
        if self.is_synthetic:
            return store.synthetic_folder / self._synthetic.fingerprint
        return Path(self.folder)

    def prepare(self, store: Store, progress: Callable[[int, int], None]) -> Dataset:
        """Make the synthetic set if there is to be one, read the content's fingerprint and record it.

        Raises:
            HbacError: the folder, a table or a subfolder is missing, or the synthetic set cannot be written.
        """
        from hbac_assets.synthetic.generation import generate

        folder = self.raw_folder(store)
        if self.is_synthetic:
            generate(self._synthetic, folder, workers=os.cpu_count() or 1, progress=progress)
        record = {"folder": str(folder), "fingerprint": dataset_fingerprint(folder)}
        write_json(self._record(store), record)
        return self.dataset(store)

    def dataset(self, store: Store) -> Dataset:
        """Return the data set as `prepare` recorded it.

        Raises:
            HbacError: it was not prepared yet.
        """
        record = self._record(store)
        if not record.is_file():
            raise HbacError(f"{record}: not made yet: materialize competition_data first")
        content = json.loads(record.read_text(encoding="utf-8"))
        name = "synthetic" if self.is_synthetic else self.raw_folder(store).name
        return Dataset(name, Path(content["folder"]), content["fingerprint"])

    @property
    def _synthetic(self) -> SyntheticSettings:
        return SyntheticSettings(recordings=self.synthetic_recordings)

    def _record(self, store: Store) -> Path:
        folder = self.raw_folder(store)
        return store.root / "competition_data" / f"{folder.name}-{fingerprint(str(folder))[:8]}.json"
