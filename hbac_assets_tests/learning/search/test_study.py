"""Studies with instantaneous losses, in real SQLite files."""

import math
from pathlib import Path

import pandas as pd
import pytest
from optuna.trial import TrialState

from hbac_assets.errors import HbacError
from hbac_assets.learning.search.settings import Ranges, Search
from hbac_assets.learning.search.study import (
    ask,
    attempt,
    batch_ranges,
    best,
    finished_trials,
    importances,
    open_study,
    require_best,
    tell,
    trials_table,
)
from hbac_assets.learning.training import DivergedError

SEARCH = Search(member="b1", batches=3, trials=8)


class KilledError(BaseException):
    """Simulates a kill in these tests."""


def losses_of(params):
    """Return the losses of two epochs on each of two folds, the second of them harder."""
    distance = abs(math.log10(params["peak"]) + 3) + params["dropout"] + 0.2 * (params["normalisation"] == "per_image")
    return [distance + extra for extra in (0.2, 0.1, 1.2, 1.1)]


def do(study, search, losses=losses_of, killed_at=None):
    """Do one trial; `losses` gives them from what is tried, `killed_at` is the step that it does not outlive."""
    trial = ask(study, search)

    def train(report):
        found = losses(trial.params)
        for step, loss in enumerate(found, start=1):
            if step == killed_at:
                raise KilledError
            if not math.isfinite(loss):
                raise DivergedError
            report(step, loss)
        return (found[search.epochs - 1] + found[-1]) / 2

    outcome = attempt(study, search, trial, train)
    tell(study, trial, outcome)
    return outcome


def searched(path, search=SEARCH, trials=None, losses=losses_of):
    study = open_study(path, "one")
    while len(finished_trials(study)) < (trials or search.batches * search.trials):
        do(study, search, losses)
    return study


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return searched(tmp_path_factory.mktemp("undisturbed") / "trials.db")


@pytest.mark.parametrize(("trials", "killed_at"), [(2, 1), (9, 1), (15, None), (21, 1)])
def test_a_search_that_was_killed_goes_on_as_if_it_had_not_been(undisturbed, tmp_path, trials, killed_at):
    study = searched(tmp_path / "trials.db", trials=trials)
    if killed_at:
        with pytest.raises(KilledError):
            do(study, SEARCH, killed_at=killed_at)
        assert study.get_trials()[-1].state == TrialState.RUNNING
    again = searched(tmp_path / "trials.db")
    states = [trial.state for trial in again.get_trials()]
    assert TrialState.RUNNING not in states
    assert states.count(TrialState.FAIL) == (killed_at is not None)
    pd.testing.assert_frame_equal(trials_table(again, SEARCH), trials_table(undisturbed, SEARCH), check_exact=True)


def test_it_finds_better_values_than_chance_and_prunes_poor_trials(undisturbed):
    table = trials_table(undisturbed, SEARCH)
    assert table["batch"].tolist() == [1] * 8 + [2] * 8 + [3] * 8
    assert set(table["outcome"]) == {"complete", "pruned"}
    assert (table["epochs"][table["outcome"] == "complete"] == 4).all()
    assert (table["epochs"][table["outcome"] == "pruned"] < 4).all()
    complete = table[table["outcome"] == "complete"]
    assert complete["loss"][complete["batch"] == 3].mean() < complete["loss"][complete["batch"] == 1].mean() - 0.1
    assert require_best(undisturbed, Path("here")).value == complete["loss"].min()


def test_later_batches_lie_in_narrower_ranges_around_the_best_of_the_batches_before(undisturbed):
    trials = finished_trials(undisturbed)
    for number, trial in enumerate(trials):
        batch = number // SEARCH.trials
        expected = SEARCH.ranges
        if batch:
            expected = expected.narrowed(best(trials[: batch * SEARCH.trials]).params, SEARCH.narrowing**batch)
        for name in ("peak", "beta_1", "clip_low"):
            drawn_from = trial.distributions[name]
            assert (drawn_from.low, drawn_from.high) == getattr(expected, name)
            assert drawn_from.low <= trial.params[name] <= drawn_from.high
    wide = batch_ranges(SEARCH.model_copy(update={"narrowing": 1.0}), trials[:8])
    assert wide.peak == pytest.approx(SEARCH.ranges.peak)


