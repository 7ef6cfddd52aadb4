"""Training and prediction on the CPU, each backbone of the experiments, against `model.fit` and `model.predict`.

Images of 128 × 256 or waveforms of 25.6 s in batches of 16, float32. Ours is the compiled step that trains the cells.
Theirs is the same model, initialised by Keras, compiled with Adam and fed from memory. Both compile before they are
measured.
"""

import os
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.backbones import in_experiments, recipe_of
from benchmarks.pairs import compare_tasks
from benchmarks.sides import Side
from benchmarks.table import Result, at_least
from hbac_assets.learning.published_backbones import BACKBONES

ROW = 4
BATCH = 16
TASKS = ("training", "prediction")
DEPTHWISE = {name for name in BACKBONES if name.startswith(("efficientnet", "mobilenet"))}
LEAST = 1.0


def run(workspace: Path) -> list[Result]:
    """Compare every backbone with Keras on TensorFlow."""
    return [
        result
        for backbone in in_experiments()
        for result in against(backbone, "tensorflow", ROW, LEAST if backbone in DEPTHWISE else None)
    ]


def against(backbone: str, keras_backend: str, row: int, least: float | None) -> list[Result]:
    """Compare one backbone with Keras on another backend; `least` None: no target."""
    this = "benchmarks.rows.cpu_training"
    comparisons = compare_tasks(
        Side("hbac_assets", f"{this}:ours", {"backbone": backbone}),
        Side(f"Keras on {keras_backend}", f"{this}:theirs", {"backbone": backbone, "keras_backend": keras_backend}),
        tasks=len(TASKS),
        warm_up=0,  # each has warmed up on two batches
    )
    return [
        at_least(row, f"{backbone}, {task}", "windows", f"Keras on {keras_backend}", comparison, least)
        for task, comparison in zip(TASKS, comparisons, strict=True)
    ]


def ours(backbone: str) -> Callable[[], int]:
    """Return a repetition that alternates between a training step and a prediction step."""
    from hbac_assets.learning.device import configure, on_device

    configure("cpu", "float32", None)
    import jax

    from hbac_assets.learning.backbones import build_classifier
    from hbac_assets.learning.network import Network
    from hbac_assets.learning.prediction import compile_forward
    from hbac_assets.learning.settings import MemberSettings
    from hbac_assets.learning.step import build_optimizer, compile_steps, initial_state

    settings = MemberSettings(backbone=backbone, preprocessing=recipe_of(backbone), batch_size=BATCH)
    network = Network(build_classifier(settings))
    optimizer = build_optimizer(network, settings.optimizer)
    steps, forward = compile_steps(network, optimizer, settings), compile_forward(network)
    (images, targets), rate = _batch(backbone), np.array([1e-3], np.float32)
    state = initial_state(network, optimizer)
    weights, non_trainable = jax.device_put(jax.tree.map(np.array, state[:2]))

    def train(batches: int) -> None:
        nonlocal state
        for _ in range(batches):
            state, loss = steps(*on_device((state, (images[None], targets[None]), rate, np.uint32(0), 0, 1)))
        loss.block_until_ready()

    def predict(batches: int) -> None:
        for _ in range(batches):
            np.asarray(forward(*on_device((weights, non_trainable, images))))

    return in_turn(for_a_second(train), for_a_second(predict))


def theirs(backbone: str, keras_backend: str) -> Callable[[], int]:
    """Return a repetition that alternates between `model.fit` and `model.predict`."""
    spec = BACKBONES[backbone]
    # The variables that `hbac_assets` has set.
    os.environ["KERAS_BACKEND"] = keras_backend
    del os.environ["TF_ENABLE_ONEDNN_OPTS"]
    import keras
    import keras_cv

    assert keras.backend.backend() == keras_backend
    images, targets = _batch(backbone)
    if spec.dimensions == 2:
        images, pooling = np.repeat(images[..., None], 3, axis=-1), keras.layers.GlobalAveragePooling2D()
    else:
        pooling = keras.layers.GlobalAveragePooling1D()
    images, entering = images.astype(np.float32), images.shape[1:]
    if callable(spec.architecture):
        network = spec.architecture(**spec.constants, input_shape=entering, name=backbone)
    else:
        network = getattr(keras_cv.models, spec.architecture)(
            **spec.constants, include_rescaling=False, input_shape=entering
        )
    model = keras.Sequential([keras.Input(entering), network, pooling, keras.layers.Dense(6, "softmax")])
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.KLDivergence())

    def repeated(batch: np.ndarray, batches: int) -> np.ndarray:
        return np.concatenate([batch] * batches)

    def train(batches: int) -> None:
        model.fit(repeated(images, batches), repeated(targets, batches), batch_size=BATCH, verbose=0)

    def predict(batches: int) -> None:
        model.predict(repeated(images, batches), batch_size=BATCH, verbose=0)

    return in_turn(for_a_second(train), for_a_second(predict))


def for_a_second(work: Callable[[int], None]) -> Callable[[], int]:
    """Return a repetition of about a second of `work`, a function of the number of batches."""
    work(1)
    began = perf_counter()
    work(1)
    batches = max(1, round(1 / (perf_counter() - began)))

    def repetition() -> int:
        work(batches)
        return batches * BATCH

    return repetition


def in_turn(*tasks: Callable[[], int]) -> Callable[[], int]:
    """Return a repetition that cycles through tasks."""
    turns = cycle(tasks)
    return lambda: next(turns)()


def _batch(backbone: str) -> tuple[np.ndarray, np.ndarray]:
    recipe, random = recipe_of(backbone), np.random.default_rng(0)
    windows = random.normal(size=(BATCH, *recipe.kind.shape(recipe))).astype(np.float16)
    return windows, random.dirichlet(np.ones(6), BATCH).astype(np.float32)
