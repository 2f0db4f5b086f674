"""Backtests: what runs come to, how regret is split, and that a folder goes on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slit.api.operating import OperatingOptions, backtest
from slit.errors import SlitError
from slit.operate.backtest import (
    COUNTS,
    FORECAST,
    ORACLE,
    YESTERDAY,
    Backtest,
    Record,
    daily,
    regret,
    run_record,
    saving_interval,
    weighted_bound,
)
from slit.operate.loop import begin
from slit.operate.panel import Cause
from slit.operate.rivals import served_by
from slit.operate.serve import REALIZED
from slit.operate.summary import backtest_content
from slit.report.backtest import backtest_page
from tests.operate.stretches import DAY, settings, stretch

OPTIONS = OperatingOptions(forecast="naive", history_days=10, horizon_h=6.0)


@pytest.fixture(scope="module")
def found() -> Backtest:
    return backtest("ten-weeks", start="2024-03-04", end="2024-03-04T10:00Z", options=OPTIONS)


def test_every_run_serves_the_same_requests(found: Backtest) -> None:
    requests = found.records[ORACLE].count("requests")
    assert len(requests) == 10
    assert set(found.records) == {
        ORACLE, FORECAST, YESTERDAY, "demand", "carbon", "price", "weather",
        "nearest", "splitwise", "helix",
    }  # fmt: skip
    for record in found.records.values():
        assert np.array_equal(record.count("requests"), requests)
        assert record.by_site[:, 0].sum() == pytest.approx(record.value("carbon"), rel=1e-9)


def test_foresight_regrets_nothing_and_forecasts_are_above_the_bound(found: Backtest) -> None:
    assert regret(found, ORACLE, "carbon") == 0.0
    assert found.bound is not None
    for name in found.records:
        weighted = found.weighted(name)
        assert weighted is not None
        assert weighted >= found.bound
    assert found.records[ORACLE].count("spilled").sum() == 0.0


def test_a_cause_that_is_known_is_not_regretted(found: Backtest) -> None:
    """No figure of the weather is forecast wrong where it does not matter to anything: the naive
    forecast of demand misses, so demand alone differs from the oracle."""
    carbon = {name: found.records[name].value("carbon") for name in (ORACLE, "demand")}
    assert carbon["demand"] != carbon[ORACLE]


def test_what_it_found_in_plain_numbers(found: Backtest) -> None:
    content: dict[str, Any] = {
        "policy": "balance", "forecast": "naive", **backtest_content(found)
    }  # fmt: skip
    json.dumps(content, allow_nan=False)
    assert (content["from"], content["to"]) == ("2024-03-04T00:00Z", "2024-03-04T10:00Z")
    assert list(content["causes"]) == [cause.value for cause in Cause]
    assert content["runs"][ORACLE]["regret"]["weighted"] == 0.0
    hours = content["hours"]["carbon"]
    assert sum(hours["realized"]) == pytest.approx(content["runs"][FORECAST]["carbon"])
    assert sum(hours["oracle"]) == pytest.approx(content["runs"][ORACLE]["carbon"])
    beyond = sum(row["carbon"] for row in content["regions"])
    assert beyond == pytest.approx(sum(hours["realized"]) - sum(hours["oracle"]), abs=1e-6)
    [nearest] = [row for row in content["savings"] if row["against"] == "nearest"]
    runs = content["runs"]
    change = 100 * (runs[FORECAST]["carbon"] / runs["nearest"]["carbon"] - 1)
    assert nearest["carbon"] == pytest.approx(change)
    assert nearest["carbon_95"] is None  # less than six days
    page = backtest_page(content)
    for said in ("perfect foresight", "carbon forecast alone", "frankfurt", "Savings"):
        assert said in page


def test_a_folder_goes_on_and_processes_change_nothing(tmp_path: Path, found: Backtest) -> None:
    place = tmp_path / "kept"
    given: dict[str, Any] = {
        "start": "2024-03-04",
        "end": "2024-03-04T10:00Z",
        "options": OPTIONS,
        "output": place,
        "rivals": ("nearest",),
    }
    first = backtest("ten-weeks", **given, causes=False, jobs=2)
    for name, record in first.records.items():
        assert np.array_equal(record.totals, found.records[name].totals)
    kept = place / f"{ORACLE}.npz"
    before = kept.stat().st_mtime_ns
    (place / f"{YESTERDAY}.npz").unlink()
    again = backtest("ten-weeks", **given, causes=False)
    assert kept.stat().st_mtime_ns == before
    for name, record in first.records.items():
        for part in ("totals", "by_site", "counts", "promised"):
            assert np.array_equal(
                getattr(record, part), getattr(again.records[name], part), equal_nan=True
            )
    with pytest.raises(SlitError, match=r"to: '2024-03-05.*', expected '2024-03-04T10"):
        backtest("ten-weeks", **(given | {"end": "2024-03-05"}))
    kept.write_bytes(kept.read_bytes()[:200])
    with pytest.raises(SlitError, match=r"oracle\.npz: .*expected a run of a backtest"):
        backtest("ten-weeks", **given, causes=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (OperatingOptions(horizon_h=1.5), "horizon: 1.5 h, expected a whole number of epochs"),
        (OperatingOptions(stability=-1), "stability: -1, expected 0 or more"),
        (OperatingOptions(objectives=("quality[class=chat]",)), "objectives: quality[class=chat]"),
        (OperatingOptions(forecast="sute"), "did you mean 'suite'?"),
        (OperatingOptions(history_days=3), "history: 3 days, expected at least"),
        (OperatingOptions(budgets=("quality<=1/1d",)), "is a mean over requests"),
        (OperatingOptions(budgets=("energy<=1/1d",)), "'energy', expected one of carbon"),
    ],
)
def test_options_that_do_not_fit(options: OperatingOptions, said: str) -> None:
    with pytest.raises(SlitError) as caught:
        backtest(
            "ten-weeks", start="2024-03-04", end="2024-03-04T02:00Z", options=options, rivals=()
        )
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rivals_make_one_plan() -> None:
    with pytest.raises(SlitError, match="rival: nsga2, expected a scheduler that makes one plan"):
        backtest("ten-weeks", start="2024-03-04", end="2024-03-05", rivals=("nsga2",))


def test_a_rival_knows_its_day() -> None:
    """It uses exactly the nodes that requests need."""
    found = stretch(2)
    rows = list(served_by("nearest", found, settings()))
    assert len(rows) == 2 * DAY
    assert all(row.spilled == 0.0 for row in rows)


def test_limits_hold_where_the_future_is_known() -> None:
    """Without one the plan loses more quality; with it, no more than allowed."""
    from slit.api.limits import Resolving, stated_limits

    found = stretch(8)
    asked = settings()
    free = run_record(ORACLE, found, asked, method="naive").value("quality")
    best = run_record(
        ORACLE, found, settings("balance:carbon=0,water=0,cost=0"), method="naive"
    ).value("quality")
    assert best < free
    most = 0.5 * (best + free)
    limits = Resolving(stated_limits((f"quality<={most}",), found.scenario), 1)
    kept = run_record(ORACLE, found, asked, method="naive", limits=limits).value("quality")
    assert kept < free
    assert kept <= most * 1.02  # of every horizon, not of the hours served


def record(totals: list[float]) -> Record:
    rows = len(totals)
    values = np.zeros((rows, len(REALIZED)))
    values[:, REALIZED.index("carbon")] = totals
    values[:, REALIZED.index("quality")] = 30.0
    counts = np.zeros((rows, len(COUNTS)))
    counts[:, COUNTS.index("requests")] = 100.0
    return Record("a", values, np.zeros((rows, 3, 1)), counts, np.zeros((rows, 3)))


def test_sums_and_means_of_a_record() -> None:
    assert record([1.0, 2.0]).value("carbon") == 3.0
    assert record([1.0, 2.0]).value("quality") == pytest.approx(0.3)
    assert record([1.0]).rerouted == 0.0


def test_intervals_of_savings() -> None:
    """The same share on every day has no spread; two halves have one around their mean."""
    base = np.full(10, 100.0)
    assert saving_interval(0.8 * base, base) == pytest.approx((-20.0, -20.0))
    low, high = saving_interval(np.repeat([60.0, 100.0], 5), base)
    assert -40.0 <= low < -20.0 < high <= 0.0
    assert np.isnan(saving_interval(base[:5], base[:5])).all()
    assert np.isfinite(saving_interval(base[:6], base[:6])).all()
    assert daily(np.arange(7.0), 3).tolist() == [3.0, 12.0]


def test_the_bound_of_days_adds_up() -> None:
    found = stretch(6, days=3)
    prices = begin(found.scenario, settings(), first=found.first).prices
    assert prices is not None
    whole = weighted_bound(found, settings(), prices)
    parts = 0.0
    for day in range(3):
        first = found.first + day * DAY
        part = type(found)(found.scenario, found.panel, first, first + DAY, found.genes)
        parts += weighted_bound(part, settings(), prices)
    assert whole == pytest.approx(parts, rel=1e-12)
