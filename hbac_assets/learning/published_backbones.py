"""The backbones by name: a keras-cv class with the constants of its publication, so that it can be built offline.

Another keras-cv backbone is another row of `BACKBONES`. How one is built stands in `backbones`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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

BACKBONES: dict[str, BackboneSpec] = {
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
