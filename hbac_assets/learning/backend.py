"""Temporary replacement of functions of Keras' JAX backend.

Keras has no hook for the random generator of its initializers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np


@contextmanager
def replaced(module: str, **functions: Callable[..., Any]) -> Iterator[None]:
    """Replace functions of the backend module `keras.src.backend.jax.<module>` within the block."""
    backend = import_module(f"keras.src.backend.jax.{module}")
    originals = {name: getattr(backend, name) for name in functions}
    try:
        for name, function in functions.items():
            setattr(backend, name, function)
        yield
    finally:
        for name, original in originals.items():
            setattr(backend, name, original)


@contextmanager
def weights_drawn_by_numpy() -> Iterator[None]:
    """Let NumPy draw the initial weights.

    JAX compiles its generators for every new shape: ten seconds for EfficientNetV2-B2. It also gives a member the same
    initial weights on every device.
    """
    with replaced("random", truncated_normal=_truncated_normal, uniform=_uniform):
        yield


def _truncated_normal(
    shape: tuple[int, ...], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int = 0
) -> np.ndarray:
    """Draw from a normal distribution truncated at two standard deviations."""
    from scipy.special import ndtr, ndtri

    quantiles = np.random.default_rng(seed).uniform(ndtr(-2), ndtr(2), shape)
    return np.asarray(mean + stddev * ndtri(quantiles), dtype=dtype)


def _uniform(
    shape: tuple[int, ...], minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: int = 0
) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).uniform(minval, maxval, shape), dtype=dtype)
