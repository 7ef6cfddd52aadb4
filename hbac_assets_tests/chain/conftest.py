"""One project whose chain has run, shared by the tests that look at it, and fresh ones beside it."""

import pytest

from hbac_assets_tests.projects import make_project, share_generated_data


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project in which the chain ran once, in miniature, and what that printed."""
    project = make_project(tmp_path_factory.mktemp("finished"))
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return project, done.stdout


@pytest.fixture
def fresh(tmp_path, finished):
    """A project with an empty store, beside the synthetic data that are there already."""
    project = make_project(tmp_path / "project")
    share_generated_data(finished[0], project)
    return project
