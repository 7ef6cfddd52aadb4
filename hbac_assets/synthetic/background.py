"""The background of a patient's EEG, without patterns.

Coloured noise of cortical sources: a falling spectrum, encephalopathic slowing, the remaining posterior rhythm, the
fast activity of sedation. Each region waxes and wanes independently; in addition there are wide dipoles through the
whole head, mainly from front to back. Continuity and voltage follow section B of the Standardized Critical Care EEG
Terminology, 2021 (Hirsch et al., J Clin Neurophysiol 38:1-29).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from hbac_assets.signals.montage import EEG_RATE
from hbac_assets.synthetic.head import ELECTRODE_POSITIONS, bipolar_field, spread
from hbac_assets.synthetic.randomness import fluctuations, to_samples, white_noise
from hbac_assets.synthetic.waveforms import wave

# Six regions of each hemisphere: prefrontal, frontal, central, temporal, parietal, occipital.
LEFT_SOURCES = np.array([(-0.3, 0.8), (-0.5, 0.45), (-0.4, 0.0), (-0.85, 0.0), (-0.5, -0.45), (-0.3, -0.85)])
SOURCES = np.concatenate([LEFT_SOURCES, LEFT_SOURCES * (-1, 1)])
SOURCE_WIDTH = 0.47

_X, _Y = ELECTRODE_POSITIONS.T
WIDE_FIELDS = np.stack([_Y, _X, 1 - 1.5 * (_X**2 + _Y**2), np.ones_like(_X)], axis=1).astype(np.float32)
"""(19, 4): from front to back, from right to left, from the vertex to the rim; and the common reference."""
WIDE_STRENGTHS, WIDE_SPREAD = np.array([1.45, 1.15, 0.75, 1.3]), 0.35
"""Median amplitudes relative to a region's, and standard deviation of their logarithm between patients."""

# The amplitude of the posterior rhythm and of frontal fast activity in each source: regions, then wide fields.
POSTERIOR = np.array([*(0.1, 0.1, 0.2, 0.3, 0.7, 1.0) * 2, 0.3, 0.2, 0.2, 0.2])
ANTERIOR = np.array([*(1.0, 0.8, 0.5, 0.3, 0.2, 0.1) * 2, 0.3, 0.2, 0.3, 0.2])

KNEE_HZ = 0.5
"""Hz; the spectrum is flat below."""
CORNER_HZ = 45.0
"""Hz; above, the spectrum falls by one more power of the frequency."""
STEEPER = np.repeat([0.0, 0.7], [len(SOURCES), len(WIDE_STRENGTHS)])
"""Additional exponent of the falling spectrum of a wide field."""
SLOWING_WIDTH, RHYTHM_WIDTH, THETA_BAND, FAST_BAND = 0.7, 0.7, (5.5, 1.3), (18.0, 3.0)
"""Standard deviations in Hz; of theta and of fast activity also the centre."""
LEVEL_HZ = 0.5
"""Hz; the level of a background is measured above."""
ELECTRODE_NOISE = 0.4
"""Standard deviation in µV of the white noise of each electrode."""

FLUCTUATIONS = ((15.0, 0.08, 0.3), (1.5, 0.04, 0.25))
"""Time scale in seconds; standard deviations of the log amplitude, common to all sources and of each separately."""
SPREAD_OF_REGIONS = 0.25
"""Standard deviation of the logarithm of the amplitude between the regions of a patient."""

PIECE, OVERLAP = 1_500 * EEG_RATE, 4 * EEG_RATE
"""Samples rendered at once, and over which consecutive pieces cross-fade."""

Continuity = Literal["continuous", "discontinuous", "burst-suppressed"]
ATTENUATION_SECONDS, ATTENUATION_THRESHOLD = 3.0, 0.4
SUPPRESSION_SECONDS, SUPPRESSION_THRESHOLD, SUPPRESSION = 2.5, 0.2, 0.93
"""Of bursts and suppressions: time scale, threshold (suppressed for 40 % of the time), depth."""

