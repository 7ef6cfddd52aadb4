"""Requests: arrays and files are answered as the predictor and `hbac predict` would; what is wrong, in one line."""

import io
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.model_server import npy
from hbac_assets.errors import HbacError
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.recordings.over_time import predict_over_time
from hbac_assets.recordings.requests import answer
from hbac_assets.scoring.blends import CalibratedBlend, StoredBlend
from hbac_assets.scoring.convex import ConvexBlend
from hbac_assets.signals.montage import ELECTRODES
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.window import Window
from hbac_assets_tests.recordings.files import signals_of, synthetic_eeg, write_edf, write_parquet

EEG = synthetic_eeg("GPD", 700).astype(np.float32)
WINDOW = EEG[65_000:75_000]
POWER = np.ascontiguousarray(multitaper_spectrogram(EEG)[:, 25:325])
BOTH = {"eeg": npy(WINDOW), "spectrogram": npy(POWER)}


def probabilities(answers):
    return np.array([[one[name] for name in PROBABILITY_COLUMNS] for one in answers], float)


@pytest.mark.parametrize("kind", [np.float32, np.float16, ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_answered_as_the_predictor_does(ensemble, kind, order):
    sent = {"eeg": np.asarray(WINDOW, kind, order), "spectrogram": np.asarray(POWER, kind, order)}
    read = {name: np.ascontiguousarray(array, np.float32) for name, array in sent.items()}
    found = answer([{name: npy(array) for name, array in sent.items()}, {"eeg": npy(sent["eeg"])}], ensemble)
    expected = ensemble.predict([Window(**read), Window(read["eeg"])])
    np.testing.assert_array_equal(probabilities(found), expected.probabilities)
    places = [(one["row"], one["middle_s"], one["members"]) for one in found]
    assert places == [(0, None, 2), (1, None, 1)]


def test_half_precision_moves_no_probability_by_a_hundredth(ensemble):
    half = {"eeg": npy(WINDOW.astype(np.float16)), "spectrogram": npy(POWER.astype(np.float16))}
    whole, found = answer([BOTH, half], ensemble)
    np.testing.assert_allclose(probabilities([found]), probabilities([whole]), atol=0.01)


@pytest.mark.parametrize("suffix", ["edf", "bdf", "parquet"])
def test_a_file_is_answered_as_hbac_predict_does(ensemble, tmp_path, suffix):
    write = write_parquet if suffix == "parquet" else write_edf
    path = write(tmp_path / f"a.{suffix}", EEG)
    found = answer([BOTH, {"recording": path.read_bytes()}], ensemble)
    table = predict_over_time(signals_of(path), ensemble, 10).table
    assert [one["row"] for one in found] == [0] + [1] * len(table)
    found = found[1:]
    assert [one["middle_s"] for one in found] == table["middle_s"].tolist()
    assert [one["members"] for one in found] == table["members"].tolist()
    np.testing.assert_array_equal(probabilities(found), table[list(PROBABILITY_COLUMNS)].to_numpy())
    unseen = [one for one in found if one["members"] == 0]
    assert unseen
    assert all(one[name] is None for one in unseen for name in PROBABILITY_COLUMNS)


def test_the_columns_of_an_array_are_the_electrodes_in_their_order(ensemble, tmp_path):
    """A file names its electrodes, an array does not: both give the same, whatever order the file has."""
    minute, order = EEG[:12_000], np.random.default_rng(0).permutation(19)
    path = write_parquet(tmp_path / "a.parquet", minute[:, order], [ELECTRODES[number] for number in order])
    of_file = {one["middle_s"]: one for one in answer([{"recording": path.read_bytes()}], ensemble)}
    of_array = answer([{"eeg": npy(minute[1000:11_000])}], ensemble)
    np.testing.assert_allclose(probabilities([of_file[30]]), probabilities(of_array), atol=1e-5)
    others = answer([{"eeg": npy(np.ascontiguousarray(minute[1000:11_000, order]))}], ensemble)
    assert np.abs(probabilities(others) - probabilities(of_array)).max() > 0.01


def missing(array, fraction):
    """Without the last part of its time, the axis that is longest beside the lines."""
    spoilt = array.copy()
    if len(array) == 10_000:
        spoilt[round(10_000 * (1 - fraction)) :] = np.nan
    else:
        spoilt[:, 250 - round(200 * fraction) :] = np.nan  # the members see columns 50 to 250
    return spoilt


@pytest.mark.parametrize(("fraction", "members"), [(0.08, 2), (0.12, 0), (1, 0)])
def test_what_is_covered_too_little_has_no_probabilities(ensemble, fraction, members):
    spoilt = {"eeg": npy(missing(WINDOW, fraction)), "spectrogram": npy(missing(POWER, fraction))}
    _, found = answer([BOTH, spoilt], ensemble)
    assert found["members"] == members
    assert [found[name] is None for name in PROBABILITY_COLUMNS] == [members == 0] * 6


def test_where_nothing_is_covered_the_request_is_refused(ensemble, kaggle_ensemble):
    spoilt = {"eeg": npy(np.full_like(WINDOW, np.nan)), "spectrogram": npy(np.full_like(POWER, np.nan))}
    for rows in ([spoilt], [spoilt, {"eeg": npy(np.zeros_like(WINDOW))}]):
        with pytest.raises(HbacError, match=r"request: expected a signal in 90% .* \(eeg or spectrogram\), found less"):
            answer(rows, ensemble)
    with pytest.raises(HbacError, match=r"look at \(spectrogram\), found less in each row; send windows with a signal"):
        answer([{"eeg": npy(WINDOW)}], kaggle_ensemble)


def pickled(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def header(descr, shape):
    """A file that ends where its array should begin."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue()


NPY = r"row 1, eeg: expected a \.npy file of float16 or float32 with the shape \(10000, 19\), found "
BAD = {
    "no rows": ([], "request: expected a row with eeg, spectrogram or recording, found none; send one"),
    "no column": ([{}], "row 1: expected eeg, spectrogram or both, or else recording, found none of them; send"),
    "arrays and a file": (
        [BOTH, BOTH | {"recording": b"0"}],
        "row 2: expected eeg, .*, found eeg and spectrogram and recording; send one of the formats",
    ),
    "text": ([{"eeg": "text"}], "row 1, eeg: expected the bytes of a file, found str; send them, in JSON as base64"),
    "nothing": ([{"eeg": b""}], "row 1, eeg: expected the bytes of a file, found no bytes"),
    "no npy": ([{"eeg": b"SECRET" * 99}], NPY + r"another file; save it by numpy\.save"),
    "a header of another kind": ([{"eeg": header("SECRET", (0,))}], NPY + "another file"),
    "a version that is none": ([{"eeg": b"\x93NUMPY\x09\x00" + BOTH["eeg"][8:]}], NPY + "another file"),
    "pickled": ([{"eeg": pickled(np.array([{"SECRET": 1}], object))}], NPY + r"values of \|O; convert the array"),
    "whole numbers": ([{"eeg": npy(WINDOW.astype(np.int16))}], NPY + "values of <i2; convert"),
    "double precision": ([{"eeg": npy(WINDOW.astype(np.float64))}], NPY + "values of <f8; convert"),
    "a channel too few": ([{"eeg": npy(WINDOW[:, 1:])}], NPY + r"the shape \(10000, 18\); resample"),
    "transposed": ([{"eeg": npy(WINDOW.T)}], NPY + r"the shape \(19, 10000\); resample, transpose or cut it"),
    "256 Hz": ([{"eeg": npy(EEG[:12_800])}], NPY + r"the shape \(12800, 19\)"),
    "two windows": ([{"eeg": npy(np.stack([WINDOW, WINDOW]))}], NPY + r"the shape \(2, 10000, 19\)"),
    "a huge shape": ([{"eeg": header("<f4", (10_000, 19 * 10**9))}], NPY + r"the shape \(10000, 19000000000\)"),
    "many axes": ([{"eeg": header("<f4", (1,) * 30)}], NPY + r"the shape \(1, 1, 1, .{31}\);"),
    "a long shape": ([{"eeg": header("<f4", (1,) * 999)}], NPY + "another file"),
    "cut short": ([{"eeg": BOTH["eeg"][:-1]}], NPY + "another number of bytes than that takes; send the whole file"),
    "too long": ([{"eeg": BOTH["eeg"] + b"SECRET"}], NPY + "another number of bytes"),
    "overflown": ([{"eeg": npy(np.where(WINDOW > 60, np.inf, WINDOW))}], "expected finite values or NaN, found infin"),
    "volts": ([{"eeg": npy(WINDOW * 1e-6)}], r"eeg: expected an EEG of 0\.1 to 1500 µV .* found .*e-05 µV; send"),
    "decibels": ([{"spectrogram": npy(np.log(POWER))}], "row 1, spectrogram: expected power .* found negative values"),
    "a picture": ([{"recording": b"\x89PNG SECRET"}], "row 1, recording: expected an EDF, BDF or parquet file, found"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_in_one_line_without_the_data(ensemble, case):
    rows, complaint = BAD[case]
    with pytest.raises(HbacError, match=complaint) as caught:
        answer(rows, ensemble)
    require_brief(str(caught.value))


def require_brief(line):
    assert len(line.splitlines()) == 1
    assert len(line) <= 300
    assert "SECRET" not in line


def edf(tmp_path, **changes):
    return write_edf(tmp_path / "a.edf", EEG[:12_000], **changes).read_bytes()


FILES = {
    "cut in its header": (lambda folder: edf(folder)[:999], "a header of .* for 19 signals; copy or export it again"),
    "cut before its records": (lambda folder: edf(folder)[:5500], "records of signals; copy or export it again"),
    "another header": (
        lambda folder: edf(folder).replace(b"19  ", b"SECR", 1), "a header with the number of signals; export it again"
    ),
    "no such electrodes": (
        lambda folder: edf(folder, labels=[f"SECRET {number}" for number in range(19)]),
        "channels of all electrodes of the longitudinal montage, also of Fp1, .*; export them, or rename",
    ),
    "no parquet": (lambda folder: b"PAR1SECRET", "a whole parquet file; download the file again"),
    "too long": (
        lambda folder: write_parquet(folder / "a.parquet", np.zeros((4 * 3600 * 200 + 1, 1)), ["Fp1"]).read_bytes(),
        "at most 4 h; cut it, or use hbac predict",
    ),
    "too short": (
        lambda folder: write_edf(folder / "a.edf", EEG[:4000]).read_bytes(), "a signal in 90% of the .*; take a longer"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_be_read_is_said_without_what_is_in_it(ensemble, tmp_path, case):
    content, complaint = FILES[case]
    with pytest.raises(HbacError, match=f"^row 1, recording: expected {complaint}") as caught:
        answer([{"recording": content(tmp_path)}], ensemble)
    require_brief(str(caught.value))


def test_an_ensemble_that_reads_no_spectrogram_needs_none(ensemble):
    blend = StoredBlend(["eeg"], CalibratedBlend(ConvexBlend(np.ones(1))))
    only = replace(ensemble, members=ensemble.members[1:], blend=blend)
    with pytest.raises(HbacError, match=r"look at \(eeg\)"):
        answer([{"spectrogram": BOTH["spectrogram"]}], only)
