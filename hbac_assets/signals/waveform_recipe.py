"""The recipe of waveforms made from the EEG: pass band, sampling rate, length.

`waveform` applies a recipe; a member's settings choose it.
"""

from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field, PositiveFloat, ValidationInfo, field_validator

from hbac_assets.settings import Settings
from hbac_assets.signals.montage import EEG_RATE, EEG_WINDOW_SECONDS
from hbac_assets.signals.recipes import waveform_shape

NYQUIST = EEG_RATE / 2


class WaveformRecipe(Settings):
    """The recipe of waveforms of the longitudinal bipolar montage from the middle of 50 s of EEG."""

    model_config = ConfigDict(validate_default=True)

    rate: Annotated[int, Field(ge=10, le=EEG_RATE)] = Field(40, description="samples a second")
    seconds: Annotated[float, Field(ge=1, le=EEG_WINDOW_SECONDS)] = Field(
        12.8, description="length of the waveforms, centred on the labelled moment"
    )
    band: tuple[float, float] = Field((0.5, 40.0), description="pass band in Hz; limited to half the rate")
    clip: PositiveFloat = Field(1024.0, description="largest amplitude in µV; larger ones are clipped")

    @property
    def name(self) -> str:
        """The first part of the name of its arrays' folder."""
        return "waveform"

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of a window's array: (18 derivations, samples)."""
        return waveform_shape(self)

    @property
    def dtype(self) -> type[np.floating]:
        """Type of a window's array."""
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
