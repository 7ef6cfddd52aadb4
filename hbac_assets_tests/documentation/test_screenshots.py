"""`make screenshots` on a finished miniature; where there is no Chromium or no run, one line says so."""

import struct
import sys
from pathlib import Path

import pytest

from hbac_assets_tests.projects import make_project
from hbac_assets_tests.report.browser import CHROMIUM

COMMAND = (sys.executable, "-m", "documentation.screenshots")


def size(picture):
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")
    return struct.unpack(">II", picture.read_bytes()[16:24])


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH: Debian's package chromium has one")
def test_pictures_of_every_page_of_a_finished_run(finished, tmp_path):
    done = finished[0].command(*COMMAND, "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    made = {picture.name: size(picture) for picture in tmp_path.iterdir()}
    assert made == {
        "dagster-lineage.png": (1500, 720),
        "dagster-grid.png": (1500, 480),
        "dagster-loss-curves.png": (1280, 900),
        "mlflow-compare.png": (1480, 520),
        "report.png": (1000, 720),
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param(str(Path(sys.executable).parent), "expected Chromium on PATH, found none", id="no Chromium"),
        pytest.param(
            None,
            "not made yet: materialize competition_data first",
            id="no run",
            marks=pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH"),
        ),
    ],
)
def test_missing_prerequisites_are_one_line(path, line, tmp_path):
    project = make_project(tmp_path)
    done = project.command(*COMMAND, "--output", str(tmp_path / "pictures"), **({"PATH": path} if path else {}))
    assert done.returncode == 1
    assert line in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "pictures").exists()
