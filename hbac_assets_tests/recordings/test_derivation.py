"""Electrodes are derived from channels with any reference, and from bipolar files that connect the chains."""

import numpy as np
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.recordings.derivation import derive
from hbac_assets.recordings.opening import open_recording
from hbac_assets.recordings.survey import survey
from hbac_assets.signals.montage import CHAINS, ELECTRODES, bipolar
from hbac_assets_tests.recordings.files import (
    DERIVATIONS,
    NEWER,
    STYLES,
    bipolar_eeg,
    read_eeg,
    signals_of,
    synthetic_eeg,
    write_edf,
)

EEG = synthetic_eeg("LPD", 700)[: 20 * 200]
STEP = 0.1
"""µV between two values of the files."""


def chains(eeg):
    return np.concatenate([bipolar(eeg, chain) for chain in CHAINS])


@pytest.mark.parametrize("style", STYLES)
def test_a_common_reference_leaves_values_as_they_are(style, tmp_path):
    path = write_edf(tmp_path / "a.edf", EEG, labels=[STYLES[style](name) for name in ELECTRODES])
    np.testing.assert_allclose(read_eeg(path), EEG, atol=0.51 * STEP)


def test_order_and_other_channels_do_not_matter(tmp_path):
    order = np.random.default_rng(0).permutation(19)
    labels = ["EKG", *(f"EEG {ELECTRODES[column]}-REF" for column in order), "EEG A1-REF", "Photic"]
    more = np.column_stack([EEG[:, 0] * 3, EEG[:, order], EEG[:, 1], EEG[:, 2]])
    path = write_edf(tmp_path / "a.edf", more, labels=labels)
    np.testing.assert_allclose(read_eeg(path), EEG, atol=0.51 * STEP)
    assert signals_of(path).derivation.channels == tuple(range(1, 20))


def test_an_electrode_as_reference_is_zero(tmp_path):
    cz = ELECTRODES.index("Cz")
    others = [name for name in ELECTRODES if name != "Cz"]
    against = np.delete(EEG - EEG[:, [cz]], cz, axis=1)
    read = read_eeg(write_edf(tmp_path / "a.edf", against, labels=[f"{name}-Cz" for name in others]))
    np.testing.assert_allclose(read, EEG - EEG[:, [cz]], atol=0.51 * STEP)


LONGITUDINAL = [f"{NEWER.get(plus, plus)}-{NEWER.get(minus, minus)}" for plus, minus in DERIVATIONS]


@pytest.mark.parametrize(
    ("pairs", "labels"),
    [
        (DERIVATIONS, LONGITUDINAL),
        (DERIVATIONS[::-1], LONGITUDINAL[::-1]),
        ([pair[::-1] for pair in DERIVATIONS], ["-".join(pair[::-1]) for pair in DERIVATIONS]),
        ([*DERIVATIONS, ("Fz", "Cz"), ("Cz", "Pz"), ("T4", "T6")], [*LONGITUDINAL, "FZ-CZ", "CZ-PZ", "T8-P8"]),
        (DERIVATIONS[1:], LONGITUDINAL[1:]),
    ],
    ids=["double banana", "another order", "reversed", "with the midline, and one twice", "one that others give"],
)
def test_a_bipolar_file_gives_the_derivations_of_the_chains(pairs, labels, tmp_path):
    path = write_edf(tmp_path / "a.edf", bipolar_eeg(EEG, pairs), labels=labels)
    np.testing.assert_allclose(chains(read_eeg(path)), chains(EEG), atol=8 * STEP)
    assert survey(signals_of(path)) == (
        () if len(pairs) > 16 else ("without Fz, Cz, Pz, which no chain of the montage needs",)
    )


def test_hemispheres_may_have_references_of_their_own(tmp_path):
    ears = np.random.default_rng(0).normal(0, 20, (len(EEG), 2))
    right = [name[-1] in "2468" for name in ELECTRODES]
    labels = [f"{name}-{'A2' if side else 'A1'}" for name, side in zip(ELECTRODES, right, strict=True)]
    path = write_edf(tmp_path / "a.edf", EEG - ears[:, np.array(right, int)], labels=labels)
    np.testing.assert_allclose(chains(read_eeg(path)), chains(EEG), atol=1.1 * STEP)


def test_a_missing_sample_of_one_derivation_is_missing_in_what_it_gives_only(tmp_path):
    signals = signals_of(write_edf(tmp_path / "a.edf", EEG))
    values = signals.between(0, 100)
    values[3, 5] = np.nan
    eeg = signals.derivation.electrodes(values)
    assert np.argwhere(np.isnan(eeg)).tolist() == [[3, 5]]


def test_the_midline_may_be_missing(tmp_path):
    kept = [column for column, name in enumerate(ELECTRODES) if not name.endswith("z")]
    path = write_edf(tmp_path / "a.edf", EEG[:, kept], labels=[ELECTRODES[column] for column in kept])
    eeg = read_eeg(path)
    np.testing.assert_allclose(eeg[:, kept], EEG[:, kept], atol=0.51 * STEP)
    assert np.isnan(np.delete(eeg, kept, axis=1)).all()


def refusal(path):
    with pytest.raises(HbacError) as error:
        survey(signals_of(path))
    return str(error.value)


def test_a_chain_that_is_not_joined_is_refused(tmp_path):
    labels = [f"{name}-{'A2' if name in ('F7', 'T3') else 'A1'}" for name in ELECTRODES]
    message = refusal(write_edf(tmp_path / "a.edf", EEG, labels=labels))
    assert "expected one reference for Fp1-F7-T3-T5-O1, or bipolar channels that join them, found Fp1-A1, " in message


def test_a_reversed_derivation_is_seen_by_the_others(tmp_path):
    labels = [*LONGITUDINAL[:2], "-".join(LONGITUDINAL[2].split("-")[::-1]), *LONGITUDINAL[3:]]
    assert "to agree with the other channels" in refusal(write_edf(tmp_path / "a.edf", bipolar_eeg(EEG), labels=labels))


def test_two_channels_of_one_electrode_that_differ_are_refused_and_equal_ones_are_not(tmp_path):
    labels = [*ELECTRODES, "T7"]
    t3, t4 = ELECTRODES.index("T3"), ELECTRODES.index("T4")
    same = write_edf(tmp_path / "a.edf", EEG[:, [*range(19), t3]], labels=labels)
    np.testing.assert_allclose(read_eeg(same), EEG, atol=0.51 * STEP)
    survey(signals_of(same))
    other = write_edf(tmp_path / "b.edf", EEG[:, [*range(19), t4]], labels=labels)
    assert "expected channel T7 to agree with the other channels" in refusal(other)


def test_bipolar_channels_beside_a_common_reference_are_not_needed(tmp_path):
    path = write_edf(tmp_path / "a.edf", EEG[:, [*range(19), 3]], labels=[*ELECTRODES, "C3-C4"])
    signals = signals_of(path)
    assert signals.derivation.channels == tuple(range(19))
    assert derive(open_recording(path)).closures == {}
