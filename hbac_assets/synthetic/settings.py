"""The settings of a synthetic data set and the sizes derived from them."""

from pydantic import BaseModel, ConfigDict, Field

from hbac_assets.store.files import fingerprint

CODE_VERSION = 3
"""Raised whenever the same settings would give other bytes."""

FEWEST_RECORDINGS = 8
RECORDINGS_PER_PATIENT, PATIENTS_OF_SMALL_SETS = 5.7, 12
"""Spectrogram files per patient as in the competition's train.csv; small sets have more patients, enough for folds."""
RECORDINGS_PER_APPENDED = 80
"""Recordings of a set per recording that may be appended to a file: small sets have no very long files."""
TRAIN_PER_TEST_RECORDING = 8
RECORDINGS_PER_TEST_PATIENT = 2


class SyntheticSettings(BaseModel):
    """Seed and size of a data set; everything else scales with the number of training recordings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(42, ge=0)
    recordings: int = Field(1_000, ge=FEWEST_RECORDINGS, description="spectrogram files of the training set")

    @property
    def patients(self) -> int:
        """Patients of the training set."""
        return max(round(self.recordings / RECORDINGS_PER_PATIENT), min(self.recordings // 2, PATIENTS_OF_SMALL_SETS))

    @property
    def most_appended(self) -> int:
        """The maximum number of recordings appended to the first of a spectrogram file."""
        return self.recordings // RECORDINGS_PER_APPENDED

    @property
    def test_recordings(self) -> int:
        """Recordings in the test set."""
        return -(-self.recordings // TRAIN_PER_TEST_RECORDING)

    @property
    def test_patients(self) -> int:
        """Patients of the test set, none of whom is in the training set."""
        return -(-self.test_recordings // RECORDINGS_PER_TEST_PATIENT)

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of these settings and the code version."""
        return fingerprint({"code_version": CODE_VERSION, **self.model_dump()})
