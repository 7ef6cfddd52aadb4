"""The forms of a bundle's networks: the runtime, and the precision of the stored weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from hbac_assets.errors import HbacError

Runtime = Literal["onnx", "litert"]
WeightPrecision = Literal["float32", "float16", "int8"]
RUNTIMES, PRECISIONS = get_args(Runtime), get_args(WeightPrecision)

SUFFIXES: Mapping[Runtime, str] = {"onnx": ".onnx", "litert": ".tflite"}
TOLERANCES: Mapping[WeightPrecision, float] = {"float32": 1e-5, "float16": 1e-2, "int8": 0.1}
"""Largest difference of a probability between a converted network and its model.

The error of a weight in half precision is up to 2⁻¹¹ of itself, in 8 bits up to 2⁻⁸ of the largest in its filter.
"""
MOST_RISE = 0.002
"""Largest increase of the KL divergence on held-out rows due to weights in less than single precision."""


@dataclass(frozen=True)
class Form:
    """How the networks of a bundle are stored.

    Attributes:
        runtime: ONNX graphs for onnxruntime, or LiteRT files for ai-edge-litert.
        precision: the precision of the stored weights. Activations are in single precision in all forms.
    """

    runtime: Runtime = "onnx"
    precision: WeightPrecision = "float32"

    def __post_init__(self) -> None:
        """Require a form that exists.

        Raises:
            HbacError: int8 in ONNX.
        """
        if self.precision == "int8" and self.runtime != "litert":
            raise HbacError(f"--precision: expected float32 or float16 with {self.runtime}, found int8; use litert")

    @property
    def is_exact(self) -> bool:
        """Whether the weights are stored unchanged."""
        return self.precision == "float32"

    @property
    def suffix(self) -> str:
        """The suffix of a network's file."""
        return SUFFIXES[self.runtime]

    @property
    def tolerance(self) -> float:
        """Largest difference of a probability between a network and its model."""
        return TOLERANCES[self.precision]

    def __str__(self) -> str:
        return f"{self.runtime} in {self.precision}"


DEFAULT = Form()
