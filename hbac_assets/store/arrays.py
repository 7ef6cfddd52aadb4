"""Opening the npy arrays of the store."""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from hbac_assets.errors import HbacError


def open_array(
    path: Path, shape: tuple[int | str, ...], asset: str, dtype: type[np.floating] = np.float32
) -> Float[np.ndarray, "..."]:
    """Return a memory-mapped array.

    Args:
        path: an npy file.
        shape: its lengths, with a name for each that varies between files.
        asset: that makes it, for messages.
        dtype: its type.

    Raises:
        HbacError: the file is missing or is not such an array.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise HbacError(f"{path}: missing; materialize {asset}") from None
    except (OSError, ValueError, EOFError) as error:
        raise HbacError(f"{path}: not an .npy array ({error}); materialize {asset} again") from error
    alike = len(array.shape) == len(shape) and all(
        found == expected for found, expected in zip(array.shape, shape, strict=True) if isinstance(expected, int)
    )
    if array.dtype != dtype or not alike:
        expected = f"{dtype.__name__} ({', '.join(map(str, shape))})"
        raise HbacError(f"{path}: expected {expected}, found {array.dtype} {array.shape}; materialize {asset} again")
    return np.asarray(array)
