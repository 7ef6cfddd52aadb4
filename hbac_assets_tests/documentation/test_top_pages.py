"""The first pages that people see: the README, its size and its two commands; the citation."""

import tomllib

import yaml

from hbac_assets_tests.projects import CHECKOUT

README = (CHECKOUT / "README.md").read_text(encoding="utf-8").splitlines()
A_SCREEN = 25


def test_the_first_screen_has_the_two_commands_and_a_picture():
    screen = "\n".join(README[:A_SCREEN])
    assert all(part in screen for part in ("make run ", "make ui ", "![", "Dagster", "EEG"))
    assert len(README) <= 150


def test_the_citation_is_of_this_project():
    citation = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)  # what version 1.2.0 of the format requires
    assert (str(citation["version"]), citation["license"]) == (project["version"], project["license"])
    assert f"## {project['version']}" in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
