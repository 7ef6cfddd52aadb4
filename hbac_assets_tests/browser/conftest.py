"""The running UIs of a finished project, and a browser."""

import shutil
import signal

import pytest

from hbac_assets_tests.faults.servers import free_port
from hbac_assets_tests.projects import CHECKOUT, HBAC, make_project, wait_until
from hbac_assets_tests.report.browser import CHROMIUM, chromium

SCREENSHOTS = CHECKOUT / "data" / "browser"
ABSENT = "no Chromium on PATH: install the system's package (Debian: `apt install chromium`), then `make test-browser`"


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    if CHROMIUM is None:
        pytest.fail(ABSENT, pytrace=False)
    with chromium(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture(scope="module")
def served(finished, tmp_path_factory):
    """A copy of the finished project, and the addresses at which `hbac ui` shows it."""
    folder = tmp_path_factory.mktemp("served") / "project"
    shutil.copytree(finished[0].folder, folder, symlinks=True)
    project = make_project(folder)
    ports = {name: str(free_port()) for name in ("HBAC_DAGSTER_PORT", "HBAC_MLFLOW_PORT")}
    process = project.start(*HBAC, "ui", **ports)
    try:
        log = folder / "started.log"
        wait_until(lambda: "newest experiment" in log.read_text(), process)
        printed = dict(line.strip().rsplit(maxsplit=1) for line in log.read_text().splitlines()[2:])
        yield project, printed
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@pytest.fixture(scope="module")
def keep(tab):
    """A function that saves a screenshot under a name, once nothing on the page moves."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def keep(name):
        tab.settle()
        (SCREENSHOTS / f"{name}.png").write_bytes(tab.screenshot())

    return keep
