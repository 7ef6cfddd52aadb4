"""The kinds of input by name."""

from hbac_assets.learning.inputs.eeg import EegView
from hbac_assets.learning.inputs.image import ImageKind
from hbac_assets.learning.inputs.kaggle import KaggleView
from hbac_assets.learning.inputs.kind import InputKind

KINDS: dict[str, InputKind] = {
    "kaggle": ImageKind((KaggleView(),)),
    "eeg": ImageKind((EegView(),)),
    "both": ImageKind((KaggleView(), EegView())),
}
"""The values of `Preprocessing.input`."""
