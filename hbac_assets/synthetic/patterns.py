"""From the latent course to the pattern on the scalp: rhythmic waves, periodic discharges and all between.

Rhythmic delta activity repeats a uniform waveform without pause; periodic discharges are sharp, with a pause between
them (ACNS 2021, main term 2). A seizure is the same generator while frequency, amplitude and field change.
"""

import numpy as np

from hbac_assets.signals.montage import EEG_RATE
from hbac_assets.synthetic.head import spread
from hbac_assets.synthetic.latents import Course
from hbac_assets.synthetic.waveforms import train, wave

FIELD_WIDTH = 0.42
"""Head radii: a pattern involves a good part of a hemisphere."""
RECOGNISED_AMPLITUDE = 2.2
"""Amplitude that half of the readers recognise, over the standard deviation of the background."""
DISCHARGE_GAIN = 2.4
"""Peak of a discharge over that of a wave of the same prominence."""
TRIPHASIC = ((-0.3, -0.06, 0.025), (1.0, 0.0, 0.028), (-0.45, 0.12, 0.06))
"""Height, time and width in s: a sharp wave between an early and a slow late wave of opposite sign."""
CYCLE_JITTER, AMPLITUDE_JITTER = 0.05, 0.2
"""Standard deviations between discharges: of their times in s, of their height in shares."""
CROSSING_SECONDS = 0.015
"""Delay between the hemispheres."""
SEIZURE_SPREAD = 0.7
"""Share of the other hemisphere that a fully evolving pattern has involved at its end."""


def draw_focus(rng: np.random.Generator) -> np.ndarray:
    """Return the (x, y) of the leading focus, in either hemisphere."""
    side = rng.choice([-1, 1])
    return np.array([side * rng.uniform(0.35, 0.8), rng.uniform(-0.5, 0.6)])


def render_pattern(rng: np.random.Generator, course: Course, focus: np.ndarray, samples: int) -> np.ndarray:
    """Return (19, samples) float32, in standard deviations of the background."""
    seconds = np.arange(samples) / EEG_RATE
    amplitude, evolution, laterality, periodicity, frequency, progress = (
        np.interp(seconds, np.arange(len(values)) + 0.5, values).astype(np.float32)
        for values in (
            course.amplitude, course.evolution, course.laterality,
            course.periodicity, course.frequency, course.progress,
        )
    )  # fmt: skip
    cycles = np.cumsum(frequency.astype(np.float64)) / EEG_RATE
    waveform = (1 - periodicity) * _waves(cycles) + periodicity * DISCHARGE_GAIN * _discharges(rng, cycles)
    leading = RECOGNISED_AMPLITUDE * amplitude * waveform
    following = np.roll(leading, round(CROSSING_SECONDS * EEG_RATE))
    following *= 1 - laterality * (1 - SEIZURE_SPREAD * evolution * progress)
    field = spread(np.stack([focus, focus * (-1, 1)]), FIELD_WIDTH)
    return np.asarray(field[:, :1] * leading + field[:, 1:] * following, np.float32)


def _waves(cycles: np.ndarray) -> np.ndarray:
    """Return slightly sharp-contoured waves of unit amplitude."""
    angle = 2 * np.pi * cycles
    return np.asarray(np.sin(angle) + 0.25 * np.sin(2 * angle + 0.5), np.float32)


def _discharges(rng: np.random.Generator, cycles: np.ndarray) -> np.ndarray:
    """Return one triphasic discharge a cycle, each a little early or late, larger or smaller than 1."""
    onsets = np.flatnonzero(np.diff(np.floor(cycles))) / EEG_RATE
    times = onsets + CYCLE_JITTER * rng.standard_normal(len(onsets))
    heights = 1 + AMPLITUDE_JITTER * rng.standard_normal(len(onsets))
    return train(times, heights, wave(0.6, TRIPHASIC), len(cycles))
