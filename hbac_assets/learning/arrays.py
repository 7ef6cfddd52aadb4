"""The arrays that a compiled program works on, for annotations such as `Float[Array, "rows height width"]`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jax import Array as Array
else:
    Array = Any  # what JAX traces and NumPy's arrays alike: an annotation does not import JAX
