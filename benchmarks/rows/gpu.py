"""Training on a GPU: images a second of each backbone, against `model.fit` fed by tf.data and the card's peak rate.

Without a GPU, one line says so.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from benchmarks.epochs import flops_of_an_image, opened, training_epoch, unfed
from benchmarks.kaggle_files import write_spectrograms
from benchmarks.pairs import compare
from benchmarks.sides import Side, started
from benchmarks.table import Result
from hbac_assets.competition.spectrogram_file import read_spectrogram
from hbac_assets.experiments.loading import load_experiment
from hbac_assets.learning.published_backbones import BACKBONES
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.resources.gpus import find_gpus
from hbac_assets.resources.paths import PROJECT_FOLDER

if TYPE_CHECKING:
    from jax import Array

ROW = 10
LEAST, MOST_WAITING = 1.0, 0.02
HALF_OF_THE_MEMORY = {"XLA_PYTHON_CLIENT_MEM_FRACTION": "0.4"}
"""Both sides hold memory of the card, though they compute in turn."""


@dataclass(frozen=True)
class Scale:
    """The extent of a measurement: full on a GPU, small on the CPU to test the code."""

    backbones: tuple[str, ...] = tuple(name for name, spec in BACKBONES.items() if spec.dimensions == 2)
    batch_size: int = 64
    steps: int = 64
    recordings: int = 256
    matrix: int = 8192
    repetitions: int = 5
    device: Literal["cpu", "gpu"] = "gpu"
    precision: Literal["float32", "mixed_bfloat16"] = "mixed_bfloat16"


def run(workspace: Path) -> list[Result]:
    """Measure every backbone on the first visible GPU."""
    if not find_gpus().usable:
        remark = "No GPU is visible here (nvidia-smi lists none): not measured."
        return [Result(ROW, "train on a GPU", "", "", None, "", None, remark)]
    return measure(workspace, Scale())


def measure(workspace: Path, scale: Scale) -> list[Result]:
    """Measure at a scale."""
    folder = workspace / "spectrograms"
    folder.mkdir()
    for path in write_spectrograms(workspace / "parquet", scale.recordings):
        np.save(folder / f"{path.stem}.npy", read_spectrogram(path))
    with started(Side("matrix product", "benchmarks.rows.gpu:prepare_product", asdict(scale))) as (product,):
        rate = 1 / min(product.repeat() for _ in range(1 + scale.repetitions))
    return [_backbone(backbone, folder, workspace / "compiled", rate, scale) for backbone in scale.backbones]


def _backbone(backbone: str, folder: Path, compiled: Path, rate: float, scale: Scale) -> Result:
    settings = member(backbone, scale)
    common = {"backbone": backbone, "folder": str(folder), "compiled": str(compiled), "scale": asdict(scale)}
    ours, unfed_one, theirs = (
        Side(name, f"benchmarks.rows.gpu:{prepare}", {**common, **more}, HALF_OF_THE_MEMORY)
        for name, prepare, more in (
            ("epoch", "prepare_epoch", {"fed": True}),
            ("epoch of one batch", "prepare_epoch", {"fed": False}),
            ("model.fit", "prepare_fit", {}),
        )
    )
    speeds = compare(ours, theirs, scale.repetitions)
    feeding = compare(unfed_one, ours, scale.repetitions)
    waiting = max(0.0, 1 - feeding.our_median / feeding.their_median)
    operations = _operations(backbone, scale)
    utilisation = operations / speeds.our_median / rate
    size = "{} × {}".format(*settings.preprocessing.image_size)
    return Result(
        ROW,
        f"train {backbone}, {size}, batches of {scale.batch_size}, {scale.precision}",
        ours=f"{1 / speeds.our_median:.0f} images/s",
        against=f"model.fit fed by tf.data: {1 / speeds.their_median:.0f} images/s",
        ratio=speeds.ratio,
        to_reach=f"≥ {LEAST:g}, waiting < {MOST_WAITING:.0%}",
        reached=speeds.ratio >= LEAST and waiting < MOST_WAITING,
        remark=(
            f"Waits for data {waiting:.1%} of an epoch. {operations / 1e9:.1f} GFLOP an image: {utilisation:.1%} of "
            f"the {rate / 1e12:.1f} TFLOP/s of a bfloat16 matrix product."
        ),
        measured={
            "speeds": asdict(speeds),
            "feeding": asdict(feeding),
            "waiting": waiting,
            "operations of an image": operations,
            "matrix rate": rate,
            "utilisation": utilisation,
        },
    )


def member(backbone: str, scale: Scale) -> MemberSettings:
    """Return the recipe of `odu` with another backbone, without pretrained weights."""
    recipe = load_experiment("odu").members["mobilenet_v3_large"]
    changes = {"backbone": backbone, "pretrained": "none", "batch_size": scale.batch_size}
    return MemberSettings.model_validate({**recipe.model_dump(), **changes})


def prepare_epoch(backbone: str, folder: str, compiled: str, scale: Mapping[str, Any], fed: bool) -> Callable[[], int]:
    """Return a function that trains for an epoch here; if not fed, on one repeated batch."""
    settings = _configured(backbone, scale, Path(compiled))
    images, targets = opened(Path(folder), settings)
    return training_epoch(settings, images if fed else unfed(images), targets, scale["steps"])


def prepare_fit(backbone: str, folder: str, compiled: str, scale: Mapping[str, Any]) -> Callable[[], int]:
    """Return a function that trains the same model for as many steps by `model.fit`, fed by tf.data."""
    settings = _configured(backbone, scale, Path(compiled))
    import keras

    from benchmarks.starter import pipeline
    from hbac_assets.learning.backbones import build_classifier

    steps = scale["steps"]
    passes = 1 + steps * settings.batch_size // scale["recordings"]
    dataset = pipeline(Path(folder), settings.batch_size, passes, cache=False)
    model = build_classifier(settings)
    model.compile(optimizer=keras.optimizers.Adam(1e-4), loss=keras.losses.KLDivergence())

    def fit() -> int:
        model.fit(dataset, steps_per_epoch=steps, verbose=0)
        return int(steps * settings.batch_size)

    return fit


def prepare_product(**scale: Any) -> Callable[[], int]:
    """Return a function that multiplies bfloat16 matrices, and returns the number of floating-point operations."""
    from hbac_assets.learning.device import configure

    configure(scale["device"], scale["precision"], None)
    import jax
    import jax.numpy as jnp

    size, products = scale["matrix"], 32

    @jax.jit
    def multiply(left: "Array", right: "Array") -> "Array":
        product: Array = jax.lax.fori_loop(0, products, lambda _, product: product @ right, left)
        return product

    rng = np.random.default_rng(0)
    left, right = (jnp.asarray(rng.normal(0, size**-0.5, (size, size)), dtype=jnp.bfloat16) for _ in range(2))

    def repeat() -> int:
        multiply(left, right).block_until_ready()
        return int(2 * size**3 * products)

    return repeat


def print_operations(backbone: str, scale: Mapping[str, Any]) -> None:
    """Print the floating-point operations of a training step per image."""
    print(flops_of_an_image(_configured(backbone, scale, None)))


def _operations(backbone: str, scale: Scale) -> float:
    code = (
        "import json, sys; from benchmarks.rows.gpu import print_operations; print_operations(*json.loads(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, json.dumps([backbone, asdict(scale)])]
    done = subprocess.run(command, cwd=PROJECT_FOLDER, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def _configured(backbone: str, scale: Mapping[str, Any], compiled: Path | None) -> MemberSettings:
    """Set up this process' device and return the recipe of a backbone."""
    from hbac_assets.learning.device import configure

    configure(scale["device"], scale["precision"], compiled)
    return member(backbone, Scale(**scale))
