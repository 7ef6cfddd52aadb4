"""A member in a separate file, and an experiment that names it."""

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.experiments.loading import load_experiment
from hbac_assets.experiments.member_file import write_member
from hbac_assets.learning.settings import MemberSettings

TUNED = MemberSettings(
    backbone="mobilenet_v3_small",
    preprocessing={"clip": (-6.123456789012345, 10), "normalisation": "data_wide"},
    schedule={"peak": 1e-05, "kind": "exponential"},
    optimizer={"weight_decay": 1.5e-06},
)
EXPERIMENT = """
description: one member from a file
recipe:
  epochs: 4
  dropout: 0.4
  augmentation: {mixup: {alpha: 1.0}}
members:
  tuned: {from: FILE}
  again: {from: FILE, seed: 7, schedule: {peak: 0.002}}
"""


@pytest.fixture
def load(tmp_path):
    write_member(tmp_path / "searches" / "small_tuned.yaml", TUNED, "found by a test: with a colon")

    def load(file):
        (tmp_path / "mine.yaml").write_text(EXPERIMENT.replace("FILE", str(file)))
        return load_experiment(str(tmp_path / "mine.yaml")).members

    return load


@pytest.mark.parametrize("relative", [True, False])
def test_it_comes_back_whole_and_wins_over_the_recipe(load, tmp_path, relative):
    members = load("searches/small_tuned.yaml" if relative else tmp_path / "searches" / "small_tuned.yaml")
    assert members["tuned"] == TUNED
    assert members["again"].seed == 7
    assert members["again"].schedule == TUNED.schedule.model_copy(update={"peak": 0.002})
    assert members["again"].preprocessing == TUNED.preprocessing


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (
            None,
            r"members\.tuned\.from: expected the path of a member's file, found 'searches/other\.yaml'.*materialize",
        ),
        ("[1, 2]", r"members\.tuned\.from: .*other\.yaml: expected keys and values, found list"),
        ("a: b: c", r"members\.tuned\.from: .*other\.yaml, row 1, column 5: expected plain YAML"),
        ("backbone: mobilenet_v3_small\nepoch: 3", r"members\.tuned\.epoch: unknown key, found 3.*other\.yaml\)"),
        ("backbone: mobilenet_v9", r"members\.tuned\.backbone: .*expected one of.*other\.yaml\)"),
        ("from: elsewhere.yaml", r"members\.tuned\.from: unknown key, found 'elsewhere\.yaml'.*other\.yaml\)"),
    ],
)
def test_a_fault_is_one_line_that_names_both_files(load, tmp_path, content, complaint):
    if content is not None:
        (tmp_path / "searches" / "other.yaml").write_text(content)
    with pytest.raises(HbacError, match=complaint) as caught:
        load("searches/other.yaml")
    assert str(caught.value).startswith(str(tmp_path / "mine.yaml"))
    assert "\n" not in str(caught.value)


def test_what_is_no_path_is_named(load):
    with pytest.raises(HbacError, match=r"members\.tuned\.from: expected the path .*, found 3"):
        load(3)
