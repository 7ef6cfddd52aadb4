"""Fixtures for all tests, and the project with a finished chain: one for all workers, and fresh ones beside it.

Nothing is written into the checkout outside data/.
"""

import importlib
import shutil
import signal
from pathlib import Path

import pytest
from hypothesis.configuration import set_hypothesis_home_dir
from threadpoolctl import threadpool_limits

from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import Workspace
from hbac_assets_tests.figures import defects
from hbac_assets_tests.projects import RECORDINGS, make_project, run_once, share_generated_data

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # As a shell's background job: the commands that tests start and interrupt would ignore Ctrl-C, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

PROJECTS = ("finished", "undisturbed")
OF_PROJECT = {*PROJECTS, "fresh", "resources", "lineage"}
RUNNING = {"chain", "cluster", "execution", "faults", "resources", "test_security.py", "test_keras_settings.py"}
"""Folders and files of tests that start processes which take seconds each."""

OF_FIGURES = {"test_pictures.py", "test_charts.py", "test_cases.py", "test_realism.py"}

set_hypothesis_home_dir(Path(__file__).parents[1] / "data" / "cache" / "hypothesis")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items):
    """Mark as slow what runs commands, servers or whole chains; let no worker wait for the project of another.

    Of those tests that are chosen, one that needs the finished project and one that needs the undisturbed one come
    first, and with them the projects are made; the others that need them come last.
    """
    of_project = {item for item in items if OF_PROJECT & set(getattr(item, "fixturenames", ()))}
    for item in items:
        if item in of_project or RUNNING & set(item.path.relative_to(Path(__file__).parent).parts):
            item.add_marker(pytest.mark.slow)
    yield
    first = {name: item for item in reversed(items) for name in PROJECTS if name in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item not in first.values() and 1 + (item in of_project))


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread():
    """Limit each worker to one thread of NumPy's and SciPy's BLAS: more would wait for busy cores in every product."""
    importlib.import_module("scipy.linalg")
    with threadpool_limits(1, "blas"):
        yield


@pytest.fixture(autouse=True)
def readable_figures(request, monkeypatch):
    """Require of every figure that the tests of figures save that a reader misses nothing in it."""
    if request.path.name not in OF_FIGURES:
        return
    from matplotlib.figure import Figure

    save = Figure.savefig

    def savefig(figure, *args, **options):
        save(figure, *args, **options)
        assert defects(figure) == []

    monkeypatch.setattr(Figure, "savefig", savefig)


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
