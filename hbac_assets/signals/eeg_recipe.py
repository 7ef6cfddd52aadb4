"""The recipe by which a spectrogram is made from an EEG: which transform, on which grid, denoised or not.

How a recipe is followed stands in `eeg_spectrogram`; which member of an experiment has which recipe, in its settings.
"""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationInfo, field_validator

from hbac_assets.settings import KIND, Settings
from hbac_assets.signals import recipes
from hbac_assets.signals.montage import CHAINS, EEG_RATE, EEG_WINDOW

NYQUIST = EEG_RATE / 2


class EegRecipe(Settings):
    """From 50 s of EEG, or the 10 s in their middle, to an image for each chain.

    The defaults are the competition's most used public recipe.
    Frames of `segment_length` samples follow one another by that less `overlap`, the first centred on the first sample
    of the window, beyond which all is zero. All but the frame at its end are used, 256 by default; where they are more
    than the columns, they are averaged down.
    """

    model_config = ConfigDict(validate_default=True)

    seconds: Literal[50, 10] = Field(50, description="of the EEG; 10: those in the middle, which the label is of")
    transform: Annotated[Literal["mel", "stft"], KIND] = Field(
        "mel", description="triangular mel filters on the power, or the power itself averaged over `frequencies`"
    )
    segment_length: Annotated[int, Field(ge=4, le=EEG_WINDOW, multiple_of=2)] = Field(128, description="samples")
    overlap: NonNegativeInt = Field(89, description="samples")
    fft_length: Annotated[int, Field(multiple_of=2)] = Field(1024, description="samples, zeros beyond the segment")
    frequencies: tuple[float, float] = Field((0.0, 20.0), description="Hz")
    size: tuple[PositiveInt, PositiveInt] = Field((128, 256), description="(bands, columns) of each chain")
    denoising: str | None = Field(None, description="the wavelet to denoise with before the transform, such as db8")

    @property
    def name(self) -> str:
        """The first part of the name of the folder of its arrays."""
        return self.transform

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of what it makes of a window: (4 × bands, columns)."""
        return len(CHAINS) * self.size[0], self.size[1]

    @property
    def dtype(self) -> type[np.floating]:
        """Type of what it makes of a window."""
        return np.float32

    def of_label(self) -> Self:
        """Return the recipe for the labelled 10 s, with frames so much closer that there are no fewer of them."""
        label = recipes.of_label(self)
        return self.model_copy(update={"seconds": label.seconds, "overlap": label.overlap})

    @field_validator("overlap")
    @classmethod
    def _shorter_than_the_segment(cls, overlap: int, earlier: ValidationInfo) -> int:
        segment = earlier.data.get("segment_length")
        if segment is not None and overlap >= segment:
            raise ValueError(f"expected less than segment_length, {segment} samples")
        return overlap

    @field_validator("fft_length")
    @classmethod
    def _no_shorter_than_the_segment(cls, fft_length: int, earlier: ValidationInfo) -> int:
        segment = earlier.data.get("segment_length")
        if segment is not None and not segment <= fft_length <= EEG_WINDOW:
            raise ValueError(f"expected segment_length, {segment} samples, to {EEG_WINDOW}")
        return fft_length

    @field_validator("frequencies")
    @classmethod
    def _ordered_below_nyquist(cls, frequencies: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= frequencies[0] < frequencies[1] <= NYQUIST:
            raise ValueError(f"expected the lower one first, within 0 to {NYQUIST:g} Hz, half the sampling rate")
        return frequencies

    @field_validator("size")
    @classmethod
    def _no_finer_than_the_transform(cls, size: tuple[int, int], earlier: ValidationInfo) -> tuple[int, int]:
        if {"seconds", "overlap", "segment_length", "fft_length", "frequencies"} - earlier.data.keys():
            return size  # one of them is at fault already
        frames = earlier.data["seconds"] * EEG_RATE // (earlier.data["segment_length"] - earlier.data["overlap"])
        if size[1] > frames:
            raise ValueError(f"expected at most {frames} columns: so many frames does the overlap give")
        # Else a mel filter could lie between two bins of the transform.
        low, high = earlier.data["frequencies"]
        most = max(0, int((high - low) * 2 * earlier.data["fft_length"] / EEG_RATE) - 2)
        if size[0] > most:
            raise ValueError(f"expected at most {most} bands: more are finer than the bins of fft_length")
        return size

    @field_validator("denoising")
    @classmethod
    def _known_wavelet(cls, wavelet: str | None) -> str | None:
        if wavelet is None:
            return None
        import pywt

        known = pywt.wavelist(kind="discrete")
        if wavelet not in known:
            families = [family for family in map(pywt.wavelist, pywt.families()) if family[0] in known]
            names = [" to ".join(dict.fromkeys((family[0], family[-1]))) for family in families]
            raise ValueError(f"expected a discrete wavelet of PyWavelets: {', '.join(names)}")
        return wavelet
