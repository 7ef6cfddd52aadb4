from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbac_assets.labels import CLASSES
from hbac_assets.synthetic.latents import class_log_odds, draw_course
from hbac_assets.synthetic.readers import expert_probabilities

share = st.floats(0, 1)


@given(amplitude=st.floats(0, 50), ictal=share, lateralised=share, periodic=share)
def test_probabilities_are_a_distribution(amplitude, ictal, lateralised, periodic):
    log_odds = class_log_odds(*np.array([amplitude, ictal, lateralised, periodic]))
    assert np.isfinite(log_odds).all()
    assert np.exp(log_odds).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ((0.0, 0.5, 0.5, 0.5), "Other"),
        ((9.0, 1.0, 0.5, 0.5), "Seizure"),
        ((9.0, 0.0, 1.0, 1.0), "LPD"),
        ((9.0, 0.0, 0.0, 1.0), "GPD"),
        ((9.0, 0.0, 1.0, 0.0), "LRDA"),
        ((9.0, 0.0, 0.0, 0.0), "GRDA"),
    ],
)
def test_each_class_has_its_corner_of_the_latent_space(state, expected):
    probabilities = np.exp(class_log_odds(*np.array(state)))
    assert CLASSES[probabilities.argmax()] == expected
    assert probabilities.max() > 0.95


def test_readers_are_divided_where_a_latent_is_undecided():
    # A pattern that half recognise: a proto case. A clear one between two kinds: an edge case.
    proto = np.exp(class_log_odds(*np.array([1.0, 0.0, 1.0, 1.0])))
    assert proto[CLASSES.index("LPD")] == pytest.approx(proto[CLASSES.index("Other")])
    edge = np.exp(class_log_odds(*np.array([50.0, 0.0, 1.0, 0.5])))
    assert edge[CLASSES.index("LPD")] == pytest.approx(edge[CLASSES.index("LRDA")])
    assert edge[CLASSES.index("LPD")] > 0.48


def test_delta_activity_is_doubted_more_than_discharges():
    rhythmic, periodic = (np.exp(class_log_odds(*np.array([1.8, 0.0, 1.0, kind]))) for kind in (0.0, 1.0))
    assert rhythmic[CLASSES.index("Other")] > 1.5 * periodic[CLASSES.index("Other")]


def draw(kind: str, count: int = 40):
    return [draw_course(np.random.default_rng(index), kind, 640, 320) for index in range(count)]


def fractions(course) -> np.ndarray:
    """Return (seconds / 10, 6): what experts are expected to vote, every ten seconds."""
    return np.asarray(expert_probabilities(course.log_odds(np.arange(5, 635, 10)), 1.0).mean(axis=1))


def test_a_label_looks_at_ten_seconds_around_its_moment():
    (course,) = draw("LPD", 1)
    amplitude = course.amplitude.copy()
    amplitude[:315] = amplitude[325:] = 0
    alone = replace(course, amplitude=amplitude)
    np.testing.assert_allclose(alone.log_odds(np.array([320])), course.log_odds(np.array([320])))
    assert not np.allclose(alone.log_odds(np.array([321])), course.log_odds(np.array([321])))


def test_prominence_makes_patterns_surer_and_leaves_what_has_none():
    def amplitude(kind: str, prominence: float) -> float:
        return float(draw_course(np.random.default_rng(0), kind, 640, 320, prominence).amplitude.mean())

    assert amplitude("GRDA", 0.6) == pytest.approx(np.exp(0.6) * amplitude("GRDA", 0.0))
    assert amplitude("Other", 0.6) == amplitude("Other", 0.0)


@pytest.mark.parametrize("kind", CLASSES)
def test_recordings_of_a_kind_are_called_so_more_than_any_other_pattern_but_not_always(kind):
    found = np.array([fractions(course)[31] for course in draw(kind, 100)])
    mean = found.mean(axis=0)
    assert (mean if kind == "Other" else mean[:-1]).argmax() == CLASSES.index(kind)
    assert found[:, CLASSES.index(kind)].min() < 0.5


def test_evolving_episodes_slow_down_grow_and_are_shorter():
    seizure = max(draw("Seizure"), key=lambda course: course.evolution.mean())
    onset = np.flatnonzero(np.diff(seizure.progress) < -0.5)
    assert len(onset) > 0, "episodes recur within ten minutes"
    running = (seizure.progress > 0.05) & (seizure.progress < 0.95)
    assert np.corrcoef(seizure.progress[running], seizure.frequency[running])[0, 1] < -0.7
    assert np.corrcoef(seizure.progress[running], seizure.amplitude[running])[0, 1] > 0.3

    def longest_run(course):
        ends = np.flatnonzero(np.diff(np.concatenate([[0], course.amplitude > 0, [0]])))
        return np.diff(ends)[::2].max()

    durations = {kind: np.mean([longest_run(course) for course in draw(kind)]) for kind in ("Seizure", "GRDA")}
    assert durations["Seizure"] < durations["GRDA"] / 2


def test_expected_votes_drift_within_a_recording():
    moves = [np.abs(np.diff(fractions(course)[27:35], axis=0)).max() for course in draw("LPD")]
    assert np.median(moves) > 0.005
