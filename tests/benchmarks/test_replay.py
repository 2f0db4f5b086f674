"""Requests per second through a placement: what is measured."""

import pytest

from benchmarks.measuring.placements import chat
from benchmarks.phases import replay
from slit.replay.arrays import Dispatch

pytestmark = pytest.mark.compiled


def test_a_placement_gets_what_keeps_it_at_its_load() -> None:
    placement = chat(replicas=2, load=0.5)
    # 1,000 tokens at 40 us, and 199 steps of 22.8 ms shared by 64.
    assert placement.rate == pytest.approx(2 * 0.5 / (0.04 + 199 * 0.0228 / 64))


def test_windows_are_served_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "WINDOW", 3_000)
    placement = chat(replicas=2, load=0.1)
    values, seconds = replay.served(placement, Dispatch.ROUND_ROBIN, 10_000, seed=1)
    assert 9_950 <= values["finished"] <= 10_000
    # Nearly alone: 40 ms to read a prompt of mean length; 199 steps of 10.2 ms and the prompts
    # that come meanwhile.
    assert 0.04 < values["ttft_s"] < 0.06
    assert values["batch"] == pytest.approx(placement.rate / 2 * (0.04 + 199 * 0.0105), rel=0.1)
    assert seconds > 0
