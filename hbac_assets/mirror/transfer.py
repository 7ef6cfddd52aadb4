"""Concurrent work on many files, with progress in bytes."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

AT_ONCE = 8
"""Threads; enough to hide the latency of a server."""

Item = TypeVar("Item")


def side_by_side(work: Callable[[Item], int], items: Iterable[Item], advance: Callable[[int], None]) -> None:
    """Process items in threads; calls already begun are completed when one fails or is interrupted.

    Args:
        work: processes an item and returns the number of bytes done.
        items: the items.
        advance: called with each of these numbers.
    """
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for future in as_completed([pool.submit(work, item) for item in items]):
            advance(future.result())
    finally:
        pool.shutdown(cancel_futures=True)
