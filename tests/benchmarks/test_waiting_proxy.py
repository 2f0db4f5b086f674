"""The model's waits beside served ones: where the formula holds, and what it leaves out."""

import pytest

from benchmarks.drivers.waiting_proxy import measure


def test_large_pools_at_low_load_do_not_queue_but_wait_for_iterations() -> None:
    alone = measure(0.3, 32, 1.0, batching=False, count=20_000)
    assert alone.promised == pytest.approx(0.0, abs=1e-4)
    assert alone.served == pytest.approx(0.0, abs=1e-4)
    batched = measure(0.3, 32, 1.0, batching=True, count=20_000)
    assert batched.promised == alone.promised
    assert 0.005 < batched.served < 0.015  # half an iteration of 7 to 15 ms, and prompts in it


def test_the_same_requests_wait_alike_every_time() -> None:
    first, second = (measure(0.7, 4, 4.0, batching=True, count=5_000) for _ in range(2))
    assert first == second
    assert first.served > measure(0.3, 4, 4.0, batching=True, count=5_000).served
