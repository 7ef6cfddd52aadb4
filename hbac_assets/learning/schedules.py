"""The learning rate as a function of training progress, in plain Python."""

import math

from hbac_assets.learning.settings import Schedule


def learning_rate(schedule: Schedule, epochs: float, total_epochs: int) -> float:
    """Return the learning rate after `epochs` (possibly fractional) of `total_epochs`.

    Linear from `start` to `peak` over the warm-up; then, by `schedule.kind`,

    - cosine: half a cosine that reaches `floor` at `total_epochs` (Loshchilov & Hutter 2017,
      https://arxiv.org/abs/1608.03983, without restarts),
    - exponential: peak * decay^(epochs since the warm-up), and never below `floor`,
    - constant: `peak`.
    """
    warmup = schedule.warmup_epochs
    if epochs < warmup:
        return schedule.start + (schedule.peak - schedule.start) * epochs / warmup
    since = epochs - warmup
    if schedule.kind == "constant":
        return schedule.peak
    if schedule.kind == "exponential":
        return max(schedule.peak * math.pow(schedule.decay, since), schedule.floor)
    progress = since / max(total_epochs - warmup, 1)
    return schedule.floor + (schedule.peak - schedule.floor) * (1 + math.cos(math.pi * progress)) / 2
