"""The bundle of a finished chain predicts the submission in a separate environment."""

import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets_tests.inference.triton_stand_in import require_described
from hbac_assets_tests.projects import (
    HBAC,
    Project,
    linked_download,
    make_project,
    project_of_real_files,
    require_real_files,
    share_generated_data,
)
from hbac_assets_tests.recordings.files import synthetic_eeg, write_edf

REQUIRED = ("numpy", "scipy", "pyarrow", "onnxruntime")
EXPERIMENT = """
description: Every kind of input, averaged over variants or not, blended by a network, with the patient's other EEGs.
folds: 2
max_rows: 24
recipe:
  backbone: mobilenet_v3_small
  preprocessing: {image_size: [96, 48]}
  epochs: 4
  batch_size: 4
  batchnorm_momentum: 0.5
  schedule: {peak: 4.0e-3}
members:
  kaggle: {preprocessing: {normalisation: data_wide}, test_time: {flip: true, shifts: [-20, 20]}}
  both: {preprocessing: {input: both}}
  views: {preprocessing: {input: kaggle_eeg_50_10}, test_time: {flip: true}}
  raw: {backbone: bipolar_resnet, preprocessing: {input: waveform}, test_time: {flip: true, shifts: [0.5]}}
  denoised: {preprocessing: {input: eeg, eeg: {denoising: db8}}, test_time: {shifts: [4]}}
ensembles:
"""
STACKED = """
  stacked:
    members: [kaggle, both, views, raw]
    method: stacking_both
    calibration: temperature
    patient_context: true
"""
DENOISED = """
  last: {members: [raw, denoised], method: mean_logits, calibration: vector}
"""
"""The ensemble that comes last is submitted."""
FIRST = """
import time
from pathlib import Path
import numpy as np
from hbac_bundle.inference.bundle import open_bundle
from hbac_bundle.signals.window import Window
rng = np.random.default_rng(0)
eeg, spectrogram = rng.normal(size=(10000, 19)), rng.lognormal(size=(400, 300))
open_bundle(Path()).predict([Window(eeg.astype(np.float32), spectrogram.astype(np.float32))])
print(time.process_time())
"""
"""Prints the processor's seconds from the start of the interpreter to the first prediction."""

pytestmark = pytest.mark.long


def environment(folder: Path, *packages: str) -> Path:
    """Return the interpreter of a new environment with these packages, what they need, and pip."""
    made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"this Python makes no environments: {made.stdout.strip()}")
    python = folder / "bin" / "python"
    if pip_install(python, "numpy").returncode:
        pytest.skip("pip finds no packages here")
    install(python, *packages)
    return python


def install(python: Path, *packages: str) -> None:
    """Add packages to the environment of an interpreter."""
    done = pip_install(python, *packages)
    assert done.returncode == 0, done.stderr


