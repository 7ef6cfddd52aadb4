"""From the latent course to the pattern on the scalp: rhythmic waves, periodic discharges and all between.

Rhythmic delta activity repeats a uniform waveform without pause; periodic discharges are sharp, with a pause between
them (ACNS 2021, main term 2). A seizure is the same generator while frequency, amplitude and field change. None of it
is regular: phase, height and intervals wander as much as in real recordings.
"""

import numpy as np

from hbac_assets.signals.montage import EEG_RATE
from hbac_assets.synthetic.head import bipolar_field, dipolar, spread
from hbac_assets.synthetic.latents import Course
from hbac_assets.synthetic.morphology import Morphology
from hbac_assets.synthetic.randomness import fluctuations, to_samples
from hbac_assets.synthetic.waveforms import train, wave

RECOGNISED_AMPLITUDE = 1.0
"""Amplitude that half of the readers recognise in the derivation that sees most of it, over the background's level."""
DISCHARGE_GAIN = (2.9, 1.75)
"""Peak of a discharge over that of a wave of the same prominence: of generalised and of lateralised ones."""
WANDER_RATE, WANDER_SECONDS, SWELL_SECONDS = 10, 0.4, 0.8
"""Values a second of what changes within seconds, and time scales of phase and amplitude."""
APART = 0.5
"""Deviation of the logarithm of the amplitude of each end of the dipoles."""
SEIZURE_SPREAD = 0.7
"""Fraction of the other hemisphere that a fully evolving pattern has involved at its end."""
ONSET = 0.12
"""Fraction of an evolving episode after which its fast onset has fallen to 1 / e."""


def render_pattern(rng: np.random.Generator, course: Course, look: Morphology, samples: int) -> np.ndarray:
    """Return (19, samples) float32, in levels of the background.

    Args:
        rng: of what is irregular in it.
        course: the latent state.
        look: what distinguishes the recording.
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
    # Each end of the dipoles comes a little later than the one before it, and waxes and wanes by itself.
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
    """Return rhythmic waves of about unit amplitude, whose phase and amplitude wander."""
    samples = len(cycles)
    wander = np.float32(look.wander) * _within_seconds(rng, 1, samples, WANDER_SECONDS)[0]
    wandering = np.mod(cycles, 1).astype(np.float32) + wander
    angle = np.float32(2 * np.pi) * wandering
    waves: np.ndarray = np.sin(angle)
    waves += np.float32(look.harmonic) * np.sin(2 * angle + np.float32(0.5))
    waves *= np.exp(np.float32(look.swell) * _within_seconds(rng, 1, samples, SWELL_SECONDS)[0])
    return waves


def _discharge_times(rng: np.random.Generator, cycles: np.ndarray, look: Morphology) -> np.ndarray:
    """Return the seconds of one discharge a cycle, each a little early or late."""
    at = np.flatnonzero(np.diff(np.floor(cycles)))
    intervals = np.diff(at, append=at[-1:] + EEG_RATE) / EEG_RATE
    return np.asarray(at / EEG_RATE + look.jitter * intervals * rng.standard_normal(len(at)))


def _discharges(rng: np.random.Generator, times: np.ndarray, prominence: np.ndarray, look: Morphology) -> np.ndarray:
    """Return discharges at the times, as high as the prominence there, each a little higher or lower."""
    samples = len(prominence)
    shape = wave(_length(look), look.phases)
    shape /= np.abs(shape).max()
    heights = np.exp(look.unevenness * rng.standard_normal(len(times)))
    heights *= prominence[np.clip((times * EEG_RATE).astype(int), 0, samples - 1)]
    return train(times, heights, shape, samples)


def _length(look: Morphology) -> float:
    """Return the seconds of a wave that holds all phases, up to three deviations from their peaks."""
    return 2 * max(abs(time) + 3 * deviation for _, time, deviation in look.phases)


def _oscillation(rng: np.random.Generator, frequency: float, samples: int) -> np.ndarray:
    """Return (samples,) fast activity of unit amplitude and wandering frequency."""
    drift = np.float32(0.4) * _within_seconds(rng, 1, samples, WANDER_SECONDS)[0]
    angle = np.mod(frequency / EEG_RATE * np.arange(samples), 1).astype(np.float32)
    return np.asarray(np.sin(np.float32(2 * np.pi) * (angle + drift)))


def _within_seconds(rng: np.random.Generator, count: int, samples: int, scale: float) -> np.ndarray:
    """Return (count, samples) float32: processes of unit variance that change within `scale` seconds."""
    steps = samples * WANDER_RATE // EEG_RATE + 1
    return to_samples(fluctuations(rng, count, steps, scale * WANDER_RATE), samples, WANDER_RATE)
