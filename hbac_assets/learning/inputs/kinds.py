"""The kinds of input by name."""

from hbac_assets.learning.inputs.eeg import EegView
from hbac_assets.learning.inputs.image import ImageKind
from hbac_assets.learning.inputs.kaggle import KaggleView
from hbac_assets.learning.inputs.kind import InputKind
from hbac_assets.learning.inputs.waveform import WaveformKind

KINDS: dict[str, InputKind] = {
    "kaggle": ImageKind((KaggleView(),)),
    "eeg": ImageKind((EegView(),)),
    "both": ImageKind((KaggleView(), EegView())),
    "eeg_10": ImageKind((EegView(of_label=True),)),
    "eeg_50_10": ImageKind((EegView(), EegView(of_label=True))),
    "kaggle_eeg_50_10": ImageKind((KaggleView(), EegView(), EegView(of_label=True))),
    "waveform": WaveformKind(),
}
"""The values of `Preprocessing.input`."""
