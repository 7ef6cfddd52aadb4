"""Rendering of the latent course as a pattern on the scalp: rhythmic waves, periodic discharges and intermediates.

Rhythmic delta activity repeats a uniform waveform without an interval; periodic discharges are sharp, with an interval
between them (ACNS 2021, main term 2). A seizure is the same generator with evolving frequency, amplitude and field.
Phase, height and intervals are as irregular as in real recordings.
"""

import numpy as np

from hbac_assets.signals.montage import EEG_RATE
from hbac_assets.synthetic.head import bipolar_field, dipolar, spread
from hbac_assets.synthetic.latents import Course
from hbac_assets.synthetic.morphology import Morphology
from hbac_assets.synthetic.randomness import fluctuations, to_samples
from hbac_assets.synthetic.waveforms import train, wave

RECOGNISED_AMPLITUDE = 1.0
"""Amplitude recognised by half of the readers, in the derivation with most of it, over the background's level."""
DISCHARGE_GAIN = (2.9, 1.75)
"""Peak of a discharge relative to a wave of the same prominence, for generalised and lateralised ones."""
WANDER_RATE, WANDER_SECONDS, SWELL_SECONDS = 10, 0.4, 0.8
"""Rate of processes that change within seconds, Hz; time scales of phase and amplitude, s."""
APART = 0.5
"""Standard deviation of the log amplitude of each end of the dipoles."""
SEIZURE_SPREAD = 0.7
"""Fraction of the other hemisphere involved at the end of a fully evolving pattern."""
ONSET = 0.12
"""Fraction of an evolving episode after which its fast onset has fallen to 1 / e."""


def render_pattern(rng: np.random.Generator, course: Course, look: Morphology, samples: int) -> np.ndarray:
    """Return (19, samples) float32, in levels of the background.

    Args:
        rng: of its irregularity.
        course: the latent state.
        look: the recording's morphology.
        samples: length.
    """
    state = np.stack([course.amplitude, course.evolution, course.laterality, course.periodicity, course.progress])
    amplitude, evolution, laterality, periodicity, progress = to_samples(state, samples)
    cycles = np.cumsum(to_samples(course.frequency, samples), dtype=np.float64) / EEG_RATE
    rhythmic = amplitude * (1 - periodicity)
    generalised, lateralised = DISCHARGE_GAIN
    gain = generalised + (lateralised - generalised) * laterality
    periodic = gain * amplitude * (periodicity + np.float32(look.sharp) * (1 - periodicity))
    follows = 1 - laterality * np.float32(1 - look.leak) * (1 - SEIZURE_SPREAD * evolution * progress)

    leading = rhythmic * _waves(rng, cycles, look)
    times = _discharge_times(rng, cycles, look)
    leading += _discharges(rng, times, periodic, look)
    if look.fast or look.fast_onset:
        onset = np.float32(look.fast_onset) * evolution * np.exp(-progress / np.float32(ONSET))
        leading += amplitude * (np.float32(look.fast) + onset) * _oscillation(rng, look.fast_hz, samples)
    # Each end of the dipoles is slightly delayed relative to the previous one, and waxes and wanes independently.
    near, following, far, following_far = np.exp(APART * _within_seconds(rng, 4, samples, SWELL_SECONDS))
    follows *= np.roll(leading, round(look.crossing * EEG_RATE))
    sources = np.stack([near * leading, following * follows, far * leading, following_far * follows])
    sources[2:] = np.roll(sources[2:], round(look.travel * EEG_RATE), axis=1)
    eeg = np.einsum("es,st->et", RECOGNISED_AMPLITUDE * _fields(look), sources)
    return np.asarray(eeg, np.float32)


def _fields(look: Morphology) -> np.ndarray:
    """Return (19, 4) float32: the near end of the dipole of each hemisphere, then the far ends."""
    foci = np.stack([look.focus, look.focus * (-1, 1)])
    whole = dipolar(foci, look.width, look.opposition)
    near = spread(foci, look.width)
    strongest = np.abs(bipolar_field(whole[:, :1])).max()
    return np.asarray(np.concatenate([near, whole - near], axis=1) / strongest)


def _waves(rng: np.random.Generator, cycles: np.ndarray, look: Morphology) -> np.ndarray:
    """Return rhythmic waves of about unit amplitude with drifting phase and amplitude."""
    samples = len(cycles)
    wander = np.float32(look.wander) * _within_seconds(rng, 1, samples, WANDER_SECONDS)[0]
    wandering = np.mod(cycles, 1).astype(np.float32) + wander
    angle = np.float32(2 * np.pi) * wandering
    waves: np.ndarray = np.sin(angle)
    waves += np.float32(look.harmonic) * np.sin(2 * angle + np.float32(0.5))
    waves *= np.exp(np.float32(look.swell) * _within_seconds(rng, 1, samples, SWELL_SECONDS)[0])
    return waves


def _discharge_times(rng: np.random.Generator, cycles: np.ndarray, look: Morphology) -> np.ndarray:
    """Return the times of one discharge per cycle with jitter, s."""
    at = np.flatnonzero(np.diff(np.floor(cycles)))
    intervals = np.diff(at, append=at[-1:] + EEG_RATE) / EEG_RATE
    return np.asarray(at / EEG_RATE + look.jitter * intervals * rng.standard_normal(len(at)))


def _discharges(rng: np.random.Generator, times: np.ndarray, prominence: np.ndarray, look: Morphology) -> np.ndarray:
    """Return discharges at the times, scaled by the prominence there, with uneven heights."""
    samples = len(prominence)
    shape = wave(_length(look), look.phases)
    shape /= np.abs(shape).max()
    heights = np.exp(look.unevenness * rng.standard_normal(len(times)))
    heights *= prominence[np.clip((times * EEG_RATE).astype(int), 0, samples - 1)]
    return train(times, heights, shape, samples)


def _length(look: Morphology) -> float:
    """Return the length in s of a wave with all phases, up to three standard deviations from their peaks."""
    return 2 * max(abs(time) + 3 * deviation for _, time, deviation in look.phases)


def _oscillation(rng: np.random.Generator, frequency: float, samples: int) -> np.ndarray:
    """Return (samples,) fast activity of unit amplitude and drifting frequency."""
    drift = np.float32(0.4) * _within_seconds(rng, 1, samples, WANDER_SECONDS)[0]
    angle = np.mod(frequency / EEG_RATE * np.arange(samples), 1).astype(np.float32)
    return np.asarray(np.sin(np.float32(2 * np.pi) * (angle + drift)))


def _within_seconds(rng: np.random.Generator, count: int, samples: int, scale: float) -> np.ndarray:
    """Return (count, samples) float32: processes of unit variance that change within `scale` seconds."""
    steps = samples * WANDER_RATE // EEG_RATE + 1
    return to_samples(fluctuations(rng, count, steps, scale * WANDER_RATE), samples, WANDER_RATE)
