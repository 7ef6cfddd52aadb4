"""`mlflow models serve` with the bundle of `quickstart`: latency of a window in a compact body and in JSON.

Each request has one window: as .npy files in a parquet file, the EEG in half and the spectrogram in single precision;
or as nested lists of numbers. Then 10,000 compact requests, and a killed worker.
"""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.commands import prepare_command, project_environment
from benchmarks.model_server import JSON, PARQUET, ModelServer, as_parquet, npy, serving
from benchmarks.rows.prediction import HBAC
from benchmarks.table import Result
from hbac_assets.inference.bundle import open_bundle
from hbac_assets.inference.kaggle_folder import KaggleFolder
from hbac_assets.inference.predictor import Predictor
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.recordings.requests import answer
from hbac_assets.resources.paths import PROJECT_FOLDER
from hbac_assets.signals.window import SHAPES, Window

ROW = 14
MODEL, LISTS = "models:/hbac-quickstart@champion", "hbac-quickstart-lists"
CLIENTS, REQUESTS, ALL_REQUESTS, SETTLED = 8, 200, 10_000, 1000
FEW = 24
"""The number of requests in JSON, and of different windows to send."""
LEAST_GAIN, MOST_GROWTH = 3.0, 1.1


@dataclass(frozen=True)
class Request:
    """The result of a request: its duration in s, and whether the response equals the predictor's."""

    seconds: float
    right: bool


def run(workspace: Path) -> list[Result]:
    """Train, export and register `quickstart`, then measure MLflow's server with it."""
    environment = project_environment(workspace)
    for command in ((*HBAC, "run"), (*HBAC, "bundle")):
        prepare_command(list(command), str(PROJECT_FOLDER), environment)()
    (bundle,) = (workspace / "store").glob("*/quickstart/inference_bundle/*/bundle.json")
    (data,) = (workspace / "synthetic").iterdir()
    return measure(bundle.parent, data, environment["MLFLOW_TRACKING_URI"], workspace)


def measure(bundle: Path, data: Path, tracking_uri: str, folder: Path) -> list[Result]:
    """Return the results for a registered bundle.

    Args:
        bundle: its folder.
        data: a folder in Kaggle's layout; its first test windows are sent.
        tracking_uri: of the registry.
        folder: the folder for logs and the other model.
    """
    predictor = open_bundle(bundle)
    windows = list(KaggleFolder.read(data).windows(frozenset(SHAPES), print))[:FEW]
    compact = [compact_row(window) for window in windows]
    bodies, expected = [as_parquet(row) for row in compact], [answer([row], predictor) for row in compact]
    found: dict[str, Any] = {"body": float(np.mean(list(map(len, bodies))))}
    with serving(MODEL, tracking_uri, folder) as server:
        load(server, bodies, expected, CLIENTS, REQUESTS)
        for clients in (1, CLIENTS):
            found[f"compact {clients}"] = times(load(server, bodies, expected, clients, REQUESTS))
        asked = load(server, bodies, expected, CLIENTS, SETTLED)
        before = server.memory()
        asked += load(server, bodies, expected, CLIENTS, ALL_REQUESTS - SETTLED)
        found |= {"wrong": sum(not one.right for one in asked), "memory": (before, server.memory())}
    with serving(MODEL, tracking_uri, folder, workers=2) as server:
        load(server, bodies, expected, CLIENTS, REQUESTS)
        found["lost"] = killed_worker(server, bodies[0], expected[0])
        found["after"] = sum(not one.right for one in load(server, bodies, expected, CLIENTS, REQUESTS))
    lists, answers = [as_lists(window) for window in windows], [_of_lists(predictor, window) for window in windows]
    found["lists"] = float(np.mean(list(map(len, lists))))
    with serving(f"models:/{LISTS}/{_log_lists(bundle, tracking_uri)}", tracking_uri, folder) as server:
        load(server, lists, answers, 1, 2, JSON)
        for clients in (1, CLIENTS):
            found[f"lists {clients}"] = times(load(server, lists, answers, clients, FEW, JSON))
    return results(found)


