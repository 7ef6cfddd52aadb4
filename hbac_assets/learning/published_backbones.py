"""The backbones by name: a keras-cv class with its published constants, so that it can be built offline.

Another keras-cv backbone is another row of `BACKBONES`. Building one belongs to `backbones`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hbac_assets.learning.bipolar_resnet import bipolar_resnet
from hbac_assets.learning.resnet_d import resnet_d


@dataclass(frozen=True)
class BackboneSpec:
    """An architecture, its constants, and the names of its published weights."""

    architecture: str | Callable[..., Any]  # a class of `keras_cv.models`, or a function of this package
    constants: Mapping[str, Any]
    # From `MemberSettings.pretrained` to the name of a keras-cv preset; keras-cv has no weights for the others.
    presets: Mapping[str, str] = field(default_factory=dict)
    dimensions: Literal[1, 2] = 2  # the axes that it convolves along: 2 of an image, 1 of a series
    kernels: tuple[int, ...] = ()  # the values of `MemberSettings.kernel`; the authors' first

    def with_kernel(self, kernel: int | None) -> Mapping[str, Any]:
        """Return the constants with one kernel size in all stages; None keeps the authors'."""
        if kernel is None:
            return self.constants
        return {**self.constants, "stackwise_kernel_sizes": [kernel] * len(self.constants["stackwise_kernel_sizes"])}


# Tan & Le 2019, https://arxiv.org/abs/1905.11946, table 1, and the coefficients of B1 in the authors' released code.
_EFFICIENTNET_B0 = {
    "width_coefficient": 1.0,
    "depth_coefficient": 1.0,
    "stackwise_kernel_sizes": [3, 3, 5, 3, 5, 5, 3],
    "stackwise_num_repeats": [1, 2, 2, 3, 3, 4, 1],
    "stackwise_input_filters": [32, 16, 24, 40, 80, 112, 192],
    "stackwise_output_filters": [16, 24, 40, 80, 112, 192, 320],
    "stackwise_expansion_ratios": [1] + [6] * 6,
    "stackwise_squeeze_and_excite_ratios": [0.25] * 7,
    "stackwise_strides": [1, 2, 2, 2, 1, 2, 1],
}
_EFFICIENTNET_B1 = {**_EFFICIENTNET_B0, "depth_coefficient": 1.1}

# Tan & Le 2021, https://arxiv.org/abs/2104.00298; widths and depths as in the authors' released code.
_EFFICIENTNETV2_B0 = {
    "width_coefficient": 1.0,
    "depth_coefficient": 1.0,
    "stackwise_kernel_sizes": [3] * 6,
    "stackwise_num_repeats": [1, 2, 2, 3, 5, 8],
    "stackwise_input_filters": [32, 16, 32, 48, 96, 112],
    "stackwise_output_filters": [16, 32, 48, 96, 112, 192],
    "stackwise_expansion_ratios": [1, 4, 4, 4, 6, 6],
    "stackwise_squeeze_and_excite_ratios": [0, 0, 0, 0.25, 0.25, 0.25],
    "stackwise_strides": [1, 2, 2, 2, 1, 2],
    "stackwise_conv_types": ["fused"] * 3 + ["unfused"] * 3,
}
_EFFICIENTNETV2_B2 = {**_EFFICIENTNETV2_B0, "width_coefficient": 1.1, "depth_coefficient": 1.2}

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

# He et al. 2016, https://arxiv.org/abs/1603.05027.
_RESNET50_V2 = {
    "stackwise_filters": [64, 128, 256, 512],
    "stackwise_blocks": [3, 4, 6, 3],
    "stackwise_strides": [1, 2, 2, 2],
}

# The backbone of YOLOv8-L, Jocher et al. 2023, https://github.com/ultralytics/ultralytics.
_YOLO_V8_L = {"stackwise_channels": [128, 256, 512, 512], "stackwise_depth": [3, 6, 6, 3]}

_RESNET34D = {"widths": [64, 128, 256, 512], "depths": [3, 4, 6, 3]}

# Our own, with less than a million parameters.
_BIPOLAR_RESNET = {"widths": [48, 64, 96, 128], "depths": [1, 1, 1, 1], "taps": 5}

BACKBONES: dict[str, BackboneSpec] = {
    "bipolar_resnet": BackboneSpec(bipolar_resnet, _BIPOLAR_RESNET, dimensions=1),
    "efficientnet_b0": BackboneSpec("EfficientNetV1Backbone", _EFFICIENTNET_B0),
    "efficientnet_b1": BackboneSpec("EfficientNetV1Backbone", _EFFICIENTNET_B1),
    "efficientnetv2_b0": BackboneSpec(
        "EfficientNetV2Backbone", _EFFICIENTNETV2_B0, {"imagenet": "efficientnetv2_b0_imagenet"}
    ),
    "efficientnetv2_b2": BackboneSpec(
        "EfficientNetV2Backbone", _EFFICIENTNETV2_B2, {"imagenet": "efficientnetv2_b2_imagenet"}, kernels=(3, 5, 7)
    ),
    "mobilenet_v3_large": BackboneSpec(
        "MobileNetV3Backbone", _MOBILENET_V3_LARGE, {"imagenet": "mobilenet_v3_large_imagenet"}
    ),
    "mobilenet_v3_small": BackboneSpec(
        "MobileNetV3Backbone", _MOBILENET_V3_SMALL, {"imagenet": "mobilenet_v3_small_imagenet"}
    ),
    "resnet34d": BackboneSpec(resnet_d, _RESNET34D),
    "resnet50_v2": BackboneSpec("ResNetV2Backbone", _RESNET50_V2, {"imagenet": "resnet50_v2_imagenet"}),
    "yolo_v8_l": BackboneSpec("YOLOV8Backbone", _YOLO_V8_L, {"coco": "yolo_v8_l_backbone_coco"}),
}
