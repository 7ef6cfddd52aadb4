"""One synthetic EEG as a file of each format, rate, unit and style of names."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, time
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from edfio import Bdf, BdfSignal, Edf, EdfAnnotation, EdfSignal, Recording

from hbac_assets.labels import CLASSES
from hbac_assets.signals.montage import CHAINS, EEG_COLUMNS, EEG_RATE, ELECTRODES
from hbac_assets.synthetic import recordings
from hbac_assets.synthetic.latents import draw_course
from hbac_assets.synthetic.randomness import Purpose, stream
from hbac_assets.synthetic.recordings import plan
from hbac_assets.synthetic.rendering import render
from hbac_assets.synthetic.settings import SyntheticSettings

UNITS = {"uV": 1.0, "mV": 1e-3, "V": 1e-6}
RANGE_UV = 3276.7
"""The physical range of the files: steps of 0.1 µV in EDF."""
NEWER = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}


@cache
def synthetic_eeg(kind: str, seconds: int, seed: int = 0) -> np.ndarray:
    """Return (samples, 19) in µV at 200 Hz of a recording with episodes of a class; without gaps."""
    rng = stream(seed, Purpose.TEST_RECORDING, CLASSES.index(kind))
    planned = plan(SyntheticSettings(seed=seed, recordings=8))[0]
    course = draw_course(rng, kind, seconds, seconds // 2)
    excerpt = replace(planned.excerpts[0], start=seconds // 2, offsets=np.array([0]))
    eeg = render(replace(planned, course=course, excerpts=(excerpt,)))[:, : len(ELECTRODES)]
    return np.nan_to_num(eeg)


def at_rate(eeg: np.ndarray, rate: int) -> np.ndarray:
    """Return the EEG as a recorder at another rate would have it."""
    from scipy.signal import resample_poly

    ratio = Fraction(rate, EEG_RATE)
    return np.asarray(resample_poly(eeg, ratio.numerator, ratio.denominator, axis=0, padtype="line"))
