"""The array type of compiled programs, for annotations such as `Float[Array, "rows height width"]`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jax import Array as Array
else:
    Array = Any  # JAX tracers and NumPy arrays alike: an annotation must not import JAX
