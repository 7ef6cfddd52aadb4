"""The settings of a synthetic data set and the sizes that follow from them."""

from pydantic import BaseModel, ConfigDict, Field

from hbac_assets.store.files import fingerprint

CODE_VERSION = 3
"""Raised whenever the same settings would give other bytes."""

FEWEST_RECORDINGS = 8
RECORDINGS_PER_PATIENT, PATIENTS_OF_SMALL_SETS = 5.7, 12
"""Spectrogram files of a patient as in the competition's train.csv; small sets have more patients, enough for folds."""
RECORDINGS_PER_APPENDED = 80
"""Small sets are spared the longest files: for each so many recordings, one can be appended."""
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
        """How many recordings can be appended to one another in one spectrogram file, beyond the first."""
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
        """16 hexadecimal digits for these settings and the code that turns them into files."""
        return fingerprint({"code_version": CODE_VERSION, **self.model_dump()})
