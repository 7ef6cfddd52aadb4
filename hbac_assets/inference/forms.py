"""The forms that the networks of a bundle can have: what computes them, and how precise their weights are."""

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

A weight in half precision is off by up to 2⁻¹¹ of itself, one of 8 bits by 2⁻⁸ of the largest of its filter.
"""
MOST_RISE = 0.002
"""Of the KL divergence of held-out rows, by weights in less than single precision."""


@dataclass(frozen=True)
class Form:
    """How the networks of a bundle are stored.

    Attributes:
        runtime: ONNX graphs for onnxruntime, or LiteRT files for ai-edge-litert.
        precision: of the stored weights. What goes from layer to layer is in single precision in all forms.
    """

    runtime: Runtime = "onnx"
    precision: WeightPrecision = "float32"

    def __post_init__(self) -> None:
        """Refuse a form that there is not.

        Raises:
            HbacError: int8 in ONNX.
        """
        if self.precision == "int8" and self.runtime != "litert":
            raise HbacError(f"--precision: expected float32 or float16 with {self.runtime}, found int8; use litert")

    @property
    def is_exact(self) -> bool:
        """Whether the weights are those of the model."""
        return self.precision == "float32"

    @property
    def suffix(self) -> str:
        """Of a network's file."""
        return SUFFIXES[self.runtime]

    @property
    def tolerance(self) -> float:
        """Largest difference of a probability between a network and its model."""
        return TOLERANCES[self.precision]

    def __str__(self) -> str:
        return f"{self.runtime} in {self.precision}"


DEFAULT = Form()
