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
    "waveform": WaveformKind(),
}
"""The values of `Preprocessing.input`."""
