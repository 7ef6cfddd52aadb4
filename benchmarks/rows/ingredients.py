"""A training step with optional ingredients, against a plain one: sample weights, averaged weights.

Both steps are of the member with the smallest steps of all experiments, where additions matter most. One process
alternates some steps of each.
"""

from collections.abc import Callable
from dataclasses import asdict
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.epochs import training_epoch
from benchmarks.pairs import Comparison
from benchmarks.sides import Side, started
from benchmarks.table import Result
from hbac_assets.experiments.loading import load_experiment
from hbac_assets.learning.settings import MemberSettings

ROW = 13
MOST = 1.25
PLAIN = load_experiment("quickstart").members["mobilenet_v3_small"]
INGREDIENTS: dict[str, dict[str, Any]] = {
    "sample weights": {"stages": [{"min_votes": 10, "sample_weight": "log_votes"}]},
    "averaged weights": {"ema_decay": 0.999},
}
"""The settings of each ingredient, by name. They are measured one by one, and then together."""
IMAGES, STEPS, REPETITIONS = 256, 24, 9


def run(workspace: Path) -> list[Result]:
    """Measure the plain step, the step with each ingredient, and that with all of them."""
    members = {"nothing": PLAIN, **{name: added(name) for name in INGREDIENTS}, "everything": added(*INGREDIENTS)}
    recipes = [member.model_dump(mode="json") for member in members.values()]
    side = Side("hbac_assets", f"{__name__}:prepare", {"recipes": recipes, "steps": STEPS})
    with started(side) as (process,):
        rounds = [[process.repeat() for _ in members] for _ in range(1 + REPETITIONS)]
    plain, *others = zip(*rounds[1:], strict=True)
    return [_result(name, Comparison(seconds, plain)) for name, seconds in zip(list(members)[1:], others, strict=True)]


def added(*ingredients: str) -> MemberSettings:
    """Return the plain member with some ingredients."""
    recipe = PLAIN.model_dump(mode="json")
    for name in ingredients:
        for key, value in INGREDIENTS[name].items():
            recipe[key] = {**recipe[key], **value} if isinstance(value, dict) else value
    return MemberSettings.model_validate(recipe)


def prepare(recipes: list[dict[str, Any]], steps: int) -> Callable[[], int]:
    """Return a repetition that runs some steps of one recipe, cycling through them."""
    from hbac_assets.learning.device import configure
    from hbac_assets.learning.image_source import as_images

    configure("cpu", "float32", None)
    random, members = np.random.default_rng(0), list(map(MemberSettings.model_validate, recipes))
    images = random.normal(size=(IMAGES, *members[0].preprocessing.image_size)).astype(np.float16)
    targets = random.dirichlet(np.ones(6), IMAGES).astype(np.float32)
    turns = cycle([training_epoch(member, as_images(images), targets, steps) for member in members])
    return lambda: next(turns)()


def _result(name: str, comparison: Comparison) -> Result:
    ours, plain = (1e3 * PLAIN.batch_size * seconds for seconds in (comparison.our_median, comparison.their_median))
    return Result(
        ROW,
        f"a training step with {name} (MobileNetV3 Small, 64 × 96, batches of 16)",
        ours=f"{ours:.1f} ms",
        against=f"the step without: {plain:.1f} ms",
        ratio=comparison.cost,
        to_reach=f"≤ {MOST}",
        reached=comparison.cost <= MOST,
        measured=asdict(comparison),
    )
