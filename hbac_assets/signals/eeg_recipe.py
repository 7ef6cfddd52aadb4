"""The recipe of a spectrogram made from the EEG: transform, grid and denoising.

`eeg_spectrogram` applies a recipe; a member's settings choose it.
"""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationInfo, field_validator

from hbac_assets.settings import KIND, Settings
from hbac_assets.signals import recipes
from hbac_assets.signals.montage import CHAINS, EEG_RATE, EEG_WINDOW

NYQUIST = EEG_RATE / 2


class EegRecipe(Settings):
    """The recipe of an image per chain, from 50 s of EEG or the middle 10 s.

    The defaults are the competition's most used public recipe.
    Frames of `segment_length` samples have a hop of `segment_length - overlap`, the first centred on the first sample
    of the window, which is padded with zeros. All but the last frame are used, 256 by default; if there are more
    frames than columns, they are averaged.
    """

    model_config = ConfigDict(validate_default=True)

    seconds: Literal[50, 10] = Field(50, description="of the EEG; 10: the middle ones, which are labelled")
    transform: Annotated[Literal["mel", "stft"], KIND] = Field(
        "mel", description="triangular mel filters on the power, or the power itself averaged over `frequencies`"
    )
    segment_length: Annotated[int, Field(ge=4, le=EEG_WINDOW, multiple_of=2)] = Field(128, description="samples")
    overlap: NonNegativeInt = Field(89, description="samples")
    fft_length: Annotated[int, Field(multiple_of=2)] = Field(1024, description="samples, zero-padded from the segment")
    frequencies: tuple[float, float] = Field((0.0, 20.0), description="Hz")
    size: tuple[PositiveInt, PositiveInt] = Field((128, 256), description="(bands, columns) of each chain")
    denoising: str | None = Field(None, description="the wavelet to denoise with before the transform, such as db8")

    @property
    def name(self) -> str:
        """The first part of the name of its arrays' folder."""
        return self.transform

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of a window's array: (4 × bands, columns)."""
        return len(CHAINS) * self.size[0], self.size[1]

    @property
    def dtype(self) -> type[np.floating]:
        """Type of a window's array."""
        return np.float32

    def of_label(self) -> Self:
        """Return the recipe for the labelled 10 s, with a shorter hop, so that there are at least as many frames."""
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
            return size  # one of them is invalid already
        frames = earlier.data["seconds"] * EEG_RATE // (earlier.data["segment_length"] - earlier.data["overlap"])
        if size[1] > frames:
            raise ValueError(f"expected at most {frames} columns: so many frames does the overlap give")
        # Otherwise a mel filter could fall between two bins of the transform.
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
