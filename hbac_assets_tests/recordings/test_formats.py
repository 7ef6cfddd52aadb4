"""One recording as a file of each format, rate, unit and style of names gives the same EEG and probabilities."""

from datetime import date, datetime, time
from functools import cache
from itertools import cycle, product

import numpy as np
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.recordings.opening import open_recording
from hbac_assets.recordings.over_time import predict_over_time
from hbac_assets.recordings.recording import seconds
from hbac_assets.recordings.survey import survey
from hbac_assets.signals.montage import ELECTRODES
from hbac_assets_tests.recordings.files import (
    DERIVATIONS,
    RANGE_UV,
    STYLES,
    UNITS,
    at_rate,
    bipolar_eeg,
    read_eeg,
    signals_of,
    synthetic_eeg,
    write_edf,
    write_parquet,
)

EEG = synthetic_eeg("Seizure", 700)[: 480 * 200]
HALF_STEP = {"edf": RANGE_UV / 2**16, "bdf": RANGE_UV / 2**24, "parquet": 1e-3}
"""Half of the difference between two values that a format holds, in µV."""


def written(path, eeg=EEG, **options):
    return (write_parquet if path.suffix == ".parquet" else write_edf)(path, eeg, **options)


def probabilities(path, ensemble):
    table = predict_over_time(signals_of(path), ensemble, 40).table
    return table[list(PROBABILITY_COLUMNS)].to_numpy()


@pytest.fixture(scope="module")
def expected(ensemble, tmp_path_factory):
    """The probabilities of the parquet file, of which some are missing at the ends."""
    found = probabilities(written(tmp_path_factory.mktemp("parquet") / "a.parquet"), ensemble)
    assert not np.isnan(found[3:-3]).any()
    assert found.std(axis=0).max() > 0.1
    return found


@pytest.mark.parametrize("suffix", HALF_STEP)
@pytest.mark.parametrize("style", STYLES)
def test_formats_and_names_at_200_hz_differ_by_the_resolution(suffix, style, tmp_path):
    path = written(tmp_path / f"a.{suffix}", EEG[:4000], labels=[STYLES[style](name) for name in ELECTRODES])
    np.testing.assert_allclose(read_eeg(path), EEG[:4000], atol=1.01 * HALF_STEP[suffix], rtol=1e-6)


@pytest.mark.parametrize("suffix", ["edf", "bdf"])
@pytest.mark.parametrize("unit", UNITS)
def test_units_differ_by_the_resolution(suffix, unit, tmp_path):
    path = written(tmp_path / f"a.{suffix}", EEG[:4000], unit=unit)
    # Bounds of ranges have eight digits in the header: in V, those of ±3 mV are rounded to 0.1 µV.
    np.testing.assert_allclose(read_eeg(path), EEG[:4000], atol=1.01 * HALF_STEP[suffix] + 0.1 * (unit == "V"))
    remarks = survey(signals_of(path))
    assert remarks == ((f"no unit for {', '.join(ELECTRODES)}: taken as µV",) if unit == "" else ())


EVERY = list(product(("edf", "bdf"), (256, 500, 1000), ("uV", "V")))


@cache
def eeg_at(rate):
    return at_rate(EEG, rate)


@pytest.mark.parametrize(
    ("suffix", "rate", "unit", "style"),
    [
        *((*one, style) for one, style in zip(EVERY, cycle(STYLES), strict=False)),
        ("edf", 200, "uV", "EEG REF"),
        ("bdf", 200, "V", "newer"),
        ("bdf", 1000, "mV", "newer"),
        ("edf", 250, "µV", "newer"),
    ],
)
def test_probabilities_are_the_same_within_a_thousandth(suffix, rate, unit, style, ensemble, expected, tmp_path):
    labels = [STYLES[style](name) for name in ELECTRODES]
    path = written(tmp_path / f"a.{suffix}", eeg_at(rate), rate=rate, unit=unit, labels=labels)
    np.testing.assert_allclose(probabilities(path, ensemble), expected, atol=1e-3)


