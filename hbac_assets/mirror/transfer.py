"""Many files at once, with how many bytes are done."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

AT_ONCE = 8
"""Enough to hide the time that a server takes to answer."""

Item = TypeVar("Item")


def side_by_side(work: Callable[[Item], int], items: Iterable[Item], advance: Callable[[int], None]) -> None:
    """Do something for every item in threads; what has begun when one fails or is interrupted is finished.

    Args:
        work: returns the bytes that it has done.
        items: of each call.
        advance: told these bytes.
    """
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for future in as_completed([pool.submit(work, item) for item in items]):
            advance(future.result())
    finally:
        pool.shutdown(cancel_futures=True)
