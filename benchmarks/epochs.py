"""An epoch of this project's training, for measurement: the program and the loop of a cell, without validation."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hbac_assets.learning.settings import MemberSettings

if TYPE_CHECKING:
    from jax import Array

    from hbac_assets.learning.image_source import Images, Source


def image_reader(folder: Path, settings: MemberSettings) -> tuple[Callable[[int], np.ndarray], int]:
    """Return a loader of a member's images of all spectrograms in `folder`, and their number."""
    from hbac_assets.learning.inputs.kind import Arrays

    ids = sorted(int(path.stem) for path in folder.glob("*.npy"))
    rows = pd.DataFrame({"spectrogram_id": ids, "spectrogram_label_offset_seconds": 0})
    preprocessing = settings.preprocessing
    return preprocessing.kind.reader(rows, {None: Arrays(folder, rows)}, preprocessing), len(ids)


def opened(folder: Path, settings: MemberSettings, allowed_bytes: int | None = None) -> "tuple[Images, np.ndarray]":
    """Return the images of all spectrograms in `folder`, and made-up targets."""
    from hbac_assets.learning.image_source import open_images

    read, count = image_reader(folder, settings)
    targets = np.random.default_rng(0).dirichlet(np.ones(6), count).astype(np.float32)
    return open_images(read, count, settings.preprocessing.image_size, allowed_bytes), targets


def training_epoch(settings: MemberSettings, images: "Images", targets: np.ndarray, steps: int) -> Callable[[], int]:
    """Return a function that trains for an epoch of `steps` steps, and returns the number of images.

    The epoch is one of the member's last stage, with made-up votes.
    """
    import jax

    from hbac_assets.learning.epoch_plans import plan_epochs
    from hbac_assets.learning.parallel import replicated
    from hbac_assets.learning.step import initial_state, train_epoch

    network, optimizer, program = _program(settings)
    initial = initial_state(network, optimizer, averaged=settings.ema_decay is not None)
    state = jax.device_put(initial, replicated())
    votes, eegs = np.random.default_rng(0).integers(1, 21, len(images)), np.arange(len(images)) // 2
    plan = plan_epochs(settings, targets, votes, eegs)[-1]
    rows = np.resize(plan.rows, steps * settings.batch_size)
    plan = replace(plan, rows=rows, weights=None, first_step=0, rates=np.full(steps, 1e-4))

    def train() -> int:
        nonlocal state
        state, losses = train_epoch(program, state, images, targets, plan)
        return len(losses) * settings.batch_size

    return train


def batches(rows: int, batch_size: int, steps: int) -> np.ndarray:
    """Return the rows of `steps` batches, (steps, batch size), from as many epochs as necessary."""
    from hbac_assets.learning.epoch_plans import shuffled_batches

    epochs = range(1, 1 + -(-steps * batch_size // rows))
    return np.concatenate([shuffled_batches(rows, batch_size, seed=0, epoch=epoch) for epoch in epochs])[:steps]


def flops_of_an_image(settings: MemberSettings) -> float:
    """Return the floating-point operations of a training step per image, as XLA counts them before optimisation."""
    from hbac_assets.learning.step import initial_state

    network, optimizer, program = _program(settings)
    images = np.zeros((1, settings.batch_size, *settings.preprocessing.image_size), dtype=np.float16)
    targets, rates = np.full((1, settings.batch_size, 6), 1 / 6, np.float32), np.full(1, 1e-4, np.float32)
    lowered = program.lower(initial_state(network, optimizer), (images, targets), rates, np.uint32(0), 0, 1)
    return float(lowered.cost_analysis()["flops"]) / settings.batch_size


def unfed(images: "Images") -> "Images":
    """Return images that repeat the first batch, so that no step waits for data."""
    return replace(images, source=_FirstBatch(images.source))


class _FirstBatch:
    def __init__(self, source: "Source"):
        self._source = source
        self._batch: Array | None = None

    def batches(self, batches: Iterable[np.ndarray]) -> Iterator["Array"]:
        for numbers in batches:
            if self._batch is None:
                self._batch = next(iter(self._source.batches([numbers])))
            yield self._batch


def _program(settings: MemberSettings) -> tuple[Any, Any, Any]:
    """Return a member's network, optimizer and steps."""
    from hbac_assets.learning.backbones import build_classifier
    from hbac_assets.learning.network import Network
    from hbac_assets.learning.step import build_optimizer, compile_steps

    network = Network(build_classifier(settings))
    optimizer = build_optimizer(network, settings.optimizer)
    return network, optimizer, compile_steps(network, optimizer, settings)
