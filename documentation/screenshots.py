"""`make screenshots`: pictures of Dagster, MLflow and the report of a finished run, by headless Chromium.

The run is that of the environment's experiment, data and store. Pictures replace those in `docs/`, or go to the named
folder.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from documentation.hooks import TOP
from hbac_assets.assets.fold_models import partition_of
from hbac_assets.commands.variables import set_variables
from hbac_assets.errors import HbacError
from hbac_assets.lineage import Lineage
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.resources.views import Workspace
from hbac_assets.store.files import atomic_write

METRIC = "val_loss"
MLFLOW_ASSISTANT = "mlflow.assistant.chat_panel.close"


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        file: its name.
        url: of the page.
        words: texts that the complete page shows.
        size: in CSS pixels.
        clicks: texts of elements, or MLflow's component ids, to click one after the other once they appear.
    """

    file: str
    url: str
    words: tuple[str, ...]
    size: tuple[int, int]
    clicks: tuple[str, ...] = ()


def main() -> int:
    """Take the pictures and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m documentation.screenshots", description=__doc__)
    parser.add_argument("--output", type=Path, default=TOP / "docs", help="folder of the pictures (docs)")
    options = parser.parse_args()
    set_variables(options)
    try:
        make_pictures(options.output)
    except HbacError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def make_pictures(output: Path) -> None:
    """Serve Dagster and MLflow, open each page and write its picture.

    Raises:
        HbacError: there is no Chromium, the experiment has no results, or a page lacks the expected text.
    """
    from hbac_assets_tests.report.browser import CHROMIUM, chromium

    if CHROMIUM is None:
        raise HbacError("make screenshots: expected Chromium on PATH, found none; install it, as Debian's chromium")
    lineage = Workspace.of(resources_from_environment()).lineage()
    lineage.report.require()
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, servers() as (dagster, mlflow), chromium(profile) as tab:
        for picture in pictures(lineage, dagster, mlflow):
            with atomic_write(output / picture.file) as temporary:
                temporary.write_bytes(taken(tab, picture))
            print(output / picture.file, flush=True)


def pictures(lineage: Lineage, dagster: str, mlflow: str) -> list[Picture]:
    """Return the pictures of an experiment.

    Args:
        lineage: of the experiment.
        dagster: the address of its page.
        mlflow: the same.
    """
    cell = lineage.cells[0]
    key = partition_of(lineage, cell)
    grid = f"{dagster}/assets/fold_models?view=partitions"
    experiment, runs = cell_runs(lineage)
    compared = "&".join(
        (
            f"runs={quote(json.dumps(runs))}",
            f"experiments={quote(json.dumps([experiment]))}",
            f"plot_metric_keys={quote(json.dumps([METRIC]))}",
            f"metric={quote(json.dumps(METRIC))}",
            "x_axis=step",
        )
    )
    return [
        Picture(
            "dagster-lineage.png",
            f"{dagster}/assets/submission?view=lineage&lineageScope=upstream&lineageDepth=10",
            ("competition_data", "trained_models", "submission"),
            (1500, 720),
        ),
        Picture("dagster-grid.png", grid, ("Partitions Selected", cell.member), (1500, 480)),
        Picture(
            "dagster-loss-curves.png",
            f"{grid}&partition={quote(str(key))}",
            ("loss curves",),
            (1280, 900),
            ("[Show Markdown]",),
        ),
        Picture(
            "mlflow-compare.png",
            f"{mlflow}/#/metric?{compared}",
            (METRIC, "Completed Runs"),
            (1480, 520),
            (MLFLOW_ASSISTANT,),
        ),
        Picture("report.png", lineage.report.path.as_uri(), ("Leaderboard",), (1000, 720)),
    ]


def cell_runs(lineage: Lineage) -> tuple[str, list[str]]:
    """Return MLflow's id of the experiment and the ids of the runs that trained its present cells.

    Raises:
        HbacError: MLflow has none of them.
    """
    from mlflow import MlflowClient

    client = MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name(lineage.experiment.name)
    known = client.search_runs([experiment.experiment_id]) if experiment else []
    wanted = {lineage.cell_fingerprint(cell) for cell in lineage.cells}
    runs = [run.info.run_id for run in known if run.data.tags.get("fingerprint") in wanted]
    if not runs:
        raise HbacError(
            f"MLflow: expected the trainings of {lineage.experiment.name}, found none; run the experiment, or correct "
            "MLFLOW_TRACKING_URI"
        )
    return str(experiment.experiment_id), runs


@contextmanager
def servers() -> Iterator[tuple[str, str]]:
    """Run `hbac ui` on free ports, and yield the addresses of Dagster and MLflow.

    Raises:
        HbacError: it ended before both were ready.
    """
    from hbac_assets.commands.ui import PORTS
    from hbac_assets_tests.faults.servers import free_port

    environment = os.environ | {name: str(free_port()) for name in PORTS}
    process = subprocess.Popen(
        [sys.executable, "-m", "hbac_assets", "ui"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        yield addresses(process.stdout)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def addresses(output: IO[str]) -> tuple[str, str]:
    """Return the addresses that `hbac ui` prints once both servers are ready.

    Raises:
        HbacError: it ended without them and printed the reason.
    """
    found: dict[str, str] = {}
    for line in output:
        found.update(re.findall(r"^(Dagster|MLflow) +(http\S+)$", line.strip()))
        if len(found) == 2:
            return found["Dagster"], found["MLflow"]
    raise HbacError("hbac ui: expected the addresses of Dagster and MLflow, found none; see the lines above")


def taken(tab: Any, picture: Picture) -> bytes:
    """Return a picture as PNG.

    Raises:
        HbacError: the page lacks the expected text.
    """
    width, height = picture.size
    tab.open(picture.url, width, height=height, phone=False)
    try:
        for words in picture.words:
            tab.sees(words)
        for words in picture.clicks:
            tab.wait_for(f"{CLICK}({json.dumps(words)})")
    except AssertionError:
        raise HbacError(f"{picture.url}: expected a page with '{words}', found none; open it by hand") from None
    tab.settle()
    picture_bytes: bytes = tab.screenshot()
    return picture_bytes


CLICK = """(name => {
    const all = [...document.querySelectorAll("a, button, span, div")]
    const found = all.filter(one => one.innerText?.trim() === name || one.dataset.componentId === name)
    found.at(-1)?.click()
    return found.length
})"""
"""Clicks the innermost element with a text, or MLflow's with a component id, and returns whether there is one."""


if __name__ == "__main__":
    sys.exit(main())