def test_a_bipolar_file_gives_the_same_probabilities(ensemble, expected, tmp_path):
    labels = ["-".join(pair) for pair in DERIVATIONS]
    path = written(tmp_path / "a.bdf", bipolar_eeg(EEG), labels=labels)
    np.testing.assert_allclose(probabilities(path, ensemble), expected, atol=1e-3)


def test_each_channel_is_read_from_its_own_rate(tmp_path):
    rates = [(200, 256, 500)[column % 3] for column in range(19)]
    eeg = np.zeros((20 * 500, 19))
    for column, rate in enumerate(rates):
        eeg[: 20 * rate, column] = at_rate(EEG[:4000, [column]], rate)[:, 0]
    found = read_eeg(written(tmp_path / "a.bdf", eeg, rate=rates))
    # Near the ends a recorder at another rate had other neighbours.
    np.testing.assert_allclose(found[200:-200], EEG[200:3800], atol=3)
    assert np.abs(found[200:-200] - EEG[200:3800]).std() < 0.3


def write_brainvision(folder, unit, *markers):
    factor, step = UNITS[unit], 0.1 * UNITS[unit]
    header = ["Brain Vision Data Exchange Header File Version 1.0", "[Common Infos]", "Codepage=UTF-8"]
    header += ["DataFile=a.eeg", "MarkerFile=a.vmrk", "DataFormat=BINARY", "DataOrientation=MULTIPLEXED"]
    header += ["NumberOfChannels=19", "SamplingInterval=5000", "[Binary Infos]", "BinaryFormat=INT_16"]
    header += ["[Channel Infos]", *(f"Ch{n + 1}={name},,{step:g},{unit}" for n, name in enumerate(ELECTRODES))]
    (folder / "a.vhdr").write_text("\n".join(header), encoding="utf-8")
    marks = ["Brain Vision Data Exchange Marker File, Version 1.0", "[Common Infos]", "Codepage=UTF-8"]
    marks += ["DataFile=a.eeg", "[Marker Infos]", "Mk1=New Segment,,1,1,0,20200304221005000000", *markers]
    (folder / "a.vmrk").write_text("\n".join(marks), encoding="utf-8")
    np.round(EEG[:4000] * factor / step).astype("<i2").tofile(folder / "a.eeg")
    return folder / "a.vhdr"


@pytest.mark.parametrize("unit", ["µV", "V"])
def test_brainvision_is_read_by_mne(unit, tmp_path):
    path = write_brainvision(tmp_path, unit, "Mk2=Comment,jerk,401,1,0")
    np.testing.assert_allclose(read_eeg(path), EEG[:4000], atol=0.06)
    recording = open_recording(path)
    assert (recording.start, seconds(recording)) == (datetime(2020, 3, 4, 22, 10, 5), 20)
    assert [(one.onset, one.text) for one in recording.annotations][-1] == (2.0, "Comment/jerk")


def test_a_pause_of_brainvision_is_refused(tmp_path):
    path = write_brainvision(tmp_path, "µV", "Mk2=New Segment,,2001,1,0,20200304231005000000")
    with pytest.raises(HbacError, match=r"expected one continuous recording, found a pause \(New Segment\); export"):
        open_recording(path)


def test_clocks_and_annotations_are_in_the_table(kaggle_ensemble, tmp_path):
    path = written(
        tmp_path / "a.edf", start=time(23, 59, 30), day=date(2020, 3, 4), annotations=[(97, "jerk"), (99, "eyes")]
    )
    table = predict_over_time(signals_of(path), kaggle_ensemble, 10).table.set_index("middle_s")
    assert table.loc[100, "middle_clock"] == "2020-03-05 00:01:10"
    assert table.loc[100, "annotations"] == "jerk; eyes"
    assert (table["annotations"] != "").sum() == 1
    without_date = written(tmp_path / "b.edf", start=time(23, 59, 30))
    table = predict_over_time(signals_of(without_date), kaggle_ensemble, 10).table
    assert table["middle_clock"].iloc[0] == "23:59:40"
    assert "annotations" not in table
