"""The ongoing background of a patient's EEG, of which no reader marks anything.

Coloured noise of cortical sources: a falling spectrum, the slowing of a sick brain, what is left of the
posterior rhythm, the fast activity of sedation. It varies between patients far more than a pattern does over
it.
"""

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from hbac_assets.signals.montage import EEG_RATE
from hbac_assets.synthetic.head import spread

# Six regions of each hemisphere: prefrontal, frontal, central, temporal, parietal, occipital.
LEFT_SOURCES = np.array([(-0.3, 0.8), (-0.5, 0.45), (-0.4, 0.0), (-0.85, 0.0), (-0.5, -0.45), (-0.3, -0.85)])
SOURCES = np.concatenate([LEFT_SOURCES, LEFT_SOURCES * (-1, 1)])
SOURCE_WIDTH = 0.3
POSTERIOR = np.tile([0.1, 0.1, 0.2, 0.3, 0.7, 1.0], 2)
ANTERIOR = np.tile([1.0, 0.8, 0.5, 0.3, 0.2, 0.1], 2)

KNEE_HZ = 0.8
"""Below it the spectrum no longer rises."""
ELECTRODE_NOISE = 0.06
"""White noise of each electrode over the standard deviation of the background."""
DRIFT_SECONDS = 20


@dataclass(frozen=True)
class Background:
    """What distinguishes the background of one patient.

    Attributes:
        level: standard deviation in µV.
        slope: exponent of the falling power spectrum.
        slowing: polymorphic delta at 1 to 3 Hz, over the falling spectrum there.
        rhythm_hz, rhythm: frequency and prominence of the posterior rhythm.
        fast: prominence of frontal beta.
        asymmetry: natural logarithm of right over left amplitude.
        attenuation: depth of recurring attenuations, 0 in a continuous background.
    """

    level: float
    slope: float
    slowing: float
    rhythm_hz: float
    rhythm: float
    fast: float
    asymmetry: float
    attenuation: float


def draw_background(rng: np.random.Generator) -> Background:
    """Draw the background of a patient."""
    return Background(
        level=float(np.exp(rng.normal(np.log(14), 0.45))),
        slope=float(rng.normal(2.0, 0.3)),
        slowing=float(rng.gamma(1.2, 0.7)),
        rhythm_hz=float(rng.uniform(6.5, 10.5)),
        rhythm=float(rng.gamma(0.8, 1.0)),
        fast=float(rng.gamma(0.6, 1.0)),
        asymmetry=float(rng.normal(0, 0.12)),
        attenuation=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.15 else 0.0,
    )


def render_background(rng: np.random.Generator, background: Background, samples: int) -> np.ndarray:
    """Return (19, samples) float32 with a standard deviation of about 1."""
    length = fft.next_fast_len(samples, real=True)
    shape = (len(SOURCES), length // 2 + 1)
    noise = rng.standard_normal((2, *shape), np.float32)
    noise *= _amplitude_spectra(background, length)
    sources = fft.irfft(noise[0] + 1j * noise[1], length, axis=-1)[:, :samples]
    sources *= _modulation(rng, background, samples) / sources.std()
    eeg = np.einsum("es,st->et", spread(SOURCES, SOURCE_WIDTH), sources)
    eeg += ELECTRODE_NOISE * rng.standard_normal(eeg.shape, np.float32)
    return eeg


def _amplitude_spectra(background: Background, length: int) -> np.ndarray:
    """Return (12, frequencies) float32, up to a common factor."""
    frequency = fft.rfftfreq(length, 1 / EEG_RATE).astype(np.float32)
    power = (frequency**2 + np.float32(KNEE_HZ**2)) ** np.float32(-background.slope / 2)

    def bump(centre: float, width: float) -> np.ndarray:
        height = (centre**2 + KNEE_HZ**2) ** (-background.slope / 2)
        return height * np.exp(-0.5 * ((frequency - np.float32(centre)) / np.float32(width)) ** 2)

    side = np.repeat([-0.5, 0.5], len(LEFT_SOURCES)) * background.asymmetry
    spectra = power + background.slowing * bump(1.8, 0.8)
    posterior = 8 * background.rhythm * bump(background.rhythm_hz, 0.7)
    anterior = 4 * background.fast * bump(18.0, 3.0)
    spectra = spectra + np.outer(POSTERIOR, posterior) + np.outer(ANTERIOR, anterior)
    return np.sqrt(spectra) * np.exp(side)[:, None].astype(np.float32)


def _modulation(rng: np.random.Generator, background: Background, samples: int) -> np.ndarray:
    """Return (samples,): slow waxing and waning, and recurring attenuations where there are any."""
    seconds = samples // EEG_RATE + 1
    smooth = gaussian_filter1d(rng.standard_normal(seconds), DRIFT_SECONDS)
    gain = np.exp(0.2 * smooth / smooth.std())
    cycle = np.mod(np.arange(seconds), rng.uniform(8, 20)) / 20
    gain = gain * (1 - background.attenuation * (cycle > rng.uniform(0.2, 0.4)))
    return np.interp(np.arange(samples) / EEG_RATE, np.arange(seconds), gain).astype(np.float32)
