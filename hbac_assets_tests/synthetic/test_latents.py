import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbac_assets.labels import CLASSES
from hbac_assets.synthetic.latents import LAPSE_RATE, class_probabilities, draw_course

share = st.floats(0, 1)


@given(amplitude=st.floats(0, 50), ictal=share, lateralised=share, periodic=share)
def test_probabilities_are_a_distribution(amplitude, ictal, lateralised, periodic):
    probabilities = class_probabilities(*np.array([amplitude, ictal, lateralised, periodic]))
    assert probabilities.sum() == pytest.approx(1)
    assert probabilities.min() >= LAPSE_RATE / 6 - 1e-12


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
    probabilities = class_probabilities(*np.array(state))
    assert CLASSES[probabilities.argmax()] == expected
    assert probabilities.max() > 0.95


def test_readers_are_divided_where_a_latent_is_undecided():
    # A pattern that half recognise: a proto case. A clear one between two kinds: an edge case.
    proto = class_probabilities(*np.array([1.0, 0.0, 1.0, 1.0]))
    assert proto[CLASSES.index("LPD")] == pytest.approx(proto[CLASSES.index("Other")])
    edge = class_probabilities(*np.array([50.0, 0.0, 1.0, 0.5]))
    assert edge[CLASSES.index("LPD")] == pytest.approx(edge[CLASSES.index("LRDA")])
    assert edge[CLASSES.index("LPD")] > 0.48


def draw(kind: str, count: int = 40):
    return [draw_course(np.random.default_rng(index), kind, 640, 320) for index in range(count)]


@pytest.mark.parametrize("kind", CLASSES)
def test_recordings_of_a_kind_are_mostly_called_so_but_not_always(kind):
    shares = np.array([course.label_probabilities(320)[CLASSES.index(kind)] for course in draw(kind)])
    assert np.mean(shares > 0.5) > 0.6
    assert shares.min() < 0.7


def test_what_evolves_slows_down_grows_and_is_shorter():
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


def test_probabilities_drift_within_a_recording():
    moves = [np.abs(np.diff(course.probabilities[280:360:10], axis=0)).max() for course in draw("LPD")]
    assert np.median(moves) > 0.005
