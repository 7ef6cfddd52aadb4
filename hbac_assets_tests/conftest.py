"""What holds for every test, and the project whose chain has run: one for all workers, with fresh ones beside it.

Nothing is written into the checkout outside data/.
"""

import shutil
import signal
from pathlib import Path

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import Workspace
from hbac_assets_tests.projects import RECORDINGS, make_project, run_once, share_generated_data

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # As a shell's background job: the commands that tests start and interrupt would ignore Ctrl-C, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

OF_PROJECT = {"finished", "fresh", "resources", "lineage", "undisturbed"}
RUNNING = {"chain", "cluster", "execution", "faults", "resources", "test_security.py", "test_keras_settings.py"}
"""Folders and files of tests that start processes which take seconds each."""

set_hypothesis_home_dir(Path(__file__).parents[1] / "data" / "cache" / "hypothesis")


def pytest_collection_modifyitems(items):
    """Mark as slow what runs commands, servers or whole chains; let no worker wait for the project of another.

    One test that needs the project comes first, and with it the project is made; the others that need it come last.
    """
    of_project = {item for item in items if OF_PROJECT & set(getattr(item, "fixturenames", ()))}
    for item in items:
        if item in of_project or RUNNING & set(item.path.relative_to(Path(__file__).parent).parts):
            item.add_marker(pytest.mark.slow)
    maker = next((item for item in items if item in of_project and not item.get_closest_marker("long")), None)
    items.sort(key=lambda item: item is not maker and 1 + (item in of_project))


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project in which the chain ran once, in miniature, and what that printed; tests leave its results alone."""
    project, printed = run_once("finished", make_project, tmp_path_factory)
    return project, printed


@pytest.fixture
def fresh(tmp_path, finished):
    """A project with an empty store, beside the synthetic data that are there already."""
    project = make_project(tmp_path / "project")
    share_generated_data(finished[0], project)
    return project


@pytest.fixture
def resources(finished, tmp_path):
    """A copy of the finished store, to be spoilt."""
    shutil.copytree(finished[0].folder / "store", tmp_path / "store")
    (tmp_path / "synthetic").symlink_to(finished[0].folder / "synthetic")
    return {
        "competition": CompetitionData(synthetic_recordings=RECORDINGS),
        "store": Store(folder=str(tmp_path / "store")),
        "experiment": ExperimentChoice(miniature=True),
    }


@pytest.fixture
def lineage(resources):
    """The artifacts in the copy."""
    return Workspace(*(resources[name] for name in ("competition", "store", "experiment"))).lineage()
