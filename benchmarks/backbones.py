"""The backbones of the experiments, and the inputs with which benchmarks compare them."""

from hbac_assets.experiments.loading import available_experiments, load_experiment
from hbac_assets.learning.published_backbones import BACKBONES
from hbac_assets.learning.settings import Preprocessing

SIZE = (128, 256)


def in_experiments() -> list[str]:
    """Return the backbones of all experiments."""
    experiments = [load_experiment(name) for name in available_experiments()]
    return sorted({member.backbone for experiment in experiments for member in experiment.members.values()})


def recipe_of(backbone: str) -> Preprocessing:
    """Return the recipe of the backbone's input: images of 128 × 256, or waveforms of 25.6 s at 40 Hz."""
    waveforms = {"input": "waveform", "waveform": {"seconds": 25.6, "clip": 150.0}}
    return Preprocessing.model_validate({1: waveforms, 2: {"image_size": SIZE}}[BACKBONES[backbone].dimensions])
