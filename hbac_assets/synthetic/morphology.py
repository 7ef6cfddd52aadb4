"""The morphology of a recording's pattern: its location, shape and irregularity.

It does not affect the class, so nothing here changes the true probabilities. The terms are those of the Standardized
Critical Care EEG Terminology, 2021 (Hirsch et al., J Clin Neurophysiol 38:1-29): sharpness, polarity and number of
phases of discharges, the modifiers +S and +F, and the onset and spread of seizures.
"""

from dataclasses import dataclass

import numpy as np

from hbac_assets.synthetic.waveforms import Phases

SHARPNESS_MS, SHARPNESS_SPREAD = (70.0, 115.0), 0.5
"""Width of discharges at half height in s: medians for generalised and lateralised ones; standard deviation of the
logarithm. Spiky is below 70 ms, sharp up to 200 ms, blunt above."""
HALF_WIDTH = 2 * np.sqrt(2 * np.log(2))
"""Full width at half maximum of a Gaussian, in standard deviations."""

# Height, time and standard deviation of each phase, the latter two relative to the main phase's standard deviation.
SHAPES: dict[str, tuple[float, Phases]] = {
    "monophasic": (0.10, ((1.0, 0.0, 1.0),)),
    "biphasic": (0.45, ((1.0, 0.0, 1.0), (-0.5, 2.6, 1.5))),
    "triphasic": (0.30, ((-0.3, -2.0, 1.0), (1.0, 0.0, 1.0), (-0.5, 2.8, 1.6))),
    "polyspike": (0.15, ((0.6, -3.0, 0.7), (1.0, 0.0, 0.7), (0.8, 3.0, 0.7), (-0.5, 7.0, 3.0))),
}
"""Fraction of the recordings, and phases."""

PLUS_SHARP, PLUS_FAST, FAST_ONSET = 0.25, 0.2, 0.4
"""Fractions of the recordings with a modifier, and of seizures that begin with fast activity."""


@dataclass(frozen=True)
class Morphology:
    """The morphology of one recording's pattern.

    Attributes:
        focus: (2,) position of the leading focus, in either hemisphere.
        width: of its field in head radii.
        opposition: of the dipole's other end, see `head.dipolar`.
        travel: delay of the dipole's other end, s.
        crossing: delay of the other hemisphere, s.
        leak: amplitude in the other hemisphere of a fully lateralised pattern; negative for opposite polarity.
        phases: of a discharge, in s.
        jitter: standard deviation of a discharge's time, relative to the interval.
        unevenness: standard deviation of the logarithm of a discharge's height.
        wander: standard deviation of the phase of rhythmic waves within a second, in cycles.
        swell: standard deviation of the logarithm of their amplitude, within seconds.
        harmonic: second harmonic of rhythmic waves, relative to the first.
        sharp: height of superimposed sharp waves (+S), relative to periodic discharges.
        fast: amplitude of superimposed fast activity (+F), relative to the pattern's.
        fast_hz: its frequency.
        fast_onset: amplitude of fast activity at the onset of evolving episodes, relative to the pattern's at the end.
    """

    focus: np.ndarray
    width: float
    opposition: float
    travel: float
    crossing: float
    leak: float
    phases: Phases
    jitter: float
    unevenness: float
    wander: float
    swell: float
    harmonic: float
    sharp: float
    fast: float
    fast_hz: float
    fast_onset: float


def draw_morphology(rng: np.random.Generator, laterality: float) -> Morphology:
    """Draw the morphology of a pattern of the given laterality, from 0 (symmetric) to 1 (unilateral)."""
    side = rng.choice([-1, 1])
    generalised, lateralised = np.log(SHARPNESS_MS)
    width_ms = np.exp(generalised + (lateralised - generalised) * laterality + SHARPNESS_SPREAD * rng.standard_normal())
    return Morphology(
        focus=np.array([side * rng.uniform(0.45, 0.85), rng.uniform(0.2, 0.8) * rng.choice([-1, 1], p=[0.2, 0.8])]),
        width=float(rng.uniform(0.45, 0.65) - 0.12 * laterality),
        opposition=float(rng.uniform(0.8, 1.3) - 0.6 * laterality),
        travel=float(rng.uniform(0.0, 0.07)),
        crossing=float(rng.uniform(0.0, 0.03)),
        leak=float(rng.uniform(-0.2, 0.35)),
        phases=_draw_phases(rng, float(width_ms) / 1000 / HALF_WIDTH),
        jitter=float(0.15 * np.exp(0.5 * rng.standard_normal())),
        unevenness=float(rng.uniform(0.15, 0.45)),
        wander=float((0.215 + 0.06 * laterality) * np.exp(0.4 * rng.standard_normal())),
        swell=float(rng.uniform(0.15, 0.4)),
        harmonic=float(rng.uniform(0.15, 0.6)),
        sharp=float(rng.uniform(0.2, 0.5)) if rng.random() < PLUS_SHARP else 0.0,
        fast=float(rng.uniform(0.1, 0.25)) if rng.random() < PLUS_FAST else 0.0,
        fast_hz=float(rng.uniform(12, 22)),
        fast_onset=float(rng.uniform(0.2, 0.6)) if rng.random() < FAST_ONSET else 0.0,
    )


def _draw_phases(rng: np.random.Generator, width: float) -> Phases:
    """Return the phases of a discharge whose main one has the standard deviation `width` in s."""
    shape = rng.choice(list(SHAPES), p=[fraction for fraction, _ in SHAPES.values()])
    polarity = rng.choice([-1.0, 1.0], p=[0.8, 0.2])
    return tuple(
        (float(polarity * height * rng.uniform(0.7, 1.3)), time * width, spread * width)
        for height, time, spread in SHAPES[shape][1]
    )
