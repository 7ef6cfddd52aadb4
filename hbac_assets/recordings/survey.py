"""A plausibility check of a recording before hours of computation: whether its values can be an EEG in µV."""

from collections.abc import Sequence

import numpy as np

from hbac_assets.recordings.derivation import Derivation
from hbac_assets.recordings.recording import refusal
from hbac_assets.recordings.signals import Signals
from hbac_assets.signals.montage import EEG_RATE

PROBES, PROBE = 12, 10 * EEG_RATE
"""The number of probes, spread evenly over the recording, and the samples of each."""

# The median over channels and seconds of the standard deviation within a second. An EEG has about 2 to 200 µV, about
# 0.2 µV after cardiac arrest. The same in mV, V or nV is outside; without a unit there is no other evidence.
DECLARED_UV, GUESSED_UV = (0.1, 1500.0), (1.0, 500.0)
CONTRADICTION = 0.2
"""Tolerated difference of a redundant channel, as a fraction of its standard deviation, due to filters and rounding."""
ROUNDING_UV = 2.0


def survey(signals: Signals) -> tuple[str, ...]:
    """Return remarks on the units assumed.

    Raises:
        HbacError: the values cannot be EEG in the units of the header, or channels contradict each other.
    """
    last = max(signals.samples - PROBE, 0)
    starts = np.unique(np.linspace(0, last, PROBES).astype(int))
    probes = [signals.between(start, min(start + PROBE, signals.samples)) for start in starts]
    _require_agreement(signals, np.concatenate(probes))
    amplitude = typical_amplitude(probes)
    derivation, channels = signals.derivation, signals.recording.channels
    low, high = GUESSED_UV if derivation.guessed else DECLARED_UV
    if not low <= amplitude <= high and not np.isnan(amplitude):
        units = {channels[number].unit.strip() or "none" for number in derivation.channels}
        expected = f"an EEG of {low:g} to {high:g} µV (standard deviation within seconds)"
        found = f"{amplitude:.3g} µV by the header's unit ({', '.join(sorted(units))})"
        raise refusal(signals.recording.path, expected, found, "correct the unit in the header")
    return _remarks(derivation)


def typical_amplitude(probes: Sequence[np.ndarray]) -> float:
    """Return the median standard deviation within a second, over channels that vary; NaN where none does.

    Args:
        probes: stretches (samples, channels) at 200 Hz.
    """
    seconds = np.concatenate(
        [probe[: len(probe) // EEG_RATE * EEG_RATE].reshape(-1, EEG_RATE, probe.shape[1]) for probe in probes]
    )
    deviations = seconds.std(axis=1)
    varying = deviations[deviations > 0]
    return float(np.median(varying)) if varying.size else float("nan")


def _require_agreement(signals: Signals, probes: np.ndarray) -> None:
    there = probes[~np.isnan(probes).any(axis=1)]
    if not len(there):
        return
    for column, error, deviation in signals.derivation.closure_errors(there):
        if error > max(CONTRADICTION * deviation, ROUNDING_UV):
            channel = signals.recording.channels[signals.derivation.channels[column]].label
            expected = f"channel {channel} to agree with the other channels"
            found = f"a difference of {error:.3g} µV (standard deviation)"
            raise refusal(signals.recording.path, expected, found, "remove or rename the channel that is wrong")


def _remarks(derivation: Derivation) -> tuple[str, ...]:
    remarks = []
    if derivation.guessed:
        remarks.append(f"no unit for {', '.join(derivation.guessed)}: taken as µV")
    if derivation.missing:
        remarks.append(f"without {', '.join(derivation.missing)}, which no chain of the montage needs")
    return tuple(remarks)