# Kinds of background: fraction of the patients, median level in µV, median power of slowing and of the rhythm.
KINDS: dict[str, tuple[float, float, float, float, Continuity]] = {
    "normal": (0.22, 8.5, 0.5, 10.0, "continuous"),
    "encephalopathic": (0.54, 10.0, 1.3, 4.0, "continuous"),
    "low voltage": (0.10, 5.0, 0.7, 2.0, "continuous"),
    "discontinuous": (0.09, 9.5, 1.0, 1.0, "discontinuous"),
    "burst-suppressed": (0.05, 11.0, 1.0, 0.5, "burst-suppressed"),
}
SLOPE_BESIDE_RHYTHMIC, SLOPE_BESIDE_PERIODIC = 0.45, -0.45
ATTENUATED_BESIDE_PERIODIC = 0.3
"""Slowing of the background during rhythmic delta activity, and its attenuation between discharges."""
TRANSIENT_PHASES = ((1.0, 0.0, 1.0), (-0.5, 2.5, 1.8))
"""Height, time and width of a sharp contour and the slow wave after it, over the width of the former."""


@dataclass(frozen=True)
class Background:
    """The parameters of one patient's background.

    Attributes:
        level: standard deviation in µV of the median bipolar derivation.
        slope: exponent of the falling power spectrum.
        slowing: power of polymorphic delta, relative to the falling spectrum there.
        slowing_hz: its centre frequency.
        theta: power of diffuse theta, relative to the falling spectrum there.
        rhythm_hz: frequency of the posterior rhythm.
        rhythm: its power, relative to the falling spectrum there.
        fast: power of frontal beta, relative to the falling spectrum there.
        regions: (12,) amplitude of each region.
        wide: (4,) amplitude of each wide field.
        continuity: of the background, by its interruptions.
        attenuation: depth of recurring attenuations, 0 in a continuous background.
        transients: isolated sharp transients per second.
    """

    level: float
    slope: float
    slowing: float
    slowing_hz: float
    theta: float
    rhythm_hz: float
    rhythm: float
    fast: float
    regions: np.ndarray
    wide: np.ndarray
    continuity: Continuity
    attenuation: float
    transients: float


def draw_background(rng: np.random.Generator) -> Background:
    """Draw the background of a patient."""
    kind = rng.choice(list(KINDS), p=[fraction for fraction, *_ in KINDS.values()])
    _, level, slowing, rhythm, continuity = KINDS[kind]
    depth = {"continuous": 0.0, "discontinuous": rng.uniform(0.4, 0.8), "burst-suppressed": SUPPRESSION}
    side = np.repeat([-0.5, 0.5], len(LEFT_SOURCES)) * rng.normal(0, 0.15)
    return Background(
        level=float(level * np.exp(rng.normal(0, 0.4))),
        slope=float(rng.normal(1.8, 0.35)),
        slowing=float(slowing * rng.gamma(1.2)),
        slowing_hz=float(rng.uniform(0.7, 1.9)),
        theta=float(rng.gamma(1.2, 0.8)),
        rhythm_hz=float(rng.uniform(4.5, 10.5)),
        rhythm=float(rhythm * rng.gamma(0.8)),
        fast=float(rng.gamma(0.6, 3.0)),
        regions=np.exp(side + SPREAD_OF_REGIONS * rng.standard_normal(len(SOURCES))),
        wide=WIDE_STRENGTHS * np.exp(WIDE_SPREAD * rng.standard_normal(len(WIDE_STRENGTHS))),
        continuity=continuity,
        attenuation=float(depth[continuity]),
        transients=float(rng.gamma(0.5, 0.12)),
    )


def beside_pattern(background: Background, rhythmic: float, periodic: float) -> Background:
    """Return the background in the presence of a pattern: slower with rhythmic waves, faster with discharges.

    Args:
        background: of the patient.
        rhythmic: probability of a pattern, times its rhythmicity.
        periodic: probability of a pattern, times its periodicity.
    """
    slope = background.slope + SLOPE_BESIDE_RHYTHMIC * rhythmic + SLOPE_BESIDE_PERIODIC * periodic
    return replace(background, slope=slope, level=background.level * (1 - ATTENUATED_BESIDE_PERIODIC * periodic))


def render_background(rng: np.random.Generator, background: Background, samples: int) -> np.ndarray:
    """Return (19, samples) float32 in µV, rendered in pieces to limit memory."""
    eeg = np.zeros((len(ELECTRODE_POSITIONS), samples), np.float32)
    rising = np.sin(np.linspace(0, np.pi / 2, OVERLAP, dtype=np.float32))
    for start in range(0, max(samples - OVERLAP, 1), PIECE - OVERLAP):
        piece = _render_piece(rng, background, min(PIECE, samples - start))
        if start:
            piece[:, :OVERLAP] *= rising
            eeg[:, start : start + OVERLAP] *= rising[::-1]
        eeg[:, start : start + PIECE] += piece
    return eeg


