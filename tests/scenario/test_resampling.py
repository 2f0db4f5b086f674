import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slit.errors import SlitError
from slit.scenario.references import Resample
from slit.scenario.resampling import EpochClock, Steps, to_epochs

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def steps(values: list[float], *, step: int, start: int = 0) -> Steps:
    begins = start + step * np.arange(len(values), dtype=np.int64)
    return Steps(begins, step, np.array(values), np.zeros(len(values)), lambda row: f"row {row}")


CLOCK = EpochClock(start=0, step=HOUR, epochs=2)


def test_steps_that_are_epochs_need_nothing() -> None:
    values, estimated = to_epochs(steps([1, 2, 3], step=HOUR), CLOCK, resample=None)
    assert values.tolist() == [1, 2]
    assert estimated == 0


def test_mean_of_quarter_hours() -> None:
    series = steps([1, 2, 3, 6, 0, 0, 4, 4], step=15 * MINUTE)
    assert to_epochs(series, CLOCK, resample=Resample.MEAN)[0].tolist() == [3, 2]


def test_sum_of_quarter_hours() -> None:
    series = steps([1, 2, 3, 6, 0, 0, 4, 4], step=15 * MINUTE)
    values, _ = to_epochs(series, CLOCK, resample=Resample.SUM, adds_up=True)
    assert values.tolist() == [12, 8]


def test_hold() -> None:
    series = steps([5, 7], step=2 * HOUR)
    clock = EpochClock(start=0, step=HOUR, epochs=4)
    assert to_epochs(series, clock, resample=Resample.HOLD)[0].tolist() == [5, 5, 7, 7]
    held, _ = to_epochs(series, clock, resample=Resample.HOLD, adds_up=True)
    assert held.tolist() == [2.5, 2.5, 3.5, 3.5]


def test_mean_weighted_by_requests() -> None:
    series = steps([10, 30, 5, 5], step=30 * MINUTE)
    requests = steps([3, 1, 0, 0], step=30 * MINUTE)
    values, _ = to_epochs(series, CLOCK, resample=Resample.DEMAND_WEIGHTED_MEAN, weights=requests)
    assert values.tolist() == [15, 5]  # (3*10 + 1*30) / 4; without requests: the plain mean


def test_mean_weighted_by_requests_of_other_steps() -> None:
    series = steps([10, 30, 5, 5], step=30 * MINUTE)
    requests = steps([6, 3, 3, 0, 0, 0], step=20 * MINUTE)
    values, _ = to_epochs(series, CLOCK, resample=Resample.DEMAND_WEIGHTED_MEAN, weights=requests)
    assert values[0] == pytest.approx((7.5 * 10 + 4.5 * 30) / 12)


def test_weights_must_be_finer_than_an_epoch() -> None:
    series = steps([10, 30, 5, 5], step=30 * MINUTE)
    for weights in (None, steps([1, 2], step=HOUR)):
        with pytest.raises(SlitError, match="demand is no finer than an epoch"):
            to_epochs(series, CLOCK, resample=Resample.DEMAND_WEIGHTED_MEAN, weights=weights)


@pytest.mark.parametrize(
    ("step", "start", "resample", "expected"),
    [
        (15 * MINUTE, 0, None, "demand_weighted_mean or mean"),
        (15 * MINUTE, 0, Resample.HOLD, "demand_weighted_mean or mean"),
        (15 * MINUTE, 0, Resample.SUM, "demand_weighted_mean or mean"),
        (2 * HOUR, 0, None, "hold"),
        (2 * HOUR, 0, Resample.MEAN, "hold"),
        (HOUR, -30 * MINUTE, None, "demand_weighted_mean or mean"),
        (2 * HOUR, -HOUR - 30 * MINUTE, Resample.HOLD, "mean"),
    ],
)
def test_nothing_is_resampled_silently(
    step: int, start: int, resample: Resample | None, expected: str
) -> None:
    said = "no resample" if resample is None else f"resample = {resample}"
    with pytest.raises(SlitError, match=f"^{said}, expected resample = {expected} "):
        to_epochs(steps([1.0] * 12, step=step, start=start), CLOCK, resample=resample)


def test_gaps_and_holes_are_refused() -> None:
    clock = EpochClock(start=0, step=HOUR, epochs=3)
    with pytest.raises(SlitError, match=r"nothing for 1970-01-01T02:00Z, expected .* \(1 without"):
        to_epochs(steps([1, 2], step=HOUR), clock, resample=None)
    with pytest.raises(SlitError, match="row 1: no number for 1970-01-01T01:00Z"):
        to_epochs(steps([1, np.nan, 2], step=HOUR), clock, resample=None)


def test_estimated_share_counts_time() -> None:
    series = steps([1, 2, 3, 6, 0, 0, 4, 4], step=15 * MINUTE)
    series.estimated[:3] = 1
    assert to_epochs(series, CLOCK, resample=Resample.MEAN)[1] == pytest.approx(3 / 8)


@given(
    st.integers(1, 12).map(lambda n: n * 5 * MINUTE),
    st.integers(-50, 0).map(lambda n: n * 5 * MINUTE),
    st.integers(2, 18).map(lambda n: n * 5 * MINUTE),
    st.integers(0, 10**6),
)
def test_against_five_minute_pieces(step: int, start: int, epoch: int, seed: int) -> None:
    """Any series laid on any clock: compared with counting pieces of five minutes."""
    values = np.random.default_rng(seed).uniform(0, 10, (60 * 60 * MINUTE) // step)
    series = steps(values.tolist(), step=step, start=start)
    clock = EpochClock(start=0, step=epoch, epochs=3)
    piece = 5 * MINUTE
    fine = np.repeat(values, step // piece)[-start // piece :]
    size = epoch // piece
    fine = fine[: 3 * size].reshape(3, size)
    inside = all(
        (e * epoch - start) // step == ((e + 1) * epoch - 1 - start) // step for e in range(3)
    )
    held = step > epoch and inside
    total, _ = to_epochs(
        series, clock, resample=Resample.HOLD if held else Resample.SUM, adds_up=True
    )
    level, _ = to_epochs(series, clock, resample=Resample.HOLD if held else Resample.MEAN)
    np.testing.assert_allclose(total, fine.sum(axis=1) * piece / step, rtol=1e-12)
    np.testing.assert_allclose(level, fine.mean(axis=1), rtol=1e-12)