def results(found: dict[str, Any]) -> list[Result]:
    """Return the results of the measurements."""
    lines = []
    for clients in (1, CLIENTS):
        compact, lists = found[f"compact {clients}"], found[f"lists {clients}"]
        gain = lists["p50"] / compact["p50"]
        lines.append(
            Result(
                ROW,
                f"mlflow models serve, one window a request, {clients} client{'s' * (clients > 1)}: p50 / p99",
                ours=f"{_times(compact)}, {found['body'] / 1e6:.2f} MB each",
                against=f"JSON: {_times(lists)}, {found['lists'] / 1e6:.2f} MB each",
                ratio=gain,
                to_reach=f"≥ {LEAST_GAIN:g}",
                reached=gain >= LEAST_GAIN and compact["wrong"] == lists["wrong"] == 0,
                measured=found,
            )
        )
    before, after = found["memory"]
    return [
        *lines,
        Result(
            ROW,
            f"mlflow models serve, {ALL_REQUESTS:,} requests of {CLIENTS} clients: lost or wrong",
            ours=str(found["wrong"]),
            against="the predictor's own answers",
            ratio=None,
            to_reach="0",
            reached=found["wrong"] == 0,
        ),
        Result(
            ROW,
            f"mlflow models serve, {ALL_REQUESTS:,} requests of {CLIENTS} clients: memory",
            ours=f"{after / 2**30:.2f} GiB",
            against=f"after {SETTLED:,}: {before / 2**30:.2f} GiB",
            ratio=after / before,
            to_reach=f"≤ {MOST_GROWTH}",
            reached=after <= MOST_GROWTH * before,
        ),
        Result(
            ROW,
            f"mlflow models serve, one of two workers killed under {CLIENTS} clients: requests lost",
            ours=str(found["lost"]),
            against=f"those that it was computing, at most {CLIENTS}",
            ratio=None,
            to_reach=f"≤ {CLIENTS}",
            reached=found["lost"] <= CLIENTS and found["after"] == 0,
            remark=f"{found['after']} of {REQUESTS} lost afterwards",
        ),
    ]


def compact_row(window: Window) -> dict[str, bytes]:
    """Return a window as .npy files: the EEG in half precision, the spectrogram in single."""
    kinds = {"eeg": np.float16, "spectrogram": np.float32}
    arrays = {name: getattr(window, name) for name in SHAPES}
    return {name: npy(array.astype(kinds[name])) for name, array in arrays.items() if array is not None}


def as_lists(window: Window) -> bytes:
    """Return a window as JSON, with two decimals."""
    arrays = {name: [np.round(getattr(window, name).astype(float), 2).tolist()] for name in SHAPES}
    return json.dumps({"inputs": arrays}).encode()


def load(
    server: ModelServer,
    bodies: Sequence[bytes],
    expected: Sequence[Any],
    clients: int,
    requests: int,
    content_type: str = PARQUET,
) -> list[Request]:
    """Send requests with the bodies in turn; each client sends its next after a response."""
    with ThreadPoolExecutor(clients) as pool:
        numbers = [number % len(bodies) for number in range(requests)]
        return list(pool.map(lambda number: ask(server, bodies[number], expected[number], content_type), numbers))


def ask(server: ModelServer, body: bytes, expected: Any, content_type: str = PARQUET) -> Request:
    """Send a request."""
    began = time.perf_counter()
    try:
        found = server.predict(body, content_type)
    except (OSError, HTTPException, RuntimeError):
        return Request(time.perf_counter() - began, right=False)
    seconds = time.perf_counter() - began
    one, other = _numbers(found), _numbers(expected)
    return Request(seconds, right=one.shape == other.shape and np.allclose(one, other, atol=1e-6, equal_nan=True))


def _numbers(answers: Sequence[Any]) -> np.ndarray:
    """Return the probabilities of answers (N, 6)."""
    named = isinstance(answers[0], dict)
    rows = [[one[name] for name in PROBABILITY_COLUMNS] for one in answers] if named else answers
    return np.asarray(rows, float)


def killed_worker(server: ModelServer, body: bytes, expected: Any) -> int:
    """Kill one of two workers under load, wait for its replacement, and return the number of lost requests."""
    worker = server.processes()[0]
    with ThreadPoolExecutor(CLIENTS) as pool:
        waiting = [pool.submit(ask, server, body, expected) for _ in range(REQUESTS)]
        waiting[CLIENTS].result()
        worker.kill()
        lost = sum(not one.result().right for one in waiting)
    while worker in (running := server.processes()) or len(running) < 2:
        time.sleep(0.2)
    return lost


def times(asked: Sequence[Request]) -> dict[str, float]:
    """Return the median and the 99th percentile in seconds, and the number of wrong responses."""
    p50, p99 = np.quantile([one.seconds for one in asked], [0.5, 0.99])
    return {"p50": float(p50), "p99": float(p99), "wrong": sum(not one.right for one in asked)}


def _times(found: dict[str, float]) -> str:
    return f"{1000 * found['p50']:.0f} / {1000 * found['p99']:.0f} ms"


def _of_lists(predictor: Predictor, window: Window) -> list[list[float]]:
    rounded = {name: np.round(getattr(window, name).astype(float), 2).astype(np.float32) for name in SHAPES}
    found: list[list[float]] = predictor.predict([Window(**rounded)]).probabilities.tolist()
    return found


def _log_lists(bundle: Path, tracking_uri: str) -> str:
    """Register the other model and return its version."""
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    inputs = [TensorSpec(np.dtype("float32"), (-1, *shape), name) for name, shape in SHAPES.items()]
    mlflow.set_tracking_uri(tracking_uri)
    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model(
            name="lists",
            python_model=str(Path(__file__).parents[1] / "json_model.py"),
            artifacts={"bundle": str(bundle)},
            signature=ModelSignature(Schema(inputs), Schema([TensorSpec(np.dtype("float64"), (-1, 6))])),
            pip_requirements=["hbac-assets"],
            registered_model_name=LISTS,
        )
    return str(logged.registered_model_version)
