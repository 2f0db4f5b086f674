"""Forecasts that others made: by hand, and what is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from slit.errors import SlitError
from slit.forecast import Clock, KnownAhead, make_forecaster
from slit.forecast.given_file import read_given

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SERIES = [("price", "north"), ("carbon", "north")]
HEAD = "issued,time,signal,place,mean\n"


def written(tmp_path: Path, rows: str, head: str = HEAD) -> Path:
    path = tmp_path / "given.csv"
    path.write_text(head + rows)
    return path


def test_day_ahead_prices_are_known_from_noon_on() -> None:
    """Before 13:00 to the end of the day, from then on to the end of the next."""
    values = np.arange(96.0)[None]
    source = KnownAhead(values, START, 13)
    early = source.at(START + 12 * HOUR, HOUR, 48).mean[0]
    assert early[:12].tolist() == list(range(12, 24))
    assert np.isnan(early[12:]).all()
    late = source.at(START + 13 * HOUR, HOUR, 48).mean[0]
    assert late[:35].tolist() == list(range(13, 48))
    assert np.isnan(late[35:]).all()


def test_the_newest_that_was_issued_counts(tmp_path: Path) -> None:
    rows = "".join(
        f"2024-01-0{day}T00:00Z,{START + (24 * day - 24 + n) * HOUR:%Y-%m-%dT%H:%MZ},price,north,"
        f"{100 * day + n}\n"
        for day in (1, 2)
        for n in range(48)
    )
    source = read_given(written(tmp_path, rows), SERIES)
    first = source.at(START + 6 * HOUR, HOUR, 24).mean
    assert first[0].tolist() == [100 + n for n in range(6, 30)]
    assert np.isnan(first[1]).all()
    later = source.at(START + 24 * HOUR, HOUR, 24).mean[0]
    assert later.tolist() == [200 + n for n in range(24)]


def test_given_ones_win_and_the_method_says_the_rest() -> None:
    rng = np.random.default_rng(1)
    history = rng.uniform(1, 2, (2, 24 * 20))
    clock = Clock(START, HOUR)
    values = np.full((2, 24 * 30), np.nan)
    values[0] = 7.0
    source = KnownAhead(values, START, 0)
    given = make_forecaster("naive", clock, history, horizon=72, sources=[source])
    own = make_forecaster("naive", clock, history, horizon=72)
    found, plain = given.forecast(72), own.forecast(72)
    assert (found.mean[0, :48] == 7).all()
    assert np.array_equal(found.mean[0, 48:], plain.mean[0, 48:])
    assert np.array_equal(found.mean[1], plain.mean[1])


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        ("2024-01-01T00:00Z,2024-01-01T00:00Z,price,north,\n", HEAD, "mean: no figure"),
        ("2024-01-01T00:00Z,2024-01-01T00:00Z,price,nrth,1\n", HEAD, "north"),
        ("2024-01-01T00:00Z,2024-01-01T00:00Z,price,north\n", HEAD[:-6] + "\n", "no column 'mean'"),
        (
            "2024-01-01T00:00Z,2024-01-01T00:00Z,price,north,1,2\n",
            HEAD[:-1] + ",q05\n",
            "no column 'q25'",
        ),
    ],
)
def test_files_that_are_refused(tmp_path: Path, rows: str, head: str, said: str) -> None:
    with pytest.raises(SlitError) as caught:
        read_given(written(tmp_path, rows, head), SERIES)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_stale_and_short_ones_are_said(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-01T00:00Z,2024-01-01T{n:02d}:00Z,price,north,{n}\n" for n in range(24))
    source = read_given(written(tmp_path, rows), SERIES, stale=timedelta(hours=12))
    source.check(START, HOUR, 24)
    with pytest.raises(SlitError, match=r"of north: ends 12 h after .*, expected 24"):
        source.check(START + 12 * HOUR, HOUR, 24)
    with pytest.raises(SlitError, match=r"of north: issued 13 h before .*expected at most 12"):
        source.check(START + 13 * HOUR, HOUR, 2)
    lenient = read_given(written(tmp_path, rows), SERIES, whole=False)
    lenient.check(START + 12 * HOUR, HOUR, 24)
