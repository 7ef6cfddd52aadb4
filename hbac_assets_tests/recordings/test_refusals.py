"""Files that cannot be predicted, and their one-line errors."""

import gzip
import os
import re

import numpy as np
import pandas as pd
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.recordings.derivation import derive
from hbac_assets.recordings.opening import open_recording
from hbac_assets.recordings.over_time import predict_over_time
from hbac_assets.recordings.signals import Signals
from hbac_assets.recordings.survey import survey
from hbac_assets.signals.montage import ELECTRODES
from hbac_assets_tests.recordings.files import (
    DERIVATIONS,
    at_rate,
    bipolar_eeg,
    make_discontinuous,
    patched,
    synthetic_eeg,
    write_edf,
)

LONG = synthetic_eeg("Other", 700)
EEG = LONG[: 60 * 200]


def raw(content):
    def write(path):
        path.write_bytes(content)
        return path

    return write


def edf(eeg=EEG, place=None, content=b"", **options):
    def write(path):
        written = write_edf(path, eeg, **options)
        return written if place is None else patched(written, place, content)

    return write


def cut(size):
    return lambda path: raw(write_edf(path, EEG).read_bytes()[:size])(path)


def stamped(onsets):
    return lambda path: make_discontinuous(write_edf(path, EEG, annotations=[(1, "room for onsets")]), onsets)


def parquet(change=lambda table: table):
    def write(path):
        table = pd.DataFrame(EEG.astype(np.float32), columns=list(ELECTRODES))
        change(table).to_parquet(path, index=False)
        return path

    return write


def folder(path):
    path.mkdir()
    return path


def link(path):
    path.symlink_to(path.parent / "nowhere")
    return path


def unreadable(path):
    write_edf(path, EEG).chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    return path


