import numpy as np

from hbac_assets.signals.montage import (
    CHAINS,
    DERIVATIONS,
    EEG_COLUMNS,
    ELECTRODES,
    SIDE_DERIVATIONS,
    bipolar,
    double_banana,
    mirrored,
)


def test_columns_are_the_nineteen_electrodes_and_the_ekg():
    assert len(ELECTRODES) == 19
    assert (*ELECTRODES, "EKG") == EEG_COLUMNS
    assert ELECTRODES[:8] == ("Fp1", "F3", "C3", "P3", "F7", "T3", "T5", "O1")


def test_right_chains_mirror_the_left_ones():
    for left, right in (("LL", "RL"), ("LP", "RP")):
        assert mirrored(CHAINS[left]) == CHAINS[right]
        assert mirrored(CHAINS[right]) == CHAINS[left]


def test_every_electrode_has_one_at_the_same_place_of_the_other_side():
    pairs = dict(zip(ELECTRODES, mirrored(ELECTRODES), strict=True))
    assert sorted(pairs.values()) == sorted(ELECTRODES)
    assert {one for one, other in pairs.items() if one == other} == {"Fz", "Cz", "Pz"}
    assert {pairs[other] == one for one, other in pairs.items()} == {True}
    assert [pairs[name] for name in ("Fp1", "F7", "T5", "O2", "C4")] == ["Fp2", "F8", "T6", "O1", "C3"]


def test_differences_run_from_front_to_back_and_leave_out_the_ekg():
    eeg = np.zeros((3, 20))
    eeg[:, ELECTRODES.index("F7")] = [1, 2, 3]
    eeg[:, EEG_COLUMNS.index("EKG")] = 1_000

    np.testing.assert_array_equal(bipolar(eeg, "LL"), [[-1, -2, -3], [1, 2, 3], [0, 0, 0], [0, 0, 0]])
    assert not bipolar(eeg, "LP").any()


def test_the_double_banana_has_the_chains_of_the_left_of_the_right_and_the_midline():
    eeg = np.random.default_rng(0).normal(size=(5, 20)).astype(np.float32)
    derivations = double_banana(eeg)
    assert derivations.shape == (18, 5)
    for place, chain in enumerate(("LL", "LP", "RL", "RP")):
        np.testing.assert_array_equal(derivations[4 * place : 4 * place + 4], bipolar(eeg, chain))
    fz, cz, pz = (eeg[:, ELECTRODES.index(name)] for name in ("Fz", "Cz", "Pz"))
    np.testing.assert_array_equal(derivations[16:], [fz - cz, cz - pz])


def test_derivations_of_the_right_mirror_those_of_the_left():
    mirror = str.maketrans("1357", "2468")
    left, right = DERIVATIONS[:SIDE_DERIVATIONS], DERIVATIONS[SIDE_DERIVATIONS : 2 * SIDE_DERIVATIONS]
    assert [tuple(name.translate(mirror) for name in pair) for pair in left] == list(right)
