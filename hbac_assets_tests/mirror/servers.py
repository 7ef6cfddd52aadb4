"""Mirrors for tests: a local S3-compatible server, and folders."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hbac_assets_tests.faults.servers import free_port

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "of-the-tests",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
    "AWS_REGION": "us-east-1",
}


@contextmanager
def s3_server(log: Path, **environment: str) -> Iterator[str]:
    """Serve S3 locally from memory; without moto, skip the test."""
    pytest.importorskip("moto.server", reason="needs moto, which the group cluster-tests installs")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | environment)
    try:
        address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 120
        while not _answers(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield address
    finally:
        process.kill()
        process.wait()


def make_bucket(address: str, name: str) -> None:
    """Create a bucket without credentials."""
    with urllib.request.urlopen(urllib.request.Request(f"{address}/{name}", method="PUT"), timeout=60):
        pass


def _answers(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{address}/moto-api/", timeout=5):
        return True
    return False
