"""The one place that spreads work: in turn, or over threads (kernels release the GIL)."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Output = TypeVar("Output")


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_items(
    task: Callable[[Item], Output], items: Sequence[Item], *, threads: int
) -> list[Output]:
    """What `task` gives for every item, in the items' order, whatever the number of threads.

    Args:
        task: must not depend on what it did for other items, nor change what others read.
        items: what is worked on.
        threads: most that run at once; with one, or one item, none is started.

    Raises:
        Exception: the first, in the items' order, that `task` raised.
    """
    if threads == 1 or len(items) < 2:
        return [task(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(task, items))
