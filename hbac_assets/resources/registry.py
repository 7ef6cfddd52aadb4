"""Bundles as model versions in MLflow's registry, and the choice of the champion."""

import io
import tempfile
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hbac_assets.inference.bundle import CHECKSUMS
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.recordings.requests import RECORDING
from hbac_assets.scoring.paired import paired_difference
from hbac_assets.signals.montage import EEG_RATE, ELECTRODES
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS
from hbac_assets.signals.window import SHAPES
from hbac_assets.store.files import file_digest

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models import ModelSignature

CHAMPION = "champion"
DATA_TAG, BUNDLE_TAG = "data_fingerprint", "bundle"
ROWS = "nested_kl.csv"
READER = "edfio"
"""The package that a server needs to read recordings, in addition to the bundle's."""
ARRAYS = {"electrodes": list(ELECTRODES), "rate": EEG_RATE, "spectrogram_lines": list(SPECTROGRAM_COLUMNS)}
"""The meaning of the arrays' axes, which .npy files do not record; stored in the model's metadata."""
CODE = Path(__file__).with_name("pyfunc_model.py")


@dataclass(frozen=True)
class BundleVersion:
    """A bundle to register as a version.

    Attributes:
        name: the registered model's.
        folder: the bundle.
        reads: the arrays of a window that its members use.
        tags: the scores, and the fingerprint of the data as `DATA_TAG`.
        rows: the nested divergence of each row, as in `scoring.paired`.
    """

    name: str
    folder: Path
    reads: Collection[str]
    tags: Mapping[str, str]
    rows: pd.DataFrame


def register(client: "MlflowClient", run_id: str, bundle: BundleVersion) -> str:
    """Register a bundle, unless it is registered, promote it if it is better, and return a sentence about it.

    Args:
        client: of MLflow, with its tracking URI set.
        run_id: the ensemble's run, which also keeps the bundle's rows.
        bundle: to register.
    """
    digest = file_digest(bundle.folder / CHECKSUMS)
    versions = client.search_model_versions(f"name = '{bundle.name}'")
    there = [one for one in versions if one.tags.get(BUNDLE_TAG) == digest]
    registered = there[0] if there else _log(client, run_id, bundle, digest)
    return _promote(client, bundle, registered)


def _log(client: "MlflowClient", run_id: str, bundle: BundleVersion, digest: str) -> "ModelVersion":
    import mlflow

    with tempfile.TemporaryDirectory() as temporary:
        bundle.rows.to_csv(Path(temporary) / ROWS, index=False)
        client.log_artifact(run_id, str(Path(temporary) / ROWS))
    requirements = (bundle.folder / "requirements.txt").read_text(encoding="utf-8").split()
    with mlflow.start_run(run_id=run_id), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*Add type hints to the `predict` method", UserWarning)  # it has a signature
        warnings.filterwarnings("ignore", "Operation with range is deprecated")  # in MLflow, for the example
        logged = mlflow.pyfunc.log_model(
            name=bundle.folder.name,
            python_model=str(CODE),
            artifacts={"bundle": str(bundle.folder)},
            signature=_signature(bundle.reads),
            input_example=_example(bundle.reads),
            pip_requirements=[*requirements, *(f"{name}=={version(name)}" for name in (READER, "mlflow"))],
            metadata=ARRAYS,
            registered_model_name=bundle.name,
        )
    found = client.get_model_version(bundle.name, str(logged.registered_model_version))
    for key, value in {**bundle.tags, BUNDLE_TAG: digest}.items():
        client.set_model_version_tag(bundle.name, found.version, key, value)
    return client.get_model_version(bundle.name, found.version)


def _signature(reads: Collection[str]) -> "ModelSignature":
    """Return a signature of optional binary columns: the model itself reports missing ones."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = [ColSpec("binary", name, required=False) for name in (*sorted(reads), RECORDING)]
    probabilities = [ColSpec("double", name, required=False) for name in PROBABILITY_COLUMNS]
    places = [ColSpec("long", "row"), ColSpec("long", "middle_s", required=False)]
    return ModelSignature(Schema(inputs), Schema([*places, *probabilities, ColSpec("long", "members")]))


def _example(reads: Collection[str]) -> pd.DataFrame:
    """Return a window of noise: no recording of a patient may enter the registry."""
    random = np.random.default_rng(0)
    drawn = {"eeg": random.normal(0, 30, SHAPES["eeg"]), "spectrogram": random.lognormal(size=SHAPES["spectrogram"])}
    return pd.DataFrame({name: [_npy(drawn[name].astype(np.float16))] for name in sorted(reads)})


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _promote(client: "MlflowClient", bundle: BundleVersion, registered: "ModelVersion") -> str:
    """Give the alias to a version if it is better than the champion; return the decision and its reason."""
    name, this = bundle.name, f"{bundle.name} version {registered.version}"
    champion = _champion(client, name)
    if champion is None:
        client.set_registered_model_alias(name, CHAMPION, registered.version)
        return f"{this} is the champion: there was none"
    if str(champion.version) == str(registered.version):
        return f"{this} is the champion"
    stays = f"version {champion.version} stays the champion"
    if champion.tags.get(DATA_TAG) != registered.tags.get(DATA_TAG):
        return f"{this}: {stays}, since it was scored on other data"
    rows = _rows(client, champion)
    difference = None if rows is None else paired_difference(bundle.rows, rows)
    if difference is None:
        return f"{this}: {stays}, since its scores are {'gone' if rows is None else 'of other rows'}"
    if not difference.better:
        return f"{this}: {stays}, since its nested KL divergence, {difference} of that one's, may be no better"
    client.set_registered_model_alias(name, CHAMPION, registered.version)
    return f"{this} is the champion instead of version {champion.version}: nested KL divergence {difference}"


def _champion(client: "MlflowClient", name: str) -> "ModelVersion | None":
    aliases: Mapping[str, Any] = client.get_registered_model(name).aliases
    return client.get_model_version(name, str(aliases[CHAMPION])) if CHAMPION in aliases else None


def _rows(client: "MlflowClient", version: "ModelVersion") -> pd.DataFrame | None:
    """Return the rows of a version; None where its run is deleted."""
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as temporary:
        try:
            return pd.read_csv(client.download_artifacts(version.run_id, ROWS, temporary))
        except (MlflowException, OSError):
            return None
