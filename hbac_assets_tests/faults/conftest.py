"""A download to damage, and a table of all cases at the end: expected and observed behaviour."""

import os

import pytest

from hbac_assets_tests.faults.disks import small_disk
from hbac_assets_tests.faults.small import small_project
from hbac_assets_tests.projects import RECORDINGS, linked, run_once, share_generated_data


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A synthetic download that is whole."""
    from hbac_assets.synthetic.generation import generate
    from hbac_assets.synthetic.settings import SyntheticSettings

    folder = tmp_path_factory.mktemp("whole")
    generate(SyntheticSettings(recordings=RECORDINGS), folder, os.cpu_count() or 1, lambda done, total: None)
    return folder


@pytest.fixture
def download(whole, tmp_path):
    """Links to the files of that download, each of which can be replaced."""
    return linked(whole, tmp_path / "download")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """A project in which the chain of the small experiment ran once; one for all workers, which only read it."""
    project, _ = run_once("undisturbed", small_project, tmp_path_factory)
    return project


@pytest.fixture
def fresh(undisturbed, tmp_path):
    """A project with an empty store, beside the data and the compiled programs of that one."""
    project = small_project(tmp_path / "project")
    share_generated_data(undisturbed, project)
    return project


@pytest.fixture
def disk(tmp_path):
    """An empty disk of 150 MB."""
    with small_disk(tmp_path / "disk", megabytes=150) as disk:
        yield disk


@pytest.fixture
def case(record_property):
    """Note what a case is, what is expected of it and what was seen, for the table."""

    def note(name, expected, seen):
        for key, value in (("case", name), ("expected", expected), ("seen", seen)):
            record_property(key, str(value))

    return note


def pytest_terminal_summary(terminalreporter):
    """Print the table of cases."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    rows = [(dict(one.user_properties), one.outcome) for one in reports if dict(one.user_properties).get("case")]
    if rows:
        terminalreporter.section("cases")
    for properties, outcome in rows:
        case, expected, seen = (properties.get(key, "") for key in ("case", "expected", "seen"))
        terminalreporter.write_line(
            f"{outcome.upper():6}  {case}\n        expected: {expected}\n        seen:     {seen}"
        )
