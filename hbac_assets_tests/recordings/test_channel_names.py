"""Labels as recorders write them, and the two inputs that they name."""

import pytest

from hbac_assets.recordings.channel_names import inputs
from hbac_assets.recordings.units import microvolts
from hbac_assets.signals.montage import ELECTRODES
from hbac_assets_tests.recordings.files import STYLES

LABELS = {
    "Fp1": ("Fp1", ""),
    "FP1": ("Fp1", ""),
    "fp1": ("Fp1", ""),
    " Fp1 ": ("Fp1", ""),
    "EEG Fp1": ("Fp1", ""),
    "EEG FP1-REF": ("Fp1", "REF"),
    "EEG Fp1-Ref": ("Fp1", "REF"),
    "EEG FP1-LE": ("Fp1", "LE"),
    "EEG FP1-AR": ("Fp1", "AR"),
    "Fp1-A1": ("Fp1", "A1"),
    "Fp1-M2": ("Fp1", "M2"),
    "Fp1 - A1": ("Fp1", "A1"),
    "Fp1-(A1+A2)/2": ("Fp1", "(A1+A2)/2"),
    "Fp1/A1": ("Fp1", "A1"),
    "Fp1_REF": ("Fp1", "REF"),
    "EEG_Fp1": ("Fp1", ""),
    "EEG:Fp1-Cz": ("Fp1", "Cz"),
    "POL Fp1": ("Fp1", ""),
    "POL FP1-Ref": ("Fp1", "REF"),
    "Fp1.": ("Fp1", ""),
    "Fp1..": ("Fp1", ""),
    "EEG FP1": ("Fp1", ""),
    "EEG FP1-0": ("Fp1", ""),
    "T7": ("T3", ""),
    "T8": ("T4", ""),
    "P7-LE": ("T5", "LE"),
    "EEG P8-REF": ("T6", "REF"),
    "Cz.": ("Cz", ""),
    "CZ-REF": ("Cz", "REF"),
    "FP1-F7": ("Fp1", "F7"),
    "T7-P7": ("T3", "T5"),
    "T8-P8-1": ("T4", "T6"),
    "EEG T3-T5": ("T3", "T5"),
    "C3-FT9": ("C3", "FT9"),
    "A1-T3": ("A1", "T3"),
}
OTHERS = (
    "EKG", "ECG", "EEG EKG1-REF", "EOG L", "EMG chin", "Photic", "PHOTIC-REF", "SpO2", "POL DC01", "POL $A1", "Status",
    "EEG A1-REF", "FT9", "Pz2", "C3'", "", "-", "---", "IBI", "BURSTS", "SUPPR", "EEG 26-REF", "1", "T1-REF", "LOC-ROC",
    "LL_Fp1", "ROC Fp1",
)  # fmt: skip


@pytest.mark.parametrize("label", LABELS)
def test_a_label_names_its_inputs(label):
    assert inputs(label) == LABELS[label]


@pytest.mark.parametrize("label", OTHERS)
def test_other_channels_are_no_electrodes(label):
    assert inputs(label) is None


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", ELECTRODES)
def test_each_electrode_is_known_in_each_style(style, name):
    assert inputs(STYLES[style](name)).plus == name


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        *(("uV", 1), ("µV", 1), ("μV", 1), ("UV", 1), (" uV ", 1), ("ÂµV", 1), ("\ufffdV", 1), ("microV", 1)),
        *(("mV", 1e3), ("MV", 1e3), ("V", 1e6), ("v", 1e6), ("nV", 1e-3)),
        *(("%", None), ("degC", None), ("", None), ("mmHg", None), ("Boolean", None), ("uV/cm", None)),
    ],
)
def test_units_of_voltage_are_known_in_their_spellings(unit, factor):
    assert microvolts(unit) == factor
