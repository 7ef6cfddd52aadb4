"""The results of a name belong to one experiment file."""

import json

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.experiments.loading import FOLDER
from hbac_assets.resources.experiment import ExperimentChoice


@pytest.fixture
def project(tmp_path):
    """A folder with two files of one name and a store."""
    for folder in ("one", "two", "store"):
        (tmp_path / "project" / folder).mkdir(parents=True)
        (tmp_path / "project" / folder / "mine.yaml").touch()
    return tmp_path / "project"


def claim(project, folder):
    ExperimentChoice(name=str(project / folder / "mine.yaml")).claim("mine", project / "store")


def test_another_file_of_that_name_is_refused_while_the_first_is_there(project):
    claim(project, "one")
    (project / "one" / "mine.yaml").write_text("changed")
    claim(project, "one")
    with pytest.raises(HbacError) as caught:
        claim(project, "two")
    assert str(project / "one" / "mine.yaml") in str(caught.value)
    assert str(project / "two" / "mine.yaml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_or_project_that_was_moved_keeps_its_results(project, tmp_path):
    claim(project, "one")
    (project / "one" / "mine.yaml").rename(project / "mine.yaml")
    claim(project, ".")
    moved = project.rename(tmp_path / "moved")
    record = moved / "store" / "experiments" / "mine.json"
    before = record.stat().st_mtime_ns
    claim(moved, ".")
    assert record.stat().st_mtime_ns == before
    with pytest.raises(HbacError):
        claim(moved, "two")
    (moved / "store").rename(tmp_path / "store")
    ExperimentChoice(name=str(moved / "two" / "mine.yaml")).claim("mine", tmp_path / "store")
    assert (
        json.loads((tmp_path / "store" / "experiments" / "mine.json").read_text())["file"] == "../moved/two/mine.yaml"
    )


@pytest.mark.parametrize("name", ["quickstart", str(FOLDER / "quickstart.yaml")])
def test_packaged_experiments_need_no_record(project, name):
    ExperimentChoice(name=name).claim("quickstart", project / "store")
    assert not (project / "store" / "experiments").exists()