def pip_install(python: Path, *packages: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", "install", "--quiet", *packages]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def bundled(project: Project, folder: Path) -> Path:
    """Export the bundle of a project's chain by the command, and return the unpacked zip."""
    folder.mkdir(exist_ok=True)
    done = project.command(*HBAC, "bundle", "--output", str(folder / "bundle.zip"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"zip: {folder / 'bundle.zip'}" in done.stdout
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-e", str(folder / "bundle.zip"), str(folder / "bundle")], check=True
    )
    return folder / "bundle"


def largest_difference(project: Project, bundle: Path, python: Path, data: Path) -> float:
    """Return the largest difference between predict.py's predictions of a test set and the submission."""
    output = bundle.parent / "submission.csv"
    subprocess.run([str(python), str(bundle / "predict.py"), str(data), "--output", str(output)], env={}, check=True)
    found, expected = pd.read_csv(output), pd.read_csv(project.results / "submission.csv")
    assert found.columns.tolist() == expected.columns.tolist()
    assert found["eeg_id"].tolist() == expected["eeg_id"].tolist()
    votes = list(VOTE_COLUMNS)
    return float(np.abs(found[votes].to_numpy() - expected[votes].to_numpy()).max())


def test_the_bundle_of_the_chain_predicts_its_submission_and_is_registered(fresh, finished, tmp_path) -> None:
    assert fresh.run().returncode == 0
    bundle = bundled(fresh, tmp_path)
    (data,) = (fresh.folder / "synthetic").iterdir()
    python = environment(tmp_path / "environment", *REQUIRED)
    assert largest_difference(fresh, bundle, python, data) < 1e-6
    first = subprocess.run([str(python), "-c", FIRST], cwd=bundle, env={}, capture_output=True, text=True, check=True)
    assert float(first.stdout) < 2

    again = fresh.command(*HBAC, "bundle", "--triton", str(tmp_path / "models"))
    assert again.returncode == 0
    networks = sorted(graph.stem for graph in (bundle / "graphs").iterdir())
    assert f"Triton: {tmp_path / 'models'}, {len(networks) + 1} models; ask hbac-quickstart-miniature" in again.stdout
    require_described(tmp_path / "models", bundle, networks)
    assert "up to date, kept" in again.stdout + again.stderr
    exists = fresh.command(*HBAC, "bundle", "--output", str(tmp_path / "bundle.zip"))
    assert exists.returncode == 1
    assert exists.stderr.strip().endswith("expected a path that does not exist yet, found a file; name another")

    mlflow.set_tracking_uri(fresh.environment["MLFLOW_TRACKING_URI"])
    (version,) = mlflow.MlflowClient().search_model_versions("name = 'hbac-quickstart-miniature'")
    assert version.tags["ensemble"] == "ensemble"
    uri = "models:/hbac-quickstart-miniature@champion"
    requirements = Path(mlflow.pyfunc.get_model_dependencies(uri)).read_text().split()
    edf = write_edf(tmp_path / "a.edf", synthetic_eeg("LPD", 100))
    code = (
        "import io, mlflow, numpy as np, pandas as pd\n"
        f"mlflow.set_tracking_uri({fresh.environment['MLFLOW_TRACKING_URI']!r})\n"
        f"model = mlflow.pyfunc.load_model({uri!r})\n"
        "rng = np.random.default_rng(0)\n"
        "def npy(array):\n"
        "    np.save(file := io.BytesIO(), array.astype(np.float32))\n"
        "    return file.getvalue()\n"
        "eeg, power = rng.normal(scale=20, size=(10000, 19)), rng.lognormal(size=(400, 300))\n"
        "row = {'eeg': npy(eeg), 'spectrogram': npy(power), 'recording': None}\n"
        f"file = {{'recording': open({str(edf)!r}, 'rb').read()}}\n"
        "found = pd.DataFrame(model.predict(pd.DataFrame([row, row, file])))\n"
        "seen = found[found['members'] > 0].filter(like='_probability').astype(float)\n"
        "assert len(seen) > 3 and abs(seen.sum(axis=1) - 1).max() < 1e-6\n"
    )
    python = environment(tmp_path / "registered", *requirements)
    subprocess.run([str(python), "-c", code], env={"HOME": str(tmp_path)}, check=True)


def test_each_logged_model_loads_from_its_own_requirements(finished, tmp_path) -> None:
    project, _ = finished
    mlflow.set_tracking_uri(project.environment["MLFLOW_TRACKING_URI"])
    experiment = mlflow.get_experiment_by_name("quickstart-miniature")
    cells = mlflow.MlflowClient().search_runs([experiment.experiment_id], "tags.fold = '0'")
    uri = cells[0].data.tags["model_uri"]
    names = {model.name for model in mlflow.MlflowClient().search_logged_models([experiment.experiment_id])}
    assert {"mobilenet_v3_small__fold_0", "bipolar_resnet__fold_1"} <= names
    requirements = Path(mlflow.pyfunc.get_model_dependencies(uri)).read_text().split()
    python = environment(tmp_path / "environment", "mlflow==" + mlflow.__version__, *requirements)
    code = (
        "import mlflow, numpy as np\n"
        f"mlflow.set_tracking_uri({project.environment['MLFLOW_TRACKING_URI']!r})\n"
        f"model = mlflow.keras.load_model({uri!r})\n"
        "assert np.asarray(model(np.zeros((1, *model.input_shape[1:]), np.float32))).shape == (1, 6)\n"
    )
    subprocess.run([str(python), "-c", code], env={"HOME": str(tmp_path)}, check=True)


def test_a_bundle_with_every_kind_of_input_predicts_its_submission(finished, tmp_path) -> None:
    download, experiment = linked_download(finished[0], tmp_path / "download"), tmp_path / "every.yaml"
    settings = {"HBAC_DATA_DIR": str(download), "HBAC_EXPERIMENT": str(experiment), "HBAC_MINIATURE": "0"}
    project = make_project(tmp_path / "project", **settings)
    share_generated_data(finished[0], project)
    experiment.write_text(EXPERIMENT + STACKED)
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    python = environment(tmp_path / "environment", *REQUIRED)
    assert largest_difference(project, bundled(project, tmp_path / "stacked"), python, download) < 2e-5

    experiment.write_text(EXPERIMENT + STACKED + DENOISED)
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    bundle = bundled(project, tmp_path / "denoised")
    command = [str(python), str(bundle / "predict.py"), str(download), "--output", str(tmp_path / "none.csv")]
    without = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert without.returncode == 1
    assert without.stderr == "PyWavelets: expected the package that denoises, found none; install it\n"
    assert not (tmp_path / "none.csv").exists()
    install(python, "PyWavelets")
    assert largest_difference(project, bundle, python, download) < 2e-5


def test_radboud_in_miniature_predicts_its_submission(fresh, tmp_path) -> None:
    project = Project(fresh.folder, fresh.environment | {"HBAC_EXPERIMENT": "radboud"})
    assert project.run().returncode == 0
    (data,) = (project.folder / "synthetic").iterdir()
    python = environment(tmp_path / "environment", *REQUIRED)
    assert largest_difference(project, bundled(project, tmp_path), python, data) < 2e-5


def test_the_bundle_of_real_files_predicts_their_submission(finished, tmp_path) -> None:
    folder = require_real_files()
    project = project_of_real_files(finished[0], tmp_path / "project", folder)
    assert project.run().returncode == 0
    python = environment(tmp_path / "environment", *REQUIRED)
    assert largest_difference(project, bundled(project, tmp_path), python, folder) < 1e-6