def _render_piece(rng: np.random.Generator, background: Background, samples: int) -> np.ndarray:
    """Return (19, samples) float32 in µV."""
    from scipy import fft

    length = fft.next_fast_len(samples, real=True)
    spectra = _amplitude_spectra(background, length)
    noise = white_noise(rng, (2, *spectra.shape))
    noise *= spectra
    sources = fft.irfft(noise[0] + 1j * noise[1], length, axis=-1)[:, :samples]
    sources *= _modulation(rng, background, samples)
    seen = spectra[:, int(LEVEL_HZ * length / EEG_RATE) :]
    deviations = 2 / length * np.sqrt((seen**2).sum(axis=1))
    _add_transients(rng, background, sources, deviations)
    fields = np.concatenate([spread(SOURCES, SOURCE_WIDTH), WIDE_FIELDS], axis=1)
    bipolar = np.sqrt(bipolar_field(fields) ** 2 @ deviations**2)
    fields *= np.float32(background.level / np.median(bipolar))
    # Not a matrix product, whose bits would depend on the number of threads.
    eeg: np.ndarray = np.einsum("es,st->et", fields, sources)
    noise = white_noise(rng, eeg.shape)
    noise *= np.float32(ELECTRODE_NOISE)
    eeg += noise
    return eeg


def _amplitude_spectra(background: Background, length: int) -> np.ndarray:
    """Return (16, frequencies) float32, up to a common factor."""
    frequency = np.fft.rfftfreq(length, 1 / EEG_RATE).astype(np.float32)
    logarithm = np.log(frequency**2 + np.float32(KNEE_HZ**2))

    def over_falling(centre: float, width: float) -> np.ndarray:
        return np.asarray(np.exp(-0.5 * ((frequency - np.float32(centre)) / np.float32(width)) ** 2))

    rhythm = np.float32(background.rhythm) * over_falling(background.rhythm_hz, RHYTHM_WIDTH)
    fast = np.float32(background.fast) * over_falling(*FAST_BAND)
    slowing = np.float32(background.slowing) * over_falling(background.slowing_hz, SLOWING_WIDTH)
    power = np.outer(POSTERIOR.astype(np.float32), rhythm)
    power += np.outer(ANTERIOR.astype(np.float32), fast)
    power += 1 + slowing + np.float32(background.theta) * over_falling(*THETA_BAND)
    power /= np.sqrt(1 + (frequency / np.float32(CORNER_HZ)) ** 2)
    for steeper in np.unique(STEEPER):
        power[steeper == STEEPER] *= np.exp(np.float32(-(background.slope + steeper) / 2) * logarithm)
    np.sqrt(power, out=power)
    power *= np.concatenate([background.regions, background.wide]).astype(np.float32)[:, None]
    return power


def _modulation(rng: np.random.Generator, background: Background, samples: int) -> np.ndarray:
    """Return (16, samples): each source's slow waxing and waning, and recurring attenuations if any."""
    seconds = samples // EEG_RATE + 1
    sources = len(SOURCES) + len(WIDE_STRENGTHS)
    logarithm = np.zeros((sources, seconds))
    for scale, common, own in FLUCTUATIONS:
        slow = fluctuations(rng, 1 + sources, seconds, scale)
        logarithm += common * slow[0] + own * slow[1:]
    gain = np.exp(logarithm)
    scale, threshold = (
        (SUPPRESSION_SECONDS, SUPPRESSION_THRESHOLD)
        if background.continuity == "burst-suppressed"
        else (ATTENUATION_SECONDS, ATTENUATION_THRESHOLD)
    )
    gain *= 1 - background.attenuation * (fluctuations(rng, 1, seconds, scale)[0] > threshold)
    return to_samples(gain, samples)


def _add_transients(
    rng: np.random.Generator, background: Background, sources: np.ndarray, deviations: np.ndarray
) -> None:
    """Add isolated sharp transients and slow waves to single regions of (16, samples)."""
    count = rng.poisson(background.transients * sources.shape[1] / EEG_RATE)
    for source in rng.integers(len(SOURCES), size=count):
        width = float(np.exp(rng.normal(np.log(0.06), 0.5)))
        shape = wave(12 * width, [(height, time * width, spread * width) for height, time, spread in TRANSIENT_PHASES])
        start = int(rng.integers(max(sources.shape[1] - len(shape), 1)))
        height = rng.choice([-1, 1]) * rng.uniform(3, 9) * deviations[source]
        part = sources[source, start : start + len(shape)]
        part += (height * shape[: len(part)]).astype(np.float32)
