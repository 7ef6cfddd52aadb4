"""Physiological artifacts: heart and pulse, eyes, muscle, chewing, movement, sweat."""

import numpy as np

from hbac_assets.signals.montage import EEG_RATE, ELECTRODES
from hbac_assets.synthetic.head import indices
from hbac_assets.synthetic.randomness import fluctuations, some_stretch, to_samples, white_noise
from hbac_assets.synthetic.waveforms import train, wave

# Height, time and width in s of each phase: P, Q, R, S and T of a heartbeat; the lid of a blink; a pulsing artery.
HEARTBEAT = ((0.12, -0.16, 0.025), (-0.15, -0.03, 0.01), (1.0, 0.0, 0.012), (-0.25, 0.03, 0.012), (0.3, 0.25, 0.04))
BLINK = ((1.0, 0.0, 0.08),)
PULSE = ((1.0, 0.2, 0.09), (-0.4, 0.5, 0.12))
# The amplitude of the source at each electrode.
BLINK_FIELD = {"Fp1": 1.0, "Fp2": 1.0, "F7": 0.35, "F8": 0.35, "F3": 0.4, "F4": 0.4, "Fz": 0.4}
MUSCLE_FIELD = {"T3": 1.0, "T4": 1.0, "F7": 0.8, "F8": 0.8, "Fp1": 0.6, "Fp2": 0.6, "T5": 0.3, "T6": 0.3}
HEART_FIELD = {"T5": 0.02, "T3": 0.015, "T6": -0.015, "T4": -0.01}
MUSCLE_HZ = 15
"""Hz; muscle has little power below."""


def add_heart(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Write the EKG row of (20, samples), with a fraction of it in the temporal electrodes."""
    samples = eeg.shape[1]
    ekg = train(
        beats := _beats(rng, samples), np.full(len(beats), rng.uniform(200, 900)), wave(0.8, HEARTBEAT), samples
    )
    eeg[len(ELECTRODES)] = ekg + 8 * white_noise(rng, (samples,))
    strength = np.exp(0.7 * rng.standard_normal())
    for name, gain in HEART_FIELD.items():
        eeg[ELECTRODES.index(name)] += np.float32(strength * gain) * ekg


def add_pulse(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add pulse artifact: a slow wave under one electrode after each heartbeat, which resembles rhythmic activity."""
    samples = eeg.shape[1]
    beats = _beats(rng, samples)
    heights = rng.uniform(15, 60) * np.exp(0.1 * rng.standard_normal(len(beats)))
    eeg[rng.integers(len(ELECTRODES))] += train(beats, heights, wave(2.4, PULSE), samples)


def add_blinks(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add blinks: symmetric, frontal, a third of a second long."""
    samples = eeg.shape[1]
    times = rng.uniform(0, samples / EEG_RATE, rng.poisson(samples / EEG_RATE * rng.uniform(0.05, 0.25)))
    blinks = train(times, rng.uniform(60, 160, len(times)), wave(0.6, BLINK), samples)
    eeg[indices(*BLINK_FIELD)] += np.outer(list(BLINK_FIELD.values()), blinks).astype(np.float32)


def add_muscle(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add bursts of temporal and frontal muscle activity above 15 Hz, seconds to minutes long."""
    strength = np.exp(rng.normal(np.log(6), 0.8))
    for _ in range(rng.poisson(4) + 1):
        start, length = some_stretch(rng, eeg.shape[1], 2, 90)
        _add_muscle(rng, eeg[:, start : start + length], strength * np.hanning(length))


def add_chewing(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add chewing: muscle bursts, one to two a second."""
    start, length = some_stretch(rng, eeg.shape[1], 5, 60)
    bite = np.sin(np.pi * rng.uniform(1, 2) / EEG_RATE * np.arange(length)) ** 4
    _add_muscle(rng, eeg[:, start : start + length], rng.uniform(20, 80) * bite * np.hanning(length))


def add_movement(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add movement of a few cables: swings of thousands of µV, up to the amplifier's limits."""
    for _ in range(rng.integers(1, 4)):
        start, length = some_stretch(rng, eeg.shape[1], 1, 4)
        swing = np.hanning(length) * np.sin(np.linspace(0, rng.uniform(3, 15), length))
        for row in rng.choice(len(ELECTRODES), 3, replace=False):
            eeg[row, start : start + length] += rng.uniform(1_000, 9_000) * swing


def add_sweat(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add sweat artifact: slow drift below 0.5 Hz in some electrodes."""
    samples = eeg.shape[1]
    rows = rng.choice(len(ELECTRODES), rng.integers(2, 8), replace=False)
    drift = fluctuations(rng, len(rows), 2 * (samples // EEG_RATE + 1), rng.uniform(0.8, 3))
    eeg[rows] += to_samples(rng.uniform(20, 100) * drift, samples, rate=2)


def _beats(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Return the times of heartbeats, s."""
    interval = 60 / rng.uniform(55, 115)
    return np.cumsum(rng.normal(interval, 0.03 * interval, int(samples / EEG_RATE / interval * 1.1)))


def _add_muscle(rng: np.random.Generator, eeg: np.ndarray, strength: np.ndarray) -> None:
    """Add muscle of the given strength in µV, (samples,), to (20, samples)."""
    from scipy.signal import butter, sosfilt

    highpass = butter(2, MUSCLE_HZ, "highpass", fs=EEG_RATE, output="sos").astype(np.float32)
    noise = sosfilt(highpass, white_noise(rng, (len(MUSCLE_FIELD), len(strength))), axis=1)
    gains = np.array(list(MUSCLE_FIELD.values())) * rng.uniform(0.3, 1.5, len(MUSCLE_FIELD))
    eeg[indices(*MUSCLE_FIELD)] += gains[:, None].astype(np.float32) * noise * strength.astype(np.float32)
