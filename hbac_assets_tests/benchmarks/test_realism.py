"""Synthetic recordings against real quantiles: a few in every test run, 2,000 in the long tests."""

import os
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from benchmarks.realism import signals
from benchmarks.realism.__main__ import as_frame, as_markdown, compare, planned
from benchmarks.realism.fact import Fact
from benchmarks.realism.measuring import EEG_GROUP, PATTERNS, SPECTROGRAM_GROUP, measure, pattern_of
from benchmarks.realism.montage_picture import draw_examples, examples
from benchmarks.realism.quantile_picture import draw_medians
from benchmarks.realism.tables import READERS, TABLES
from hbac_assets.figures import png
from hbac_assets.labels import CLASSES

NOT_REACHED = {("LPD", "spatial_dimensions, median")}
"""One dipole per hemisphere dominates a pattern, see docs/synthetic.md. At most four exceptions are allowed."""
FEW = 40
"""Recordings that suffice for the medians of all windows."""


@pytest.fixture(scope="module")
def few() -> pd.DataFrame:
    return measure(planned(FEW, seed=1), workers=1)


def held(compared: list[Fact], name: str, group: str = EEG_GROUP) -> bool:
    return next(fact.held for fact in compared if (fact.group, fact.name) == (group, name))


@pytest.mark.parametrize(
    ("group", "statistic"),
    [
        (EEG_GROUP, "corr_neighbours"),
        (EEG_GROUP, "corr_front_back"),
        (EEG_GROUP, "delta_peak_hz"),
        (SPECTROGRAM_GROUP, "chain_corr"),
    ],
)
def test_statistics_of_few_recordings_are_within_tolerance(few, group, statistic):
    assert held(signals.tolerance_facts(few), f"{statistic}, median", group)


def test_nearly_all_medians_of_few_recordings_lie_between_the_real_quantiles(few):
    compared = [fact for fact in signals.quantile_facts(few) if fact.group in (EEG_GROUP, SPECTROGRAM_GROUP)]
    assert len(compared) == 42 + 26
    assert np.mean([fact.held for fact in compared]) >= 0.95


def test_repetition_rates_are_the_published_ones():
    compared = signals.rate_facts(planned(1_500, seed=3))
    assert len(compared) == 8
    assert not [fact for fact in compared if not fact.held]


def test_measurements_depend_on_the_recordings_alone(few):
    pd.testing.assert_frame_equal(measure(planned(FEW, seed=1)[:4], workers=2), few[few["recording"] < 4])


def test_a_window_belongs_to_the_pattern_that_enough_readers_see():
    def votes(**counts: int) -> np.ndarray:
        return np.array([counts.get(name, 0) for name in CLASSES])

    assert pattern_of(votes(LPD=6, Other=4)) == "LPD"
    assert pattern_of(votes(LPD=5, Other=4)) is None
    assert pattern_of(votes(Seizure=9)) is None


def measured(median: Callable[[str, float, float, float], float]) -> pd.DataFrame:
    """Return measurements whose medians are functions of the statistic and its real quantiles."""
    real = pd.read_csv(signals.REAL)
    values = [median(row["statistic"], row["q10"], row["q50"], row["q90"]) for row in real.to_dict("records")]
    return real[["group", "statistic"]].assign(value=values)


def test_real_medians_are_within_tolerance_and_distant_ones_are_not():
    same = measured(lambda _, low, middle, high: middle)
    assert all(fact.held for fact in signals.quantile_facts(same))
    # A single value has no spread and no tail.
    tails = {"peak_width_ms, 10 to 90 %", "sd_ratio_max_median, 90 %", "over_500_uv, 90 %"}
    compared = signals.tolerance_facts(same)
    assert {fact.name for fact in compared if not fact.held} == tails
    assert {fact.group for fact in compared} == {EEG_GROUP, SPECTROGRAM_GROUP, *PATTERNS}
    far = measured(lambda _, low, middle, high: high + 2 * abs(high) + 10)
    assert not any(fact.held for fact in signals.quantile_facts(far))
    held = [fact.name for fact in signals.tolerance_facts(far) if fact.held]
    assert held == ["sd_ratio_max_median, 90 %"]


def test_the_report_shows_every_fact():
    close, quantiles = compare(planned(FEW, seed=2), workers=1)
    assert {TABLES, READERS, EEG_GROUP, SPECTROGRAM_GROUP} <= {fact.group for fact in close}
    beyond = Fact.within(TABLES, "rows an EEG", real=6.3, synthetic=9.0, margin=1.5)
    text = as_markdown([*close, beyond], quantiles)
    assert text.count("\n| ") == len(close) + 1 + len(quantiles) + 2
    assert "| tables | rows an EEG | 6.3 | 9 | 4.8 to 7.8 | **no** |" in text
    assert as_frame(close)["held"].dtype == bool
    assert png(draw_medians(quantiles)).startswith(b"\x89PNG")


def test_the_examples_are_of_every_class():
    chosen = examples(planned(2_000))
    assert list(chosen) == list(CLASSES)
    for name, recording in chosen.items():
        votes = recording.excerpts[0].votes[0]
        assert CLASSES[votes.argmax()] == name
    assert png(draw_examples(chosen)).startswith(b"\x89PNG")


@pytest.mark.long
def test_every_row_is_tolerated():
    close, quantiles = compare(planned(2_000), workers=os.cpu_count() or 1)
    missed = {(fact.group, fact.name) for fact in close + quantiles if not fact.held}
    assert missed <= NOT_REACHED
    assert len(quantiles) == 5 * 42 + 26
