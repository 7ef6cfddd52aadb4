"""After a change of an experiment, the changed part and everything downstream is out of date."""

from dataclasses import replace

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.experiments.ensembles import Ensemble, Published
from hbac_assets.experiments.schema import Experiment
from hbac_assets.learning.search.settings import Search
from hbac_assets.learning.settings import MemberSettings, Variants
from hbac_assets.lineage import Dataset, Lineage

MEMBERS = {name: MemberSettings(backbone="mobilenet_v3_small", seed=seed) for seed, name in enumerate(("one", "two"))}


@pytest.fixture
def made(tmp_path):
    """A lineage all of whose artifacts are made."""
    ensembles = {"baseline": Ensemble(members=("one",)), "final": Ensemble(members=("one", "two"))}
    experiment = Experiment(name="tried", description="", folds=2, members=MEMBERS, ensembles=ensembles)
    lineage = Lineage(tmp_path, Dataset("data", tmp_path / "data", "f1", "f2"), experiment)
    for artifact in artifacts(lineage).values():
        artifact.path.parent.mkdir(parents=True, exist_ok=True)
        artifact.path.write_text(artifact.asset)
        artifact.seal()
    return lineage


def artifacts(lineage):
    cells = {cell.key: lineage.cell(cell) for cell in lineage.cells}
    early = {"train_metadata": lineage.train_metadata, "spectrograms": lineage.spectrograms(), "folds": lineage.folds}
    tested = {"test rows": lineage.test_rows, "test spectrograms": lineage.spectrograms("test")}
    late = {
        "oof": lineage.oof,
        "ensemble": lineage.ensemble,
        **tested,
        "submission": lineage.submission,
        "report": lineage.report,
    }
    return early | cells | late


def changed(lineage, **update):
    return replace(lineage, experiment=lineage.experiment.model_copy(update=update))


def out_of_date(lineage):
    return {name for name, artifact in artifacts(lineage).items() if not is_current(artifact)}


def is_current(artifact):
    try:
        return artifact.is_current()
    except HbacError:  # something upstream is out of date
        return False


def test_the_chains_artifacts_are_up_to_date(made):
    assert out_of_date(made) == set()


def test_another_test_set_makes_the_submission_again_and_no_model(made):
    other = replace(made, dataset=replace(made.dataset, test_fingerprint="f3"))
    assert out_of_date(other) == {"test rows", "test spectrograms", "submission"}


def test_a_folder_of_another_name_makes_nothing_again(made):
    assert out_of_date(replace(made, dataset=replace(made.dataset, folder=made.root / "renamed"))) == set()


def test_texts_make_nothing_again_but_the_report_that_shows_them(made):
    figures = {"one": [Published(figure=0.85, what="validation loss")]}
    told = changed(made, published=figures, comparability="other data", description="as published")
    assert out_of_date(told) == {"report"}
    assert out_of_date(changed(made, description="as published")) == {"report"}
    assert told.member_fingerprint("one") == made.member_fingerprint("one")
    assert told.ensemble_fingerprint("final") == made.ensemble_fingerprint("final")


@pytest.mark.parametrize(
    "ensembles",
    [
        {"baseline": Ensemble(members=("two",)), "final": Ensemble(members=("one", "two"))},
        {"baseline": Ensemble(members=("one",)), "final": Ensemble(members=("one", "two"), method="mean")},
        {"baseline": Ensemble(members=("one",)), "final": Ensemble(members=("two", "one"))},
        {"final": Ensemble(members=("one", "two"))},
    ],
    ids=["members", "method", "order", "fewer"],
)
def test_another_ensemble_leaves_models_and_their_predictions(made, ensembles):
    assert out_of_date(changed(made, ensembles=ensembles)) == {"ensemble", "submission", "report"}


def test_another_submitted_ensemble_is_another_submission(made):
    """Even where the ensembles' files come out the same."""
    turned = changed(made, ensembles=dict(reversed(made.experiment.ensembles.items())))
    turned.ensemble.seal()
    assert out_of_date(turned) == {"submission", "report"}


def test_an_ensembles_fingerprint_is_its_own(made):
    baseline = Ensemble(members=("two",))
    other = changed(made, ensembles=made.experiment.ensembles | {"baseline": baseline})
    assert other.ensemble_fingerprint("final") == made.ensemble_fingerprint("final")
    assert other.ensemble_fingerprint("baseline") != made.ensemble_fingerprint("baseline")


class Later(MemberSettings):
    """A member as a later version may describe it."""

    views: int = 1


def test_a_new_setting_at_its_default_makes_nothing_again(made):
    later = changed(made, members={name: Later(**member.model_dump()) for name, member in MEMBERS.items()})
    assert out_of_date(later) == set()
    assert later.member_fingerprint("one") == made.member_fingerprint("one")
    other = changed(made, members={name: Later(**member.model_dump(), views=2) for name, member in MEMBERS.items()})
    assert {"one__fold_0", "two__fold_1"} <= out_of_date(other)


@pytest.mark.parametrize(
    "predicting", [{"scored_epoch": "best"}, {"test_time": Variants(flip=True, shifts=(2.0,))}], ids=str
)
def test_predicting_otherwise_makes_predictions_and_what_follows(made, predicting):
    members = MEMBERS | {"two": MEMBERS["two"].model_copy(update=predicting)}
    other = changed(made, members=members)
    assert out_of_date(other) == {"oof", "ensemble", "submission", "report"}
    assert other.member_fingerprint("one") == made.member_fingerprint("one")
    assert other.member_fingerprint("two") != made.member_fingerprint("two")
    other.oof.seal()
    other.ensemble.seal()
    assert out_of_date(other) == {"submission"}  # the report's page is as it was


def test_another_scored_epoch_is_no_other_search(made):
    one = made.experiment.members["one"].model_copy(update={"scored_epoch": "best"})
    searching = changed(made, search=Search(member="one"))
    other = changed(searching, members=MEMBERS | {"one": one})
    assert other.tuned_member.inputs == searching.tuned_member.inputs
    longer = changed(searching, search=Search(member="one", batches=9))
    assert longer.tuned_member.inputs == searching.tuned_member.inputs
    wider = changed(searching, search=Search(member="one", trials=9))
    assert wider.tuned_member.inputs != searching.tuned_member.inputs


def test_another_seed_trains_that_member_and_makes_what_follows(made):
    members = MEMBERS | {"two": MEMBERS["two"].model_copy(update={"seed": 7})}
    fresh = changed(made, members=members)
    assert out_of_date(fresh) == {"two__fold_0", "two__fold_1", "oof", "ensemble", "submission", "report"}
