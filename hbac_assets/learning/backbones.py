"""The backbones by name, and the classifier around one: pooling, dropout, dense layer, softmax.

A backbone is a keras-cv class with the constants of its publication, so that it can be built offline. Another
keras-cv backbone is another row of `BACKBONES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.labels import CLASSES
from hbac_assets.learning.backend import weights_drawn_by_numpy
from hbac_assets.learning.pretrained import load_pretrained
from hbac_assets.learning.settings import MemberSettings

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class BackboneSpec:
    """A class of keras-cv, its constants, and the names of its published weights."""

    keras_cv_class: str
    constants: Mapping[str, Any]
    presets: Mapping[str, str]  # from `MemberSettings.pretrained` to the name of a keras-cv preset


# Tan & Le 2021, https://arxiv.org/abs/2104.00298; widths and depths of B2 as in the authors' released code.
_EFFICIENTNETV2_B2 = {
    "width_coefficient": 1.1,
    "depth_coefficient": 1.2,
    "stackwise_kernel_sizes": [3] * 6,
    "stackwise_num_repeats": [1, 2, 2, 3, 5, 8],
    "stackwise_input_filters": [32, 16, 32, 48, 96, 112],
    "stackwise_output_filters": [16, 32, 48, 96, 112, 192],
    "stackwise_expansion_ratios": [1, 4, 4, 4, 6, 6],
    "stackwise_squeeze_and_excite_ratios": [0, 0, 0, 0.25, 0.25, 0.25],
    "stackwise_strides": [1, 2, 2, 2, 1, 2],
    "stackwise_conv_types": ["fused"] * 3 + ["unfused"] * 3,
}

# Howard et al. 2019, https://arxiv.org/abs/1905.02244, tables 1 and 2.
_MOBILENET_V3_LARGE = {
    "stackwise_expansion": [1, 4, 3, 3, 3, 3, 6, 2.5, 2.3, 2.3, 6, 6, 6, 6, 6],
    "stackwise_filters": [16, 24, 24, 40, 40, 40, 80, 80, 80, 80, 112, 112, 160, 160, 160],
    "stackwise_kernel_size": [3, 3, 3, 5, 5, 5, 3, 3, 3, 3, 3, 3, 5, 5, 5],
    "stackwise_stride": [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1],
    "stackwise_se_ratio": [None] * 3 + [0.25] * 3 + [None] * 4 + [0.25] * 5,
    "stackwise_activation": ["relu"] * 6 + ["hard_swish"] * 9,
}
_MOBILENET_V3_SMALL = {
    "stackwise_expansion": [1, 72 / 16, 88 / 24, 4, 6, 6, 3, 3, 6, 6, 6],
    "stackwise_filters": [16, 24, 24, 40, 40, 40, 48, 48, 96, 96, 96],
    "stackwise_kernel_size": [3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5],
    "stackwise_stride": [2, 2, 1, 2, 1, 1, 1, 1, 2, 1, 1],
    "stackwise_se_ratio": [0.25, None, None] + [0.25] * 8,
    "stackwise_activation": ["relu"] * 3 + ["hard_swish"] * 8,
}

BACKBONES: Mapping[str, BackboneSpec] = MappingProxyType(
    {
        "efficientnetv2_b2": BackboneSpec(
            "EfficientNetV2Backbone", _EFFICIENTNETV2_B2, {"imagenet": "efficientnetv2_b2_imagenet"}
        ),
        "mobilenet_v3_large": BackboneSpec(
            "MobileNetV3Backbone", _MOBILENET_V3_LARGE, {"imagenet": "mobilenet_v3_large_imagenet"}
        ),
        "mobilenet_v3_small": BackboneSpec(
            "MobileNetV3Backbone", _MOBILENET_V3_SMALL, {"imagenet": "mobilenet_v3_small_imagenet"}
        ),
    }
)


@dataclass(frozen=True)
class ParameterCounts:
    """Numbers of scalar weights."""

    backbone: int
    total: int
    trainable: int
    non_trainable: int


def build_classifier(settings: MemberSettings) -> "keras.Model":
    """Return the classifier of a member, from standardised images (H, W, 3) to probabilities (6,).

    The initial weights follow from `settings.seed` alone. Keras draws seeds from Python's and its own global
    generators, which are therefore seeded here.

    Raises:
        HbacError: an unknown backbone, or pretrained weights that do not exist or cannot be had.
    """
    import keras

    spec = backbone_spec(settings.backbone)
    keras.utils.set_random_seed(settings.seed)
    with weights_drawn_by_numpy():
        backbone = _build_backbone(spec, settings)
        head = [keras.layers.GlobalAveragePooling2D(name="pooling")]
        if settings.dropout:
            head.append(keras.layers.Dropout(settings.dropout, name="dropout"))
        head.append(keras.layers.Dense(len(CLASSES), "softmax", dtype="float32", name="probabilities"))
        pixels = keras.Input((*settings.preprocessing.image_size, 3), name="image")
        # Names that do not count up with each model of a process: models of one member have one description.
        model = keras.Sequential([pixels, backbone, *head], name="classifier")
    if settings.batchnorm_momentum is not None:
        for layer in model._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = settings.batchnorm_momentum
    return model


def backbone_spec(name: str) -> BackboneSpec:
    """Return the row of `BACKBONES` for `name`.

    Raises:
        HbacError: there is none.
    """
    if name not in BACKBONES:
        raise HbacError(f"backbone: expected one of {', '.join(BACKBONES)}, found {name!r}")
    return BACKBONES[name]


def parameter_counts(model: "keras.Model") -> ParameterCounts:
    """Return the parameter counts of a classifier."""
    total = model.count_params()
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    return ParameterCounts(model.layers[0].count_params(), total, trainable, total - trainable)


def _build_backbone(spec: BackboneSpec, settings: MemberSettings) -> "keras.Model":
    import keras_cv

    backbone_class = getattr(keras_cv.models, spec.keras_cv_class)
    # The images are standardised already: no division by 255.
    shape = {
        "include_rescaling": False,
        "input_shape": (*settings.preprocessing.image_size, 3),
        "name": settings.backbone,
    }
    if settings.pretrained == "none":
        return backbone_class(**spec.constants, **shape)
    if settings.pretrained not in spec.presets:
        available = ", ".join(spec.presets) or "no published weights"
        raise HbacError(
            f"pretrained: {settings.backbone} has {available}, found {settings.pretrained!r}; set pretrained: none"
        )
    return load_pretrained(backbone_class, spec.presets[settings.pretrained], **shape)
