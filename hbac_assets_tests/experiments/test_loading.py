"""The named experiments, and the one-line errors of invalid files."""

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.experiments.ensembles import Ensemble
from hbac_assets.experiments.loading import FOLDER, available_experiments, load_experiment
from hbac_assets.scoring.blending import METHODS
from hbac_assets.scoring.nested import Recipe

GOOD = """
description: one member
folds: 3
recipe:
  epochs: 4
  augmentation: {mixup: {alpha: 1.0}}
members:
  small:
    backbone: mobilenet_v3_small
    augmentation: {mixup: {probability: 0.25}}
"""
OTHER = """
  other: {backbone: mobilenet_v3_large}
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return str(path)

    return write


@pytest.mark.parametrize("name", available_experiments())
def test_every_named_experiment_loads_and_shrinks(name):
    experiment = load_experiment(name)
    small = load_experiment(name, miniature=True)
    assert experiment.name == name
    assert small.name == f"{name}-miniature"
    assert small.folds == 2
    assert list(small.members) == list(experiment.members)
    assert small.ensembles == experiment.ensembles
    assert small.published == experiment.published
    assert all(member.epochs <= 2 and member.pretrained == "none" for member in small.members.values())
    assert [m.backbone for m in small.members.values()] == [m.backbone for m in experiment.members.values()]


def test_quickstart_has_two_backbones_and_three_folds():
    experiment = load_experiment("quickstart")
    assert len({member.backbone for member in experiment.members.values()}) == 2
    assert experiment.folds >= 3


def test_a_members_own_settings_win_over_the_recipe(write):
    member = load_experiment(write(GOOD)).members["small"]
    assert member.epochs == 4
    assert member.augmentation.mixup is not None
    assert (member.augmentation.mixup.alpha, member.augmentation.mixup.probability) == (1.0, 0.25)


SEVERAL = """
ensembles:
  all: {members: [small, other]}
  last: {members: [small], method: mean}
