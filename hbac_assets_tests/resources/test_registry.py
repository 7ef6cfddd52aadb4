"""Bundles in MLflow's registry: versions, champion, and that a version predicts; on a real SQLite store."""

import re
import shutil
from dataclasses import replace
from importlib.metadata import version as metadata_version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.utils.file_utils import local_file_uri_to_path

from benchmarks.model_server import npy
from hbac_assets.inference.bundle import open_bundle
from hbac_assets.inference.carrying import carried_modules
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.resources.registry import DATA_TAG, BundleVersion
from hbac_assets.resources.tracked_run import TrackedRun
from hbac_assets.resources.tracking import Tracking
from hbac_assets.signals.montage import ELECTRODES
from hbac_assets.signals.window import Window
from hbac_assets_tests.inference.small_bundle import describe, sign, write_bundle

NAME = "hbac-small"
EDFIO = f"edfio=={metadata_version('edfio')}"
RANDOM = np.random.default_rng(0)
ROWS = pd.DataFrame({"label_id": range(120), "patient_id": np.arange(120) // 3, "kl": RANDOM.gamma(2, 0.3, 120)})


def whole_bundle(folder: Path, prior: float) -> Path:
    """Write a small bundle with the code that it carries; the prior tells one from another."""
    description = write_bundle(folder)
    describe(folder, description | {"prior": [prior] * 6})
    for name, text in {**carried_modules(), "requirements.txt": "numpy\nscipy\npyarrow\nonnxruntime\n"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    sign(folder)
    return folder


@pytest.fixture(scope="module")
def bundles(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("bundles")
    return [whole_bundle(folder / f"small-{number}", number / 10) for number in range(2)]


@pytest.fixture(scope="module")
def tracking(tmp_path_factory) -> Tracking:
    folder = tmp_path_factory.mktemp("mlflow")
    return Tracking(uri=f"sqlite:///{folder}/mlflow.db", artifact_folder=str(folder / "artifacts"))


def run(tracking: Tracking, fingerprint: str) -> TrackedRun:
    return tracking.open("small", "f1", "d1", pytest.fail).ensemble("both", fingerprint, {}, {})


def version(folder: Path, rows: pd.DataFrame = ROWS, data: str = "f1") -> BundleVersion:
    return BundleVersion(NAME, folder, {"eeg", "spectrogram"}, {DATA_TAG: data, "nested_kl_mean": "0.6"}, rows)


def test_a_version_says_what_it_is_and_predicts_as_its_bundle(tracking, bundles) -> None:
    tracked = run(tracking, "alone")
    assert tracked.register_bundle(version(bundles[0])) == f"{NAME} version 1 is the champion: there was none"
    assert tracked.register_bundle(version(bundles[0])) == f"{NAME} version 1 is the champion"  # and no second one
    client = mlflow.MlflowClient()
    (found,) = client.search_model_versions(f"name = '{NAME}'")
    assert (found.run_id, found.tags["nested_kl_mean"], found.tags[DATA_TAG]) == (tracked.run_id, "0.6", "f1")
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    assert [(spec.name, spec.type.name, spec.required) for spec in loaded.metadata.signature.inputs] == [
        ("eeg", "binary", False), ("spectrogram", "binary", False), ("recording", "binary", False)
    ]  # fmt: skip
    assert loaded.metadata.metadata["electrodes"] == list(ELECTRODES)
    (example,) = loaded.predict(loaded.input_example)
    assert example["members"] == 2
    eeg = RANDOM.normal(0, 30, (2, 10_000, 19)).astype(np.float32)
    spectrogram = RANDOM.lognormal(size=(2, 400, 300)).astype(np.float32)
    expected = open_bundle(bundles[0]).predict([Window(eeg[0], spectrogram[0]), Window(eeg[1])]).probabilities
    rows = pd.DataFrame({"eeg": map(npy, eeg), "spectrogram": [npy(spectrogram[0]), None]})
    found = pd.DataFrame(loaded.predict(rows))[list(PROBABILITY_COLUMNS)]
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(MlflowException, match=r"^row 1, eeg: expected the bytes of a file, found str") as caught:
        loaded.predict(pd.DataFrame({"eeg": ["text"]}))
    assert caught.value.get_http_status_code() == 400
    requirements = Path(mlflow.pyfunc.get_model_dependencies(f"models:/{NAME}@champion")).read_text().split()
    assert requirements == ["numpy", "scipy", "pyarrow", "onnxruntime", EDFIO, f"mlflow=={mlflow.__version__}"]


BETTER = ROWS.assign(kl=ROWS["kl"] - 0.1 + RANDOM.normal(0, 0.05, 120))
CHANCE = ROWS.assign(kl=ROWS["kl"] - 0.005 + RANDOM.normal(0, 0.3, 120))
STAYS = "version 1 stays the champion, since "
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "better": ({"rows": BETTER}, r"version 2 is the champion instead of version 1: nested KL .* -0\.\d+ \[-0\.", "2"),
    "chance": ({"rows": CHANCE}, f"{STAYS}its nested KL divergence, .* of that one's, may be no better", "1"),
    "other data": ({"rows": BETTER, "data": "f2"}, f"{STAYS}it was scored on other data", "1"),
    "other rows": ({"rows": BETTER.head(99)}, f"{STAYS}its scores are of other rows", "1"),
    "deleted": ({"rows": BETTER}, f"{STAYS}its scores are gone", "1"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_champion_is_the_version_that_patients_show_to_be_better(tracking, bundles, tmp_path, case) -> None:
    changes, said, champion = CASES[case]
    name = f"{NAME}-{case}"
    first = run(tracking, f"{case} first")
    first.register_bundle(replace(version(bundles[0]), name=name))
    client = mlflow.MlflowClient()
    if case == "deleted":
        shutil.rmtree(local_file_uri_to_path(client.get_run(first.run_id).info.artifact_uri))
    decided = run(tracking, f"{case} second").register_bundle(replace(version(bundles[1], **changes), name=name))
    assert re.search(said, decided)
    assert str(client.get_model_version_by_alias(name, "champion").version) == champion
