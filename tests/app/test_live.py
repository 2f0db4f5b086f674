"""The page of a running search."""

import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plotly.graph_objects import Figure

import slit
from slit.app.live import watched
from slit.app.live_page import draw_growing, draw_volume, facts
from slit.app.progress_feed import ProgressFeed, SearchSnapshot
from slit.stop import StopReason
from tests.app.test_server import text_of
from tests.stored import small_scenario

NAMES = ("carbon", "water", "cost", "quality")
UNITS = ("kg CO2e", "L", "USD", "share")
SEARCH: dict[str, Any] = {"optimizer": "deap-nsga2", "population": 12, "baselines": False}


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slit.app.progress_feed.EVERY_SECONDS", 0.0)
    monkeypatch.setattr("slit.app.progress_feed.LARGEST_SHARE", 1e9)


def test_a_search_is_seen_growing(eager: None) -> None:
    feed = ProgressFeed()
    result = slit.optimize(small_scenario(), evaluations=120, watch=feed.watch, **SEARCH)
    snapshot = feed.snapshot
    assert snapshot.evaluations == result.evaluations
    assert len(snapshot.times) == len(snapshot.volumes) > 5
    assert list(snapshot.times) == sorted(snapshot.times)
    assert snapshot.volumes[-1] > 0
    assert snapshot.share == 1.0
    kept = result.front.F[np.array(result.front.methods) == "deap-nsga2"]
    assert snapshot.F is not None
    assert {tuple(row) for row in snapshot.F} <= {tuple(row) for row in kept}
    assert not snapshot.ended


def test_volume_by_hand() -> None:
    feed = ProgressFeed()
    assert feed._volume(np.empty((0, 2))) == 0.0
    first = np.array([[0.0, 10.0], [10.0, 0.0]])
    # Spans are 10, the reference point lies at 2 spans: 4 less the square of both.
    assert feed._volume(first) == pytest.approx(3 / 4)
    assert feed._volume(np.array([[0.0, 0.0]])) == pytest.approx(1.0)


def test_looking_takes_little_time() -> None:
    feed = ProgressFeed()
    slit.optimize(small_scenario(), evaluations=240, watch=feed.watch, **SEARCH)
    assert len(feed.snapshot.times) <= 3


def test_the_page_can_stop_the_search(eager: None, tmp_path: Path) -> None:
    feed = ProgressFeed()

    def watch(progress: object) -> None:
        feed.watch(progress)  # type: ignore[arg-type]
        if len(feed.snapshot.times) == 3:
            feed.stop()

    result = slit.optimize(
        small_scenario(), evaluations=100_000, watch=watch, output=tmp_path / "run", **SEARCH
    )
    assert result.stop is StopReason.REQUEST
    assert result.evaluations < 200
    assert len(result.front)
    assert (tmp_path / "run" / "front.csv").exists()
    assert feed.stopped


def test_what_the_page_says() -> None:
    snapshot = SearchSnapshot(
        evaluations=1000,
        moves=5000,
        seconds=2.0,
        share=0.25,
        plans=2,
        F=np.array([[1.0, 8.0], [4.0, 2.0]]),
        times=(1.0, 2.0),
        volumes=(0.5, 0.6),
        message="over",
    )
    said = text_of(facts(snapshot, ("carbon", "mine"), ("kg CO2e", "apples")))
    assert "1,000 evaluations and 5,000 moves in 2.0 s (3,000 a second), 25 % of the budget" in said
    assert "carbon 1 kg CO2e, mine 2 apples" in said
    assert "over" in said
    drawn = Figure(
        draw_growing(snapshot, ("carbon", "mine"), ("kg CO2e", "apples"), x="mine", y="carbon")
    )
    assert list(drawn.data[0].x) == [8.0, 2.0]
    assert list(drawn.data[0].y) == [1.0, 4.0]
    assert list(Figure(draw_volume(snapshot)).data[0].y) == [50.0, 60.0]
    assert not len(
        Figure(draw_growing(SearchSnapshot(), NAMES, UNITS, x="cost", y="water")).data[0].x
    )


def fetched(url: str) -> tuple[str, str]:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.geturl(), answer.read().decode()


def test_the_result_takes_the_place_of_the_search(tmp_path: Path) -> None:
    with watched(NAMES, UNITS, title="small", browser=False) as live:
        url, page = fetched(live.address)
        assert url == live.address + "live/"
        assert "slit optimize" in page
        slit.optimize(
            small_scenario(),
            evaluations=60,
            watch=live.feed.watch,
            output=tmp_path / "run",
            **SEARCH,
        )
        live.finish(tmp_path / "run")
        url, page = fetched(live.address)
        assert url == live.address
        assert "slit explore" in page
        assert "slit optimize" in fetched(live.address + "live/")[1]
        assert (live.feed.snapshot.ended, live.feed.snapshot.explorable) == (True, True)
    deadline = time.monotonic() + 5
    while any(t.name == "slit-live" for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_a_result_the_page_says_why() -> None:
    with watched(NAMES, UNITS, title="small", browser=False) as live:
        live.finish(None, message="It failed.")
        assert fetched(live.address)[0].endswith("/live/")
        snapshot = live.feed.snapshot
        assert (snapshot.ended, snapshot.explorable, snapshot.message) == (
            True,
            False,
            "It failed.",
        )
