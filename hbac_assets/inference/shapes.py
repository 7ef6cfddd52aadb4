"""Stand-ins for jaxtyping's annotations in bundles, where nothing checks them."""

from typing import Any


class _Unchecked:
    def __class_getitem__(cls, item: Any) -> Any:
        return Any


Bool = Float = Float16 = Float32 = Int = Shaped = _Unchecked
