"""The references read arrays as carefully as the models do."""

import numpy as np
import pandas as pd
import pytest

from hbac_assets.assets.references import reference_rows
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.errors import HbacError
from hbac_assets.experiments.schema import Experiment
from hbac_assets.lineage import Dataset, Lineage
from hbac_assets.scoring.oof_rows import ID_COLUMNS
from hbac_assets.scoring.references import CLASS_PRIOR, LOGISTIC_REGRESSION
from hbac_assets.store.files import file_digest

ROWS = 8
EEG_ALONE = {"small": {"backbone": "mobilenet_v3_small", "preprocessing": {"input": "eeg"}}}


@pytest.fixture
def lineage(tmp_path):
    """A few rows of an experiment whose members do not use Kaggle's spectrograms, with all arrays."""
    experiment = Experiment(name="eeg", description="", folds=2, members=EEG_ALONE)
    lineage = Lineage(tmp_path, Dataset("data", tmp_path / "data", "f1", "f2"), experiment)
    random = np.random.default_rng(0)
    ids = np.arange(ROWS)
    lineage.spectrogram_folder().mkdir(parents=True)
    for one in ids:
        np.save(lineage.spectrogram_folder() / f"{one}.npy", random.random((400, 300), dtype=np.float32))
    digests = [file_digest(lineage.spectrogram_folder() / f"{one}.npy") for one in ids]
    seal(lineage.train_metadata, pd.DataFrame({"label_id": ids}))
    seal(lineage.spectrograms(), pd.DataFrame({"spectrogram_id": ids, "digest": digests}))
    (recipe,) = lineage.eeg_recipes
    seal(lineage.eeg_spectrograms(recipe), pd.DataFrame({"eeg_id": ids}))
    shares = dict(zip(SHARE_COLUMNS, random.dirichlet(np.ones(6), ROWS).T, strict=True))
    about = dict.fromkeys(ID_COLUMNS, ids)
    offset = {"spectrogram_label_offset_seconds": 0, "vote_count": 3, "agreement": "idealized"}
    seal(lineage.folds, pd.DataFrame(about | shares | offset | {"fold": ids % 2}))
    return lineage


def seal(artifact, table):
    artifact.path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(artifact.path, index=False)
    artifact.seal()


def test_each_row_is_predicted_by_both(lineage):
    rows = reference_rows(lineage)
    assert rows.groupby("member").size().to_dict() == {CLASS_PRIOR: ROWS, LOGISTIC_REGRESSION: ROWS}


def test_an_array_that_no_member_has_compared_is_compared_here(lineage):
    array = lineage.spectrogram_folder() / "3.npy"
    content = bytearray(array.read_bytes())
    content[-1] ^= 1
    array.write_bytes(content)
    message = r"3\.npy: missing, or differs from spectrograms.parquet \(SHA-256\): materialize npy_spectrograms again"
    with pytest.raises(HbacError, match=message):
        reference_rows(lineage)
