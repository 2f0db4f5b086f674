import threading

import pytest

from slit.compute import map_items


@pytest.mark.parametrize("threads", [1, 3])
def test_results_stand_in_the_order_of_the_items(threads: int) -> None:
    assert map_items(lambda n: n * n, range(20), threads=threads) == [n * n for n in range(20)]
    assert map_items(lambda n: n, [], threads=threads) == []


def test_one_item_starts_no_thread() -> None:
    [where] = map_items(lambda _: threading.current_thread(), [0], threads=4)
    assert where is threading.current_thread()


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_error_in_order_is_raised(threads: int) -> None:
    def task(n: int) -> int:
        if n > 1:
            raise ValueError(str(n))
        return n

    with pytest.raises(ValueError, match="2"):
        map_items(task, range(6), threads=threads)
