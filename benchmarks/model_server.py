"""MLflow's server with a registered model on a free local port, and the bodies of requests to it."""

import base64
import io
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from hbac_assets.commands.servers import HOST, Server, start, stop, wait_until_ready

JSON, PARQUET = "application/json", "application/vnd.apache.parquet"
SECONDS = 300
"""Timeout of a request, sufficient on an overloaded machine."""


@dataclass(frozen=True)
class ModelServer:
    """A running server."""

    server: Server

    def post(self, body: bytes, content_type: str | None = JSON) -> tuple[int, str]:
        """Send a request on a new connection, and return the status and body of the response."""
        headers = {"Content-Type": content_type or ""}
        request = urllib.request.Request(f"{self.server.page}/invocations", body, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def predict(self, body: bytes, content_type: str = PARQUET) -> list[Any]:
        """Return the predictions for a valid request.

        Raises:
            RuntimeError: it was refused.
            ValueError: the response is not strict JSON.
        """
        status, text = self.post(body, content_type)
        if status != 200:
            raise RuntimeError(f"status {status}: {text}")
        predictions: list[Any] = json.loads(text, parse_constant=float.fromhex)["predictions"]
        return predictions

    def processes(self) -> list[psutil.Process]:
        """Return the processes that have loaded the model: the workers, or the only process."""
        commands = {one: _command(one) for one in psutil.Process(self.server.process.pid).children(recursive=True)}
        workers = [one for one, command in commands.items() if "spawn_main" in command]
        return workers or [one for one, command in commands.items() if "uvicorn" in command]

    def memory(self) -> int:
        """Return the resident memory of those processes in bytes."""
        return sum(one.memory_info().rss for one in self.processes())


def _command(process: psutil.Process) -> str:
    """Return the command line of a process; empty if it has ended."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


@contextmanager
def serving(model: str, tracking_uri: str, folder: Path, workers: int = 1) -> Iterator[ModelServer]:
    """Serve a model of the registry until the block ends.

    Args:
        model: the model's URI.
        tracking_uri: the registry's URI.
        folder: the folder for the log.
        workers: the number of worker processes.
    """
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    scripts = Path(sys.executable).parent  # where uvicorn is
    environment = {
        **os.environ,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": str(SECONDS),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = ["mlflow", "models", "serve", "--model-uri", model, "--env-manager", "local", "--host", HOST]
    server = start(
        "models", [*command, "--port", str(port), "--workers", str(workers)], port, "/ping", folder, environment
    )
    try:
        wait_until_ready([server], lambda text: None)
        yield ModelServer(server)
    finally:
        stop([server])


def npy(array: np.ndarray) -> bytes:
    """Return an array as the bytes of a .npy file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def as_json(*rows: Mapping[str, bytes]) -> bytes:
    """Return a request with rows as JSON, bytes in base64."""
    encoded = [{name: base64.b64encode(content).decode() for name, content in row.items()} for row in rows]
    return json.dumps({"dataframe_records": encoded}).encode()


def as_parquet(*rows: Mapping[str, object]) -> bytes:
    """Return a request with rows as a parquet file."""
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), file, compression="none", use_dictionary=False)
    return file.getvalue()
