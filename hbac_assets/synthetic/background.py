"""The ongoing background of a patient's EEG, of which no reader marks anything.

Coloured noise of cortical sources: a falling spectrum, the slowing of a sick brain, what is left of the posterior
rhythm, the fast activity of sedation. It varies between patients more than a pattern rises above it.
"""

from dataclasses import dataclass

import numpy as np

from hbac_assets.signals.montage import EEG_RATE
from hbac_assets.synthetic.head import spread
from hbac_assets.synthetic.randomness import fluctuations

# Six regions of each hemisphere: prefrontal, frontal, central, temporal, parietal, occipital.
LEFT_SOURCES = np.array([(-0.3, 0.8), (-0.5, 0.45), (-0.4, 0.0), (-0.85, 0.0), (-0.5, -0.45), (-0.3, -0.85)])
SOURCES = np.concatenate([LEFT_SOURCES, LEFT_SOURCES * (-1, 1)])
SOURCE_WIDTH = 0.3
POSTERIOR = np.tile([0.1, 0.1, 0.2, 0.3, 0.7, 1.0], 2)
ANTERIOR = np.tile([1.0, 0.8, 0.5, 0.3, 0.2, 0.1], 2)

KNEE_HZ = 0.8
"""Below it the spectrum no longer rises."""
SLOWING_BAND, RHYTHM_WIDTH, FAST_BAND = (1.8, 0.8), 0.7, (18.0, 3.0)
"""Centre and standard deviation in Hz."""
ELECTRODE_NOISE = 0.06
"""White noise of each electrode over the standard deviation of the background."""

FLUCTUATIONS = ((20.0, 0.2), (2.0, 0.15))
"""Time scale in seconds, and standard deviation of the logarithm of the amplitude."""
ATTENUATION_SECONDS, ATTENUATION_THRESHOLD = 3.0, 0.4


@dataclass(frozen=True)
class Background:
    """What distinguishes the background of one patient.

    Attributes:
        level: standard deviation in µV.
        slope: exponent of the falling power spectrum.
        slowing: power of polymorphic delta, over the falling spectrum there.
        rhythm_hz: frequency of the posterior rhythm.
        rhythm: its power, over the falling spectrum there.
        fast: power of frontal beta, over the falling spectrum there.
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
        rhythm=float(rng.gamma(0.8, 8.0)),
        fast=float(rng.gamma(0.6, 4.0)),
        asymmetry=float(rng.normal(0, 0.12)),
        attenuation=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.15 else 0.0,
    )


def render_background(rng: np.random.Generator, background: Background, samples: int) -> np.ndarray:
    """Return (19, samples) float32, in standard deviations of the sources."""
    from scipy import fft

    length = fft.next_fast_len(samples, real=True)
    noise = rng.standard_normal((2, len(SOURCES), length // 2 + 1), np.float32)
    noise *= _amplitude_spectra(background, length)
    sources = fft.irfft(noise[0] + 1j * noise[1], length, axis=-1)[:, :samples]
    sources *= _modulation(rng, background, samples) / sources.std()
    # Not a matrix product: its bits would depend on the number of threads.
    eeg: np.ndarray = np.einsum("es,st->et", spread(SOURCES, SOURCE_WIDTH), sources)
    eeg += ELECTRODE_NOISE * rng.standard_normal(eeg.shape, np.float32)
    return eeg


def _amplitude_spectra(background: Background, length: int) -> np.ndarray:
    """Return (12, frequencies) float32, up to a common factor."""
    frequency = np.fft.rfftfreq(length, 1 / EEG_RATE)

    def falling(frequency: np.ndarray | float) -> np.ndarray:
        return np.asarray((frequency**2 + KNEE_HZ**2) ** (-background.slope / 2))

    def bump(centre: float, width: float) -> np.ndarray:
        return np.asarray(falling(centre) * np.exp(-0.5 * ((frequency - centre) / width) ** 2))

    common = falling(frequency) + background.slowing * bump(*SLOWING_BAND)
    rhythm = background.rhythm * bump(background.rhythm_hz, RHYTHM_WIDTH)
    fast = background.fast * bump(*FAST_BAND)
    power = common + np.outer(POSTERIOR, rhythm) + np.outer(ANTERIOR, fast)
    side = np.repeat([-0.5, 0.5], len(LEFT_SOURCES)) * background.asymmetry
    return np.asarray(np.sqrt(power) * np.exp(side)[:, None], np.float32)


def _modulation(rng: np.random.Generator, background: Background, samples: int) -> np.ndarray:
    """Return (samples,): slow waxing and waning, and recurring attenuations where there are any."""
    seconds = samples // EEG_RATE + 1
    gain = np.ones(seconds)
    for scale, deviation in FLUCTUATIONS:
        gain *= np.exp(deviation * fluctuations(rng, 1, seconds, scale)[0])
    attenuated = fluctuations(rng, 1, seconds, ATTENUATION_SECONDS)[0] > ATTENUATION_THRESHOLD
    gain *= 1 - background.attenuation * attenuated
    return np.asarray(np.interp(np.arange(samples) / EEG_RATE, np.arange(seconds), gain), np.float32)
