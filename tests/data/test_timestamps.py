import numpy as np
import pytest

from slit.data.timestamps import microseconds_of, parse_stamps, stamp_text, zone_of
from slit.errors import SlitError
from slit.scenario.load import parse_start

HOUR = 3_600_000_000


def place(row: int | None) -> str:
    return f"row {row}"


def hours(texts: list[str], zone: str | None) -> list[str]:
    return [stamp_text(int(value)) for value in parse_stamps(texts, zone=zone, place=place)]


def test_stamps_with_an_offset_need_no_zone() -> None:
    assert hours(["2023-07-01T02:00+02:00", "2023-07-01 01:00:00Z"], None) == [
        "2023-07-01T00:00Z",
        "2023-07-01T01:00Z",
    ]


def test_naive_stamps_need_a_stated_zone() -> None:
    with pytest.raises(SlitError, match=r"row 0: '2023-07-01T00:00' without an offset, expected"):
        parse_stamps(["2023-07-01T00:00"], zone=None, place=place)


def test_an_offset_wins_over_no_one_but_mixtures_are_refused() -> None:
    with pytest.raises(SlitError, match="row 1: '2023-07-01T01:00', expected all stamps with"):
        parse_stamps(["2023-07-01T00:00Z", "2023-07-01T01:00"], zone="UTC", place=place)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "2023-07-01T00:00Z"),
        ("+10:00", "2023-06-30T14:00Z"),
        ("UTC-3", "2023-07-01T03:00Z"),
        ("+0530", "2023-06-30T18:30Z"),
        ("Europe/Berlin", "2023-06-30T22:00Z"),
    ],
)
def test_zones(zone: str, expected: str) -> None:
    assert hours(["2023-07-01"], zone) == [expected]


def test_unknown_zone() -> None:
    with pytest.raises(SlitError, match="zone: 'Mars/Olympus', expected UTC"):
        zone_of("Mars/Olympus")


def test_the_25_hour_day_is_read_in_order() -> None:
    texts = ["2023-10-29T01:00", "2023-10-29T02:00", "2023-10-29T02:00", "2023-10-29T03:00"]
    stamps = parse_stamps(texts, zone="Europe/Berlin", place=place)
    assert np.diff(stamps).tolist() == [HOUR, HOUR, HOUR]
    assert stamp_text(int(stamps[0])) == "2023-10-28T23:00Z"


def test_an_hour_that_should_stand_twice_but_stands_once_is_refused() -> None:
    texts = ["2023-10-29T01:00", "2023-10-29T02:00", "2023-10-29T03:00"]
    with pytest.raises(SlitError, match="row 1: 2023-10-29T02:00:00 occurs twice"):
        parse_stamps(texts, zone="Europe/Berlin", place=place)


def test_the_23_hour_day() -> None:
    texts = ["2023-03-26T01:00", "2023-03-26T03:00"]
    assert np.diff(parse_stamps(texts, zone="Europe/Berlin", place=place)).tolist() == [HOUR]
    with pytest.raises(SlitError, match="row 0: 2023-03-26T02:30:00 does not exist"):
        parse_stamps(["2023-03-26T02:30"], zone="Europe/Berlin", place=place)


@pytest.mark.parametrize("text", ["yesterday", "", "2023-13-01", "2023-07-01T25:00Z"])
def test_what_is_no_stamp(text: str) -> None:
    with pytest.raises(SlitError, match="expected a date and time in ISO 8601"):
        parse_stamps([text], zone="UTC", place=place)


def test_start() -> None:
    assert microseconds_of(parse_start("2023-07-01")) == 1_688_169_600_000_000
    assert parse_start("2023-07-01T02:00+02:00") == parse_start("2023-07-01")
    with pytest.raises(SlitError, match="start: 2023-07-01T00:00 without a zone"):
        parse_start("2023-07-01T00:00")
    with pytest.raises(SlitError, match="start: 'soon', expected a date"):
        parse_start("soon")