"""


def test_ensembles_are_kept_in_order_and_the_last_one_is_submitted(write):
    experiment = load_experiment(write(GOOD + OTHER + SEVERAL), miniature=True)
    assert list(experiment.ensembles) == ["all", "last"]
    assert experiment.ensembles["all"].members == ("small", "other")
    assert experiment.ensembles["all"].method == "best"
    assert experiment.submitted == "last"


def test_without_ensembles_there_is_one_of_all_members(write):
    experiment = load_experiment(write(GOOD + OTHER))
    assert experiment.ensembles == {"ensemble": Ensemble(members=("small", "other"))}
    assert experiment.submitted == "ensemble"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "[small, other]",
            "[small, third]",
            r"ensembles\.all: .*different members among small, other, found .*'third'",
        ),
        ("[small, other]", "[small, small]", r"ensembles\.all: .*different members among small, other, found"),
        ("[small, other]", "[]", r"ensembles\.all\.members: expected 1 or more of them, found \[\]"),
        ("all:", "small:", r"ensembles\.small.*: .*expected a name that no member has, found 'small'"),
        ("all:", "All of them:", r"ensembles\.All of them.*found 'All of them'"),
        (
            "method: mean",
            "method: median",
            r"ensembles\.last\.method: .*one of best, mean, .*weights, .*found 'median'",
        ),
        (
            "method: mean",
            "calibration: platt",
            r"ensembles\.last\.calibration: expected one of none, best, temperature, .*, dirichlet, found 'platt'",
        ),
        ("method: mean", "patient_context: 3", r"ensembles\.last\.patient_context: expected true or false, found 3"),
        ("method: mean", "methods: mean", r"ensembles\.last\.methods: unknown key, found 'mean'"),
        ("ensembles:", "published: {al: []}\nensembles:", r"published\.al.*one of small, other, all, last, found 'al'"),
        (
            "ensembles:",
            "published: {all: [{figure: 1}]}\nensembles:",
            r"published\.all\.0\.what: expected this key, found none",
        ),
    ],
)
def test_a_faulty_ensemble_or_published_figure_is_one_line(write, old, new, complaint):
    assert old in SEVERAL
    path = write(GOOD + OTHER + SEVERAL.replace(old, new))
    with pytest.raises(HbacError, match=complaint) as caught:
        load_experiment(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("found") == 1


def test_a_search_needs_no_more_than_a_member_and_shrinks_with_the_experiment(write):
    path = write(GOOD + "search: {member: small}")
    whole, small = load_experiment(path), load_experiment(path, miniature=True)
    assert (whole.search.batches, whole.search.trials) == (3, 20)
    assert (small.search.member, small.search.batches, small.search.trials) == ("small", 2, 4)
    assert load_experiment(write(GOOD)).search is None


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("epochs: 4", "epoch: 4", r"members\.small\.epoch: unknown key, found 4; expected one of backbone, kernel, .*"),
        (
            "alpha: 1.0",
            "alfa: 1.0",
            r"members\.small\.augmentation\.mixup\.alfa: unknown key, found 1\.0; expected one of probability, alpha",
        ),
        ("folds: 3", "fold: 3", r"fold: unknown key, found 3; expected one of description, sampling, max_rows, folds"),
        ("folds: 3", "name: mine", r"name: expected none, the file's own name is the experiment's"),
        (
            "folds: 3",
            "7: x",
            "row 3, column 1: expected plain YAML, found a key that is not text, 7; ",
        ),
        ("epochs: 4", "epochs: many", r"members\.small\.epochs: .*found 'many'"),
        ("epochs: 4", "epochs: 0", r"members\.small\.epochs: .*greater than 0, found 0"),
        (
            "mobilenet_v3_small",
            "mobilenet_v9",
            r"members\.small\.backbone: .*expected one of .*mobilenet_v3_large.*found 'mobilenet_v9'",
        ),
        (
            "backbone: mobilenet_v3_small",
            "backbone: efficientnetv2_b2\n    kernel: 4",
            r"members\.small\.kernel: .*3, 5 or 7, found 4",
        ),
        (
            "backbone: mobilenet_v3_small",
            "backbone: resnet50_v2\n    kernel: 5",
            r"members\.small\.kernel: .*expected none for resnet50_v2; only efficientnetv2_b2 can .*found 5",
        ),
        (
            "backbone: mobilenet_v3_small",
            "backbone: efficientnetv2_b2\n    kernel: 7\n    pretrained: imagenet",
            r"members\.small\.pretrained: .*expected none with kernel 7: .*published for 3, found 'imagenet'",
        ),
        (
            "backbone: mobilenet_v3_small",
            "backbone: efficientnet_b1\n    pretrained: imagenet",
            r"members\.small\.pretrained: .*expected none for efficientnet_b1: .*found 'imagenet'",
        ),
        (
            "backbone: mobilenet_v3_small",
            "backbone: yolo_v8_l\n    pretrained: imagenet",
            r"members\.small\.pretrained: .*expected none or coco for yolo_v8_l: .*found 'imagenet'",
        ),
        ("folds: 3", "folds: 1", r"folds: .*found 1"),
        ("small:", "Small One:", r"members\.Small One"),
        ("folds: 3", "\tfolds: 3", r"mine.yaml, row 3, column 1: expected plain YAML, found .*; indent with spaces"),
        (
            "{mixup: {alpha: 1.0}}",
            "{time_mask: {size: [0.1, 1.5]}}",
            r"members\.small\.augmentation\.time_mask\.size\.1: .*equal to 1, found 1\.5",
        ),
        ("folds: 3", "folds: 3\nsearch: {member: smal}", r"search: .*member: expected one of small, found .*'smal'"),
        (
            "folds: 3",
            "folds: 3\nsearch: {member: small, folds: 4}",
            r"search: .*folds: expected 3 or fewer.*'folds': 4",
        ),
        (
            "{probability: 0.25}}",
            "{probability: 0.25}}\n    preprocessing: {input: both}\nsearch: {member: small}",
            r"search: .*ranges\.normalisation: expected per_image alone with input both",
        ),
        ("folds: 3", "folds: 3\nsearch: {member: small, trial: 4}", r"search\.trial: unknown key, found 4"),
        (
            "folds: 3",
            "folds: 3\nsearch: {member: small, ranges: {peak: [1, 0.1]}}",
            r"search\.ranges\.peak: .*lower bound first, found \[1, 0\.1\]",
        ),
        ("alpha: 1.0", "alpha: -1", r"members\.small\.augmentation\.mixup\.alpha: .*found -1"),
        (
            "epochs: 4",
            "epochs: 4\n  preprocessing: {eeg: {denoising: db8}}",
            r"members\.small\.preprocessing\.eeg: .*expected none with input kaggle",
        ),
        (
            "epochs: 4",
            "epochs: 4\n  preprocessing: {input: eeg, eeg: {overlap: 128}}",
            r"members\.small\.preprocessing\.eeg\.overlap: .*less than segment_length, 128 samples, found 128",
        ),
        (
            "epochs: 4",
            "epochs: 4\n  preprocessing: {input: both, image_size: [101, 64]}",
            r"members\.small\.preprocessing\.image_size: .*that 2 divides with input both, found \[101, 64\]",
        ),
    ],
)
def test_a_fault_is_one_line_with_file_and_key(write, old, new, complaint):
    path = write(GOOD.replace(old, new))
    with pytest.raises(HbacError, match=complaint) as caught:
        load_experiment(path)
    assert str(caught.value).startswith(path)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(
        HbacError, match=r"expected one of .*odu, odu_batchnorm, osu, quickstart, radboud .*, found 'quikstart'"
    ):
        load_experiment("quikstart")


@pytest.mark.parametrize("stem", ["quickstart", "odu-miniature"])
def test_a_file_is_not_named_as_an_experiment_of_the_project(stem, tmp_path):
    path = tmp_path / f"{stem}.yaml"
    path.write_text((FOLDER / "quickstart.yaml").read_text())
    with pytest.raises(HbacError, match=r"HBAC_EXPERIMENT: expected a file whose name is not that of an experiment of"):
        load_experiment(str(path))
    assert load_experiment(str(FOLDER / "quickstart.yaml")) == load_experiment("quickstart")


def test_an_ensemble_lists_its_candidate_methods():
    plain = Ensemble(members=("small",))
    assert plain.candidates == plain.compared == [Recipe(method) for method in METHODS]
    fixed = Ensemble(members=("small",), method="mean", calibration="dirichlet")
    assert fixed.candidates == [Recipe("mean", "dirichlet")]
    assert fixed.compared == [*map(Recipe, METHODS), *(Recipe(method, "dirichlet") for method in METHODS)]
    either = Ensemble(members=("small",), method="mean", calibration="best")
    assert either.candidates == [Recipe("mean", kind) for kind in ("none", "temperature", "temperature_bias")]
    assert set(either.candidates) < set(either.compared)
    assert len(either.compared) == 3 * len(METHODS)
