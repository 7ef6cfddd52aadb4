"""The raw files: the user's Kaggle download, or a synthetic set generated here."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from dagster import ConfigurableResource
from pydantic import Field, PositiveInt

from hbac_assets.competition.csv_file import require_file
from hbac_assets.competition.fingerprint import fingerprint_of_test, fingerprint_of_train
from hbac_assets.competition.set_aside import TOLERATED
from hbac_assets.competition.tables import TABLES, TestTables, TrainTable, read_test_tables, read_train
from hbac_assets.errors import HbacError
from hbac_assets.lineage import SYNTHETIC, Dataset
from hbac_assets.resources.store import Store
from hbac_assets.store.files import fingerprint, write_json
from hbac_assets.synthetic.settings import SyntheticSettings

RECORDINGS = ("train_spectrograms", "test_spectrograms", "train_eegs", "test_eegs")


class CompetitionData(ConfigurableResource):
    """A folder in Kaggle's layout (`HBAC_DATA_DIR`), or the size of the synthetic set."""

    folder: str = Field("", description="an absolute path; empty: the synthetic set")
    synthetic_recordings: PositiveInt = Field(description="training recordings of the synthetic set")

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are synthetic."""
        return not self.folder

    def raw_folder(self, store: Store) -> Path:
        """Return the folder with the raw files, whether it exists or not."""
        if self.is_synthetic:
            return store.synthetic_folder / self._synthetic.fingerprint
        return Path(self.folder)

    def require_files(self) -> None:
        """Require that the user's folder and its tables exist; `prepare` checks their contents.

        Raises:
            HbacError: one is missing.
        """
        if self.is_synthetic:
            return
        if not Path(self.folder).is_dir():
            raise HbacError(f"{self.folder}: expected a folder in Kaggle's layout, found none; correct HBAC_DATA_DIR")
        for name in TABLES:
            require_file(Path(self.folder) / name)

    def files_state(self) -> str:
        """Return a fingerprint of the names, sizes and times of the tables and recordings; nothing is read."""
        folder = Path(self.folder)
        recordings = (file for kind in RECORDINGS if (folder / kind).is_dir() for file in os.scandir(folder / kind))
        files = [*(folder / name for name in TABLES), *recordings]
        states = ((os.fspath(file), Path(file).stat()) for file in files)
        return fingerprint(sorted([path, state.st_size, state.st_mtime_ns] for path, state in states))

    def prepare(
        self, store: Store, progress: Callable[[int, int], None], tolerated: float = TOLERATED
    ) -> tuple[TrainTable, TestTables]:
        """Generate the synthetic set if it is used, read the tables and record their fingerprints.

        Args:
            store: of the record and the synthetic set.
            progress: of the synthetic set, in recordings.
            tolerated: the largest fraction of the rows of train.csv that may be set aside.

        Raises:
            HbacError: the folder or a table is missing or ill-formed, or the synthetic set cannot be written.
        """
        from hbac_assets.synthetic.generation import generate

        folder = self.raw_folder(store)
        if self.is_synthetic:
            generate(self._synthetic, folder, workers=os.cpu_count() or 1, progress=progress)
        self.require_files()
        train, test = read_train(folder / "train.csv", tolerated), read_test_tables(folder)
        self._write(store, train=fingerprint_of_train(train), test=fingerprint_of_test(test))
        return train, test

    def read_test(self, store: Store) -> TestTables:
        """Read the present tables of the test set, and record their fingerprint.

        Raises:
            HbacError: the data are not prepared yet, or a table is missing or ill-formed.
        """
        recorded = self._read(store)
        tables = read_test_tables(self.raw_folder(store))
        found = fingerprint_of_test(tables)
        if found != recorded["test"]:
            self._write(store, **recorded | {"test": found})
        return tables

    def dataset(self, store: Store) -> Dataset:
        """Return the data set as last recorded.

        Raises:
            HbacError: it is not prepared yet.
        """
        recorded = self._read(store)
        name = SYNTHETIC if self.is_synthetic else "kaggle"
        return Dataset(name, self.raw_folder(store), recorded["train"], recorded["test"])

    def forget_earlier_version(self, store: Store) -> list[Path]:
        """Delete an earlier version's records of this folder, and return the folders of their results.

        They were keyed by the content and name of the whole folder, and can no longer be used.
        """
        results = []
        for record in sorted((store.root / "competition_data").glob("*.json")):
            recorded = json.loads(record.read_text(encoding="utf-8"))
            if recorded.get("folder") == str(self.raw_folder(store)):
                name = "synthetic" if self.is_synthetic else self.raw_folder(store).name
                results.append(store.root / f"{name}-{recorded['fingerprint'][:8]}")
                record.unlink()
        return [folder for folder in results if folder.is_dir()]

    @property
    def _synthetic(self) -> SyntheticSettings:
        return SyntheticSettings(recordings=self.synthetic_recordings)

    def _read(self, store: Store) -> dict[str, str]:
        """Return the record of the folder, or of the one at the same place relative to a store that was moved."""
        record, place = self._record(store), self._place(store)
        for path in [record, *record.parent.glob("*.json")]:
            recorded = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
            if {"train", "test"} <= set(recorded) and (path == record or recorded.get("place") == place):
                return dict(recorded)
        raise HbacError(f"{record}: not made yet: materialize competition_data first")

    def _write(self, store: Store, **recorded: str) -> None:
        write_json(self._record(store), recorded | {"place": self._place(store)})

    def _record(self, store: Store) -> Path:
        folder = self.raw_folder(store)
        name = folder.name if self.is_synthetic else f"{folder.name}-{fingerprint(str(folder))[:8]}"
        return store.root / "competition_data" / f"{name}.json"

    def _place(self, store: Store) -> str:
        """Return a key of the path from the store to the folder, which stays the same when both are moved together."""
        return fingerprint(os.path.relpath(self.raw_folder(store), store.root))
