"""Forecasters against what is worked out by hand, and how their errors are added up."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from operators.types import Floats
from slit.errors import SlitError
from slit.forecast import Clock, make_forecaster
from slit.forecast.evaluation import evaluate_forecasts
from slit.forecast.intervals import Intervals
from slit.forecast.protocol import LEVELS
from slit.forecast.regression_suite import FORGETTING_DAYS, PRIOR, RegressionSuite

CLOCK = Clock(datetime(2024, 1, 1, tzinfo=UTC), timedelta(hours=6))
DAY = CLOCK.day


def test_naive_repeats_the_day_or_the_week_before() -> None:
    """A series that repeats weekly is repeated, though no day is as the one before."""
    values = np.tile(np.random.default_rng(1).uniform(1, 2, 7 * DAY), 6)[None]
    forecaster = make_forecaster("naive", CLOCK, values[:, : 35 * DAY], horizon=2 * DAY)
    found = forecaster.forecast(2 * DAY)
    np.testing.assert_allclose(found.mean, values[:, 35 * DAY : 37 * DAY])
    daily = np.tile(np.random.default_rng(1).uniform(1, 2, DAY), 40)[None]
    found = make_forecaster("naive", CLOCK, daily, horizon=2 * DAY).forecast(2 * DAY)
    np.testing.assert_allclose(found.mean, np.tile(daily[:, :DAY], 2))


def test_recursive_least_squares_is_least_squares() -> None:
    """The same coefficients as weighted ridge regression, solved at once."""
    rng = np.random.default_rng(3)
    series, steps = 1, 60
    history = rng.uniform(1, 2, (series, 12 * DAY))
    suite = RegressionSuite(CLOCK, history, lowest=np.full(series, -np.inf), horizon=1)
    width = suite._coefficients[0].shape[-1]
    start = suite._coefficients[0] = np.zeros((series, 1, width))
    suite._variance[0] = np.broadcast_to(PRIOR * np.eye(width), (series, 1, width, width)).copy()
    x, y = rng.normal(size=(steps, width)), rng.normal(size=steps)
    for row, target in zip(x, y, strict=True):
        suite._train(0, row[None, None], np.array([[target]]), np.array([True]))
    forget = np.exp(-1 / (FORGETTING_DAYS * DAY))
    weights = forget ** np.arange(steps - 1, -1, -1)
    left = (x * weights[:, None]).T @ x + forget**steps / PRIOR * np.eye(width)
    expected = np.linalg.solve(left, (x * weights[:, None]).T @ y)
    assert suite._coefficients[0] is start
    np.testing.assert_allclose(suite._coefficients[0][0, 0], expected, rtol=1e-8)


def test_intervals_cover_what_they_say() -> None:
    """Errors drawn from one distribution: a level's share of them is below its quantile."""
    rng = np.random.default_rng(5)
    intervals = Intervals(1, 1)
    hits = np.zeros(len(LEVELS))
    for t in range(6000):
        error = rng.normal(0, 2.0)
        found = intervals.around(np.zeros((1, 1)), np.array([-np.inf])).quantiles[:, 0, 0]
        if t >= 2000:
            hits += error <= found
        intervals.learn(np.array([[error]]))
    assert hits / 4000 == pytest.approx(np.array(LEVELS), abs=0.02)


def test_errors_by_hand() -> None:
    """A series that rises by 1 a day: as the day before is 1 off at every lead of the first day, so
    its own MASE is 1."""
    days = 20
    values = np.repeat(np.arange(1.0, days + 1), DAY)[None]
    found = evaluate_forecasts("naive", CLOCK, values, first=12 * DAY, leads=(1, DAY))
    assert found.origins == values.shape[1] - 12 * DAY - DAY + 1
    assert found.mae == pytest.approx(np.ones((1, 2)))
    assert found.mase == pytest.approx(np.ones((1, 2)))
    # After 12 to 19 days the figure is 13 to 20: 200 / (2 x - 1) per cent each.
    first = np.array([200 / (2 * value - 1) for value in np.repeat(np.arange(13, 21), DAY)])
    assert found.smape[0, 0] == pytest.approx(first[: found.origins].mean())


@pytest.mark.parametrize("name", ["naive", "suite", "smoothing"])
def test_what_is_not_known_is_not_counted(name: str) -> None:
    rng = np.random.default_rng(2)
    values = rng.uniform(1, 2, (2, 30 * DAY))
    gaps = values.copy()
    gaps[1, 20 * DAY :] = np.nan
    found = evaluate_forecasts(name, CLOCK, gaps, first=14 * DAY, leads=(1,))
    assert np.isfinite(found.mase).all()
    whole: Floats = evaluate_forecasts(name, CLOCK, values, first=14 * DAY, leads=(1,)).mae
    assert found.mae[0] == pytest.approx(whole[0])


@pytest.mark.parametrize(
    ("first", "leads", "said"),
    [
        (14 * DAY, (20 * DAY,), "expected more than"),
        (2 * DAY, (1,), "history"),
    ],
)
def test_what_cannot_be_evaluated(first: int, leads: tuple[int, ...], said: str) -> None:
    values = np.ones((1, 30 * DAY)) + np.arange(30 * DAY) % 3
    with pytest.raises(SlitError, match=said):
        evaluate_forecasts("suite", CLOCK, values, first=first, leads=leads)


def test_clocks() -> None:
    assert CLOCK.weekend(np.arange(0, 7 * DAY, DAY)).tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert CLOCK.day_share(np.arange(DAY)).tolist() == [0, 0.25, 0.5, 0.75]
    with pytest.raises(SlitError, match="a length that divides a day"):
        Clock(CLOCK.start, timedelta(hours=7))
    with pytest.raises(SlitError, match="without a zone"):
        Clock(datetime(2024, 1, 1), timedelta(hours=1))
