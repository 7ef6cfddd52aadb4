"""Pictures: positions of the contents; negative is up, and the scale bar is right."""

import numpy as np
import pandas as pd
import pytest

from hbac_assets.figures import new_axes
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.recordings import pictures
from hbac_assets.recordings.montage_plot import SENSITIVITIES_UV, draw_montage, sensitivity
from hbac_assets.recordings.over_time import predict_over_time
from hbac_assets.signals.montage import ELECTRODES
from hbac_assets_tests.recordings.files import signals_of, synthetic_eeg, write_edf

SECONDS = 14
PNG = b"\x89PNG\r\n\x1a\n"


def drawn(eeg):
    """The lines of the derivations by their labels, and the axes."""
    _, axes = new_axes(7, 5, "")
    draw_montage(axes, eeg, start=100)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    return dict(zip(labels, axes.lines, strict=False)), axes


def test_there_are_the_eighteen_derivations_left_above_right():
    lines, _ = drawn(synthetic_eeg("GPD", 700)[: SECONDS * 200])
    labels = list(lines)
    assert len(labels) == 18
    assert (labels[0], labels[8], labels[-1]) == ("Fp1-F7", "Fz-Cz", "T6-O2")
    middles = [line.get_ydata().mean() for line in lines.values()]
    assert middles == sorted(middles, reverse=True)
    assert lines["Fp1-F7"].get_xdata()[[0, -1]].tolist() == pytest.approx([100, 109.995])


def test_negative_is_up_and_the_bar_is_to_scale():
    eeg = np.zeros((SECONDS * 200, 19))
    wave = -40 * np.exp(-0.5 * ((np.arange(len(eeg)) / 200 - 7) / 0.03) ** 2)
    eeg[:, ELECTRODES.index("T3")] = wave
    lines, axes = drawn(eeg)
    before, after = lines["F7-T3"].get_ydata(), lines["T3-T5"].get_ydata()
    peak = 5 * 200
    assert after[peak] - np.median(after) == pytest.approx(36, abs=5)
    assert before[peak] - np.median(before) == pytest.approx(-36, abs=5)
    assert np.ptp(lines["Fp2-F8"].get_ydata()) == 0
    bar, text = axes.lines[-1], axes.texts[-1].get_text()
    assert text == f"{np.ptp(bar.get_ydata()):g} µV, negative up, 1-35 Hz"


def test_missing_samples_leave_a_gap_and_no_wave():
    eeg = synthetic_eeg("Other", 700)[: SECONDS * 200] + 3000.0
    eeg[1000:1200, ELECTRODES.index("Fp1")] = np.nan
    lines, _ = drawn(eeg)
    gap = np.isnan(lines["Fp1-F7"].get_ydata())
    assert np.flatnonzero(gap)[[0, -1]].tolist() == [600, 799]
    assert not np.isnan(lines["F7-T3"].get_ydata()).any()


@pytest.mark.parametrize("amplitude", [1, 15, 60, 200, 900, 5000])
def test_the_sensitivity_follows_the_amplitude(amplitude):
    found = sensitivity(np.random.default_rng(0).uniform(-amplitude, amplitude, (16, 2000)))
    assert found in SENSITIVITIES_UV
    assert found >= min(0.7 * amplitude, SENSITIVITIES_UV[-1])
    assert sensitivity(np.full((2, 10), np.nan)) == SENSITIVITIES_UV[0]


def test_top_moments_are_the_highest_of_each_class_and_apart():
    middles = np.arange(10, 1000, 10)
    probabilities = np.full((len(middles), 6), 0.1)
    probabilities[20:25, 0] = [0.5, 0.6, 0.7, 0.6, 0.5]
    probabilities[60, 0] = 0.4
    probabilities[70] = np.nan
    table = pd.DataFrame({"middle_s": middles, **dict(zip(PROBABILITY_COLUMNS, probabilities.T, strict=True))})
    found = pictures.top_moments(table, 2)
    assert [(one.middle, one.probability) for one in found[:2]] == [(230, 0.7), (610, 0.4)]
    assert [one.name for one in found] == [name for name in CLASSES for _ in range(2)]
    for first, second in zip(found[::2], found[1::2], strict=True):
        assert abs(first.middle - second.middle) >= 60


def test_pictures_of_a_recording_are_drawn(tmp_path, kaggle_ensemble):
    annotations = [(300.0, "costs $5"), (350.0, "a remark that is much longer than what fits above")]
    signals = signals_of(write_edf(tmp_path / "a.edf", synthetic_eeg("LPD", 700), annotations=annotations))
    found = predict_over_time(signals, kaggle_ensemble, 20)
    overview = pictures.overview(signals.recording, found, "an ensemble")
    moments = pictures.moments_picture(signals, pictures.top_moments(found.table, 1)[:3])
    for picture in (overview, moments):
        assert picture.startswith(PNG)
        assert len(picture) > 50_000