def test_seeds_and_names_begin_other_studies(undisturbed, tmp_path):
    first = trials_table(undisturbed, SEARCH).loc[0, "peak"]
    other = searched(tmp_path / "trials.db", SEARCH.model_copy(update={"seed": 7}), trials=1)
    assert trials_table(other, SEARCH).loc[0, "peak"] != first
    assert finished_trials(open_study(tmp_path / "trials.db", "another")) == []
    assert len(finished_trials(open_study(tmp_path / "trials.db", "one"))) == 1


def test_a_fixed_hyperparameter_and_a_single_choice_stay_what_they_are(tmp_path):
    search = Search(member="b1", trials=3, ranges=Ranges(beta_1=(0.9, 0.9), schedule=("constant",)))
    table = trials_table(searched(tmp_path / "trials.db", search), search)
    assert set(table["beta_1"]) == {0.9}
    assert set(table["schedule"]) == {"constant"}


def given_losses(path, *losses):
    """Return the outcomes of trials with these losses."""
    study = open_study(path, "given")
    return [do(study, SEARCH, lambda params, those=those: those).kind for those in losses]


@pytest.mark.slow
def test_a_trial_is_pruned_above_the_median_of_those_at_the_same_step(tmp_path):
    earlier = [[1.0, 0.9, 2.0, 2.0], [2.0, 1.9, 3.0, 3.0], [3.0, 2.9, 4.0, 4.0], [4.0, 3.9, 5.0, 5.0]]
    assert (
        given_losses(tmp_path / "a.db", *earlier, [2.5, 2.4, 3.5, 9.0]) == ["complete"] * 5
    )  # at the medians; the end
    assert given_losses(tmp_path / "b.db", *earlier, [2.6, 0.1, 0.1, 0.1])[-1] == "pruned"
    assert given_losses(tmp_path / "c.db", *earlier, [0.1, 0.1, 3.6, 0.1])[-1] == "pruned"  # behind on the second fold
    assert given_losses(tmp_path / "d.db", *earlier[:3], [9.0, 9.0, 9.0, 9.0])[-1] == "complete"  # too few to compare


def test_a_trial_without_a_finite_loss_counts_and_the_search_goes_on(tmp_path):
    kinds = given_losses(tmp_path / "trials.db", [math.nan], [1.0, math.nan], [1.0, 1.0, 1.0, 1.0])
    assert kinds == ["diverged", "diverged", "complete"]
    study = open_study(tmp_path / "trials.db", "given")
    assert len(finished_trials(study)) == 3
    assert len({trial.params["peak"] for trial in finished_trials(study)}) == 3
    assert require_best(study, Path("here")).number == 2
    table = trials_table(study, SEARCH)
    assert math.isnan(table.loc[0, "loss"])
    assert (table.loc[1, "loss"], table.loc[1, "epochs"]) == (1.0, 1)


def test_a_search_in_which_all_diverge_says_so(tmp_path):
    study = searched(tmp_path / "trials.db", trials=3, losses=lambda params: [math.inf])
    with pytest.raises(HbacError, match=r"here: expected a complete trial, found none among 3.*ranges\.peak"):
        require_best(study, Path("here"))


def test_importances_name_what_made_the_difference(undisturbed):
    shares = importances(undisturbed, SEARCH)
    assert set(shares) == set(Ranges.model_fields)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["peak"] + shares["dropout"] + shares["normalisation"] > 0.5
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert shares == importances(undisturbed, SEARCH)


def test_too_few_or_constant_losses_have_no_importances(tmp_path):
    assert importances(searched(tmp_path / "few.db", trials=3), SEARCH) == {}
    assert importances(searched(tmp_path / "constant.db", trials=6, losses=lambda params: [1.0] * 4), SEARCH) == {}
