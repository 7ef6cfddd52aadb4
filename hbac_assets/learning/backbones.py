"""The classifier around a backbone: pooling, dropout, dense layer, softmax."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.learning.backend import weights_drawn_by_numpy
from hbac_assets.learning.hyperparameters import variable_dropout
from hbac_assets.learning.normalisation import normalisation_layer
from hbac_assets.learning.pretrained import load_pretrained
from hbac_assets.learning.published_backbones import BACKBONES
from hbac_assets.learning.settings import MemberSettings

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class ParameterCounts:
    """Numbers of scalar weights."""

    backbone: int
    total: int
    trainable: int
    non_trainable: int


def build_classifier(settings: MemberSettings, *, variable_rates: bool = False) -> "keras.Model":
    """Return the classifier of a member, from images (H, W, 3) or series (T, C) to probabilities (6,).

    It takes arrays as `hbac_assets.learning.inputs` makes them: images repeated in three channels, series unchanged.

    The initial weights depend on `settings.seed` alone. Keras draws seeds from Python's and its own global generators,
    which are therefore seeded here. With `variable_rates` the dropout rate is a variable.

    Raises:
        HbacError: pretrained weights are unavailable.
    """
    import keras

    keras.utils.set_random_seed(settings.seed)
    with weights_drawn_by_numpy():
        backbone = _build_backbone(settings)
        first = [normalisation_layer()] if settings.preprocessing.normalisation == "data_wide" else []
        pooling = {1: keras.layers.GlobalAveragePooling1D, 2: keras.layers.GlobalAveragePooling2D}
        head = [pooling[settings.preprocessing.kind.dimensions](name="pooling")]
        if variable_rates:
            head.append(variable_dropout(settings.dropout))
        elif settings.dropout:
            head.append(keras.layers.Dropout(settings.dropout, name="dropout"))
        head.append(keras.layers.Dense(len(CLASSES), "softmax", dtype="float32", name="probabilities"))
        pixels = keras.Input(_input_shape(settings), name="image")
        # Names without counters: all models of a member have the same configuration.
        model = keras.Sequential([pixels, *first, backbone, *head], name="classifier")
    if settings.batchnorm_momentum is not None:
        for layer in backbone._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = settings.batchnorm_momentum
    return model


def parameter_counts(model: "keras.Model") -> ParameterCounts:
    """Return the parameter counts of a classifier."""
    import keras

    backbone = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    total = model.count_params()
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    return ParameterCounts(backbone.count_params(), total, trainable, total - trainable)


def _build_backbone(settings: MemberSettings) -> "keras.Model":
    import keras_cv

    spec = BACKBONES[settings.backbone]
    shape = {"input_shape": _input_shape(settings), "name": settings.backbone}
    if callable(spec.architecture):
        return spec.architecture(**spec.constants, **shape)
    backbone_class = getattr(keras_cv.models, spec.architecture)
    as_they_are = {"include_rescaling": False, **shape}  # no division by 255
    if settings.pretrained == "none":
        return backbone_class(**spec.with_kernel(settings.kernel), **as_they_are)
    return load_pretrained(backbone_class, spec.presets[settings.pretrained], **as_they_are)


def _input_shape(settings: MemberSettings) -> tuple[int, ...]:
    kind = settings.preprocessing.kind
    shape = kind.shape(settings.preprocessing)
    return (*shape, 3) if kind.dimensions == 2 else shape
