"""What an EEG holds besides the brain: eyes, muscle, heart, mains, movement, lost contacts and samples.

Every function changes an EEG in place; how often each happens stands in the table at the top.
"""

import numpy as np

from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE, ELECTRODES
from hbac_assets.synthetic.head import indices
from hbac_assets.synthetic.waveforms import train, wave

# Shares of the recordings.
BLINKING, MUSCLE, MOVEMENT, LOST_ELECTRODE, LOST_SAMPLES = 0.35, 0.45, 0.15, 0.08, 0.08

MAINS_HZ = 60.0
# Height, time and width in s of each phase: P, Q, R, S and T of a heartbeat; the lid of a blink.
HEARTBEAT = ((0.12, -0.16, 0.025), (-0.15, -0.03, 0.01), (1.0, 0.0, 0.012), (-0.25, 0.03, 0.012), (0.3, 0.25, 0.04))
BLINK = ((1.0, 0.0, 0.08),)
# What each electrode sees of the source.
BLINK_FIELD = {"Fp1": 1.0, "Fp2": 1.0, "F7": 0.35, "F8": 0.35, "F3": 0.4, "F4": 0.4, "Fz": 0.4}
MUSCLE_FIELD = {"T3": 1.0, "T4": 1.0, "F7": 0.8, "F8": 0.8, "Fp1": 0.6, "Fp2": 0.6, "T5": 0.3, "T6": 0.3}
HEART_FIELD = {"T5": 0.02, "T3": 0.015, "T6": -0.015, "T4": -0.01}


def add_heart(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Write the EKG row of (20, samples), with a trace of it in the temporal electrodes."""
    samples = eeg.shape[1]
    interval = 60 / rng.uniform(55, 115)
    beats = np.cumsum(rng.normal(interval, 0.03 * interval, int(samples / EEG_RATE / interval * 1.1)))
    ekg = train(beats, np.full(len(beats), rng.uniform(200, 900)), wave(0.8, HEARTBEAT), samples)
    eeg[len(ELECTRODES)] = ekg + rng.normal(0, 8, samples)
    for name, gain in HEART_FIELD.items():
        eeg[ELECTRODES.index(name)] += gain * ekg


def add_mains(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add 60 Hz to each row, as strongly as its contact is poor."""
    amplitude = rng.gamma(1.0, 1.5, len(EEG_COLUMNS)).astype(np.float32)
    angle = 2 * np.pi * MAINS_HZ / EEG_RATE * np.arange(eeg.shape[1])
    eeg += amplitude[:, None] * np.sin(angle + rng.uniform(0, 2 * np.pi)).astype(np.float32)


def add_blinks(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add blinks of an awake patient: symmetric, frontal, a third of a second long."""
    samples = eeg.shape[1]
    times = rng.uniform(0, samples / EEG_RATE, rng.poisson(samples / EEG_RATE * rng.uniform(0.05, 0.25)))
    blinks = train(times, rng.uniform(60, 160, len(times)), wave(0.6, BLINK), samples)
    eeg[indices(*BLINK_FIELD)] += np.outer(list(BLINK_FIELD.values()), blinks).astype(np.float32)


def add_muscle(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add bursts of temporal and frontal muscle, from 15 Hz upwards, seconds to a minute long."""
    from scipy.signal import butter, sosfilt

    samples = eeg.shape[1]
    highpass = butter(2, 15, "highpass", fs=EEG_RATE, output="sos")
    for _ in range(rng.poisson(4) + 1):
        length = min(int(rng.uniform(2, 60) * EEG_RATE), samples)
        start = int(rng.integers(samples - length + 1))
        for name, gain in MUSCLE_FIELD.items():
            burst = sosfilt(highpass, rng.standard_normal(length))
            strength = gain * rng.uniform(2, 15) * np.hanning(length)
            eeg[ELECTRODES.index(name), start : start + length] += strength * burst


def add_movement(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add swings of a few cables that drive the amplifier to its limits, thousands of µV."""
    samples = eeg.shape[1]
    for _ in range(rng.integers(1, 4)):
        length = int(rng.uniform(1, 4) * EEG_RATE)
        start = int(rng.integers(samples - length))
        swing = np.hanning(length) * np.sin(np.linspace(0, rng.uniform(3, 15), length))
        for row in rng.choice(len(ELECTRODES), 3, replace=False):
            eeg[row, start : start + length] += rng.uniform(1_000, 9_000) * swing


def lose_electrode(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Replace one electrode by what an open contact picks up: mains and an offset."""
    angle = 2 * np.pi * MAINS_HZ / EEG_RATE * np.arange(eeg.shape[1])
    eeg[rng.integers(len(ELECTRODES))] = rng.normal(0, 50) + rng.uniform(5, 60) * np.sin(angle)


def lose_samples(rng: np.random.Generator, eeg: np.ndarray, moment: int) -> None:
    """Set runs of all rows to NaN, as if the amplifier paused: one soon after the moment (in seconds), more before it.

    The seconds that readers label are left alone: nobody votes on nothing.
    """
    starts = [moment + rng.uniform(6, 20), *rng.uniform(0, moment - 20, rng.poisson(1.0))]
    for start in starts:
        first = int(start * EEG_RATE)
        eeg[:, first : first + int(rng.uniform(1, 15) * EEG_RATE)] = np.nan


def add_artifacts(rng: np.random.Generator, eeg: np.ndarray, moment: int) -> None:
    """Add to (20, samples) in µV what happened during a recording that experts labelled at the moment (in s)."""
    add_heart(rng, eeg)
    happens = rng.random(5) < (BLINKING, MUSCLE, MOVEMENT, LOST_ELECTRODE, LOST_SAMPLES)
    for add, occurs in zip((add_blinks, add_muscle, add_movement, lose_electrode), happens, strict=False):
        if occurs:
            add(rng, eeg)
    add_mains(rng, eeg)
    if happens[-1]:
        lose_samples(rng, eeg, moment)
