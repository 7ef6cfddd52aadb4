"""Feeding a training: windows read, cropped, normalised, augmented and batched, against the KerasCV starter's tf.data.

Here windows are read and normalised once, before the first epoch; the work for each batch is part of the compiled step.
So the same functions are compiled without a network. A second line gives the time that a step waits for its batch.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.epochs import batches, image_reader, opened, training_epoch
from benchmarks.kaggle_files import write_spectrograms
from benchmarks.pairs import compare
from benchmarks.sides import Side, started
from benchmarks.table import Result
from hbac_assets.competition.spectrogram_file import read_spectrogram
from hbac_assets.experiments.loading import load_experiment

if TYPE_CHECKING:
    from jax import Array

ROW = 3
LEAST, MOST_WAITING = 10.0, 0.02
RECORDINGS, EPOCHS = 256, 13
FEEDING = load_experiment("odu").members["mobilenet_v3_large"]
SMALLEST = load_experiment("quickstart").members["mobilenet_v3_small"]
"""The member with the smallest steps of all experiments, hence the least time for data."""
STEPS = RECORDINGS // SMALLEST.batch_size
OUR_PASSES, THEIR_PASSES = 12, 3
"""Passes through all recordings per repetition, so that each takes a second or two."""


def run(workspace: Path) -> list[Result]:
    """Measure feeding alone, then its fraction of an epoch."""
    folder = workspace / "spectrograms"
    folder.mkdir()
    for path in write_spectrograms(workspace / "parquet", RECORDINGS):
        np.save(folder / f"{path.stem}.npy", read_spectrogram(path))
    return [_feeding(folder), _waiting(folder, workspace / "compiled")]


def _feeding(folder: Path) -> Result:
    our_arguments = {"folder": str(folder), "steps": OUR_PASSES * RECORDINGS // FEEDING.batch_size}
    ours = Side("feeding", "benchmarks.rows.feeding:prepare_feeding", our_arguments)
    each = compare(ours, _starter(folder, cache=False))
    cached = compare(ours, _starter(folder, cache=True))
    with started(Side("reading", "benchmarks.rows.feeding:prepare_reading", {"folder": str(folder)})) as (reading,):
        once = median([reading.repeat() for _ in range(4)][1:])
    spread = each.their_median / (each.our_median + once / EPOCHS)
    return Result(
        ROW,
        "feed a training, 400 × 300, batches of 64",
        ours=f"{1 / each.our_median:.0f} samples/s",
        against=f"tf.data as in the KerasCV starter: {1 / each.their_median:.0f} samples/s",
        ratio=each.ratio,
        to_reach=f"≥ {LEAST:g}",
        reached=each.ratio >= LEAST,
        remark=(
            f"Windows are read once before, {1 / once:.0f} a second; with that spread over {EPOCHS} epochs "
            f"{spread:.1f}. With tf.data's cache(), which holds 1.4 MB for each window: {cached.ratio:.1f}."
        ),
        measured={"each epoch": asdict(each), "cached": asdict(cached), "reading once": once, "spread": spread},
    )


def _waiting(folder: Path, compiled: Path) -> Result:
    """Measure the time to fetch a batch and the time of a step."""
    taking = Side("batches", "benchmarks.rows.feeding:prepare_taking", {"folder": str(folder)})
    resident, streamed = (
        Side(name, "benchmarks.rows.feeding:prepare_epoch", arguments)
        for name, arguments in (
            ("epoch", {"folder": str(folder), "compiled": str(compiled), "streamed": False}),
            ("epoch, streamed", {"folder": str(folder), "compiled": str(compiled), "streamed": True}),
        )
    )
    waiting, slowed = compare(taking, resident), compare(streamed, resident)
    fraction, size = waiting.our_median / waiting.their_median, SMALLEST.batch_size
    return Result(
        ROW,
        "a step waits for data (MobileNetV3 Small, 64 × 96, batches of 16)",
        ours=f"{1e3 * waiting.our_median * size:.2f} ms to take a batch, {fraction:.2%} of a step",
        against=f"{1e3 * waiting.their_median * size:.1f} ms a step",
        ratio=fraction,
        to_reach=f"< {MOST_WAITING}",
        reached=fraction < MOST_WAITING,
        remark=(
            "At most: a batch is taken while the step before is being computed. Streamed from the store, an epoch "
            f"takes {1 / slowed.ratio:.2f} times as long as with resident images, on cores that also compute it."
        ),
        measured={"waiting": asdict(waiting), "streamed": asdict(slowed)},
    )


def _starter(folder: Path, *, cache: bool) -> Side:
    arguments = {"folder": str(folder), "batch_size": FEEDING.batch_size, "epochs": THEIR_PASSES, "cache": cache}
    return Side("tf.data", "benchmarks.starter:prepare_pipeline", arguments, {"KERAS_BACKEND": "tensorflow"})


def prepare_feeding(folder: str, steps: int) -> Callable[[], int]:
    """Return a function that makes batches for the network: images (B, 400, 300, 3), targets (B, 6)."""
    from hbac_assets.learning.device import configure

    configure("cpu", "float32", None)
    import jax

    from hbac_assets.learning.images import augment, to_channels

    images, targets = opened(Path(folder), FEEDING)
    rows = batches(len(images), FEEDING.batch_size, steps)

    @jax.jit
    def batch(images: "Array", targets: "Array", number: Any) -> "tuple[Array, Array]":
        pixels = images.astype("float32")
        augmented, mixed = augment(jax.random.key(number), pixels, targets, FEEDING.augmentation, FEEDING.preprocessing)
        return to_channels(augmented), mixed

    def feed() -> int:
        taken = zip(rows, images.batches(rows), strict=True)
        fed = (batch(pixels, targets[chosen], number)[0] for number, (chosen, pixels) in enumerate(taken))
        return sum(len(jax.block_until_ready(made)) for made in fed)

    return feed


def prepare_reading(folder: str) -> Callable[[], int]:
    """Return a function that reads the windows of all recordings, as before the first epoch of a training."""
    from hbac_assets.learning.device import configure
    from hbac_assets.learning.image_source import read_all

    configure("cpu", "float32", None)
    read, count = image_reader(Path(folder), FEEDING)
    return lambda: len(read_all(read, count, FEEDING.preprocessing.image_size))


def prepare_taking(folder: str) -> Callable[[], int]:
    """Return a function that fetches the images of many batches."""
    from hbac_assets.learning.device import configure

    configure("cpu", "float32", None)
    images, _ = opened(Path(folder), SMALLEST)
    rows = batches(len(images), SMALLEST.batch_size, 20 * STEPS)

    def take() -> int:
        return sum(len(taken.block_until_ready()) for taken in images.batches(rows))

    return take


def prepare_epoch(folder: str, compiled: str, streamed: bool) -> Callable[[], int]:
    """Return a function that trains for an epoch and returns the number of images."""
    from hbac_assets.learning.device import configure

    configure("cpu", "float32", Path(compiled))
    images, targets = opened(Path(folder), SMALLEST, allowed_bytes=0 if streamed else None)
    return training_epoch(SMALLEST, images, targets, STEPS)