SIGNALS = 256 * 20
"""Bytes of the header of 19 signals."""
FIELD = 256 + 19 * 96
"""Where the units begin, with 19 signals."""
BAD = {
    "nothing.edf": (lambda path: path, "found nothing; correct the name"),
    "link.edf": (link, "found a link to nothing"),
    "folder.edf": (folder, "found a folder; name the files in it"),
    "unreadable.edf": (unreadable, "found a file that you may not read"),
    "empty.edf": (raw(b""), "found an empty file"),
    "text.edf": (raw(b"time,Fp1\n0,1\n"), r"found the first bytes b'time,Fp1'"),
    "magic.edf": (edf(place=0, content=b"1       "), "found the first bytes b'1 '"),
    "a.edf.gz": (lambda path: raw(gzip.compress(b"0       "))(path), "found one packed by gzip; unpack it"),
    "a.zip": (raw(b"PK\3\4" + b"\0" * 30), "found one packed by zip"),
    "header.edf": (cut(3000), "expected a header of 5120 bytes for 19 signals, found 3000 bytes; the file is cut"),
    "main header.edf": (cut(200), "expected a header with the number of records|signals"),
    "no record.edf": (cut(SIGNALS), "expected records of signals, found 0 whole records of 7600 bytes"),
    "part of a record.edf": (cut(SIGNALS + 500), "found 0 whole records"),
    "no signal.edf": (edf(place=252, content=b"0   "), "expected a header of 1 to 1000 signals, found 0"),
    "signals.edf": (edf(place=252, content=b"many"), "expected a header with the number of signals, found 'many'"),
    "duration.edf": (edf(place=244, content=b"0       "), "expected records that last longer than 0 s, found '0'"),
    "samples.edf": (edf(place=256 + 19 * 216, content=b"x       "), "the number of samples in a record, found 'x'"),
    "range.edf": (edf(place=256 + 19 * 120, content=b"32767   "), "expected ranges of channel Fp1 that are not empty"),
    "ranges.edf": (edf(place=256 + 19 * 112, content=b"lots    "), "expected ranges of numbers for channel Fp1"),
    "unit.edf": (edf(place=FIELD, content=b"%       "), "expected channel Fp1 in µV, mV or V, found '%'"),
    "millivolts.edf": (edf(place=FIELD, content=b"mV      " * 19), r"expected an EEG of .* header's unit \(mV\)"),
    "volts.edf": (edf(EEG, place=FIELD, content=b"V       " * 19), r"by the header's unit \(V\); correct the unit"),
    "no unit.edf": (edf(EEG * 0.03, place=FIELD, content=b" " * 8 * 19), r"unit \(none\)"),
    "slow.edf": (
        edf(at_rate(EEG, 90), rate=90), "expected at least 100 samples a second in channel Fp1, found 90; export"
    ),
    "missing.edf": (
        edf(EEG[:, :17], labels=ELECTRODES[:17]),
        "expected channels of all electrodes of the longitudinal montage, also of T6, O2, found Fp1, F3",
    ),
    "names.edf": (edf(labels=[f"Chan {n}" for n in range(19)]), "also of Fp1, F3, .*, found Chan 0, Chan 1"),
    "part of a montage.edf": (
        edf(bipolar_eeg(EEG, DERIVATIONS[:12]), labels=["-".join(pair) for pair in DERIVATIONS[:12]]),
        "also of F4, C4, P4, found Fp1-F7",
    ),
    "transverse.edf": (
        edf(EEG[:, :8], labels=["F7-F3", "F3-Fz", "Fz-F4", "F4-F8", "T3-C3", "C3-Cz", "Cz-C4", "C4-T4"]),
        "also of Fp1, P3, T5, O1, Fp2, P4, T6, O2",
    ),
    "references.edf": (
        edf(labels=[f"{n}-{'A2' if n == 'F7' else 'A1'}" for n in ELECTRODES]),
        "expected one reference for Fp1-F7-T3-T5-O1",
    ),
    "twice.edf": (
        edf(EEG[:, [*range(19), 2]], labels=[*ELECTRODES, "Fp1"]),
        "expected channel Fp1 to agree with the other channels",
    ),
    "flat.edf": (edf(LONG * 0), "expected a signal in 90% of the 400 s .* found at most 0% in 700 s"),
    "short.edf": (edf(), r"expected a signal in 90% of the 400 s \(spectrogram\) .*, found at most 15% in 60 s; take"),
    "stamps.edf": (stamped([*range(30), *range(20, 50)]), "expected record 31 to begin when the one before has ended"),
    "years.edf": (stamped([*range(30), *range(10**8, 10**8 + 30)]), "expected time stamps within 62 days, found 1157"),
    "no stamps.edf": (edf(place=192, content=b"EDF+D"), "expected a signal of annotations in EDF\\+D, found none"),
    "header.bdf": (cut(3000), "expected a header of 5120 bytes for 19 signals, found 3000 bytes"),
    "empty.parquet": (parquet(lambda table: table.head(0)), "expected at least one row, found 0 rows"),
    "cut.parquet": (lambda path: raw(parquet()(path).read_bytes()[:5000])(path), "expected a whole parquet file"),
    "text.parquet": (parquet(lambda table: table.astype({"Cz": str})), "column Cz: expected numbers"),
    "infinite.parquet": (parquet(lambda table: table.replace(table.iloc[7, 3], np.inf)), "an infinite value"),
    "missing.parquet": (parquet(lambda table: table.drop(columns=["T4", "O1"])), "also of O1, T4"),
    "volts.parquet": (parquet(lambda table: table * 1e-6), "expected an EEG of 0.1 to 1500 µV"),
    "nan.parquet": (parquet(lambda table: table * np.nan), "found at most 0% in 60 s"),
    "spectrogram.parquet": (parquet(lambda table: table.add_prefix("LL_")), "found LL_Fp1"),
    "nothing beside.vhdr": (raw(b"BrainVision Data Exchange Header File Version 1.0\n"), "expected a .vhdr file"),
    "broken.set": (raw(b"MATLAB 5.0 MAT-file"), "expected a .set file"),
}  # fmt: skip


def predict(path, ensemble):
    recording = open_recording(path)
    signals = Signals(recording, derive(recording))
    survey(signals)
    return predict_over_time(signals, ensemble, 10)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_line(name, tmp_path, kaggle_ensemble):
    write, expected = BAD[name]
    path = write(tmp_path / name)
    with pytest.raises(HbacError) as error:
        predict(path, kaggle_ensemble)
    message = str(error.value)
    assert message.startswith(str(path))
    assert re.search(expected, message), message
    for word in ("expected", "found", ";"):
        assert word in message
    assert "\n" not in message
    assert len(message) < 600


def test_without_the_extra_its_name_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mne", None)
    with pytest.raises(HbacError, match=r"found \.vhdr; install the extra .* pip install 'hbac-assets\[formats\]'"):
        open_recording(raw(b"BrainVision")(tmp_path / "a.vhdr"))
