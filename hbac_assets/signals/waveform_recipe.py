"""The recipe by which waveforms are made from an EEG: pass band, sampling rate, length.

How a recipe is followed stands in `waveform`; which member of an experiment has which recipe, in its settings.
"""

from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field, PositiveFloat, ValidationInfo, field_validator

from hbac_assets.settings import Settings
from hbac_assets.signals.montage import EEG_RATE, EEG_WINDOW_SECONDS
from hbac_assets.signals.recipes import waveform_shape

NYQUIST = EEG_RATE / 2


class WaveformRecipe(Settings):
    """From 50 s of EEG to the waveforms of the longitudinal bipolar montage around their middle."""

    model_config = ConfigDict(validate_default=True)

    rate: Annotated[int, Field(ge=10, le=EEG_RATE)] = Field(40, description="samples a second")
    seconds: Annotated[float, Field(ge=1, le=EEG_WINDOW_SECONDS)] = Field(
        12.8, description="length of the waveforms, whose middle is the labelled moment"
    )
    band: tuple[float, float] = Field(
        (0.5, 40.0), description="pass band in Hz; half the rate bounds it, too, where that is less"
    )
    clip: PositiveFloat = Field(1024.0, description="largest amplitude in µV; what exceeds it is set to it")

    @property
    def name(self) -> str:
        """The first part of the name of the folder of its arrays."""
        return "waveform"

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of what it makes of a window: (18 derivations, samples)."""
        return waveform_shape(self)

    @property
    def dtype(self) -> type[np.floating]:
        """Type of what it makes of a window."""
        return np.float16

    @field_validator("band")
    @classmethod
    def _ordered_below_nyquist(cls, band: tuple[float, float], earlier: ValidationInfo) -> tuple[float, float]:
        lowest = 1 / EEG_WINDOW_SECONDS  # one period in the window
        if not lowest <= band[0] < band[1] < NYQUIST:
            raise ValueError(f"expected the lower one first, from {lowest:g} to below {NYQUIST:g} Hz")
        rate = earlier.data.get("rate")
        if rate is not None and band[0] >= rate / 2:
            raise ValueError(f"expected the lower one below {rate / 2:g} Hz, half of rate")
        return band
