from math import acos, cos, pi, radians, sin

import pytest

from slit.scenario.latency import estimated_round_trip_s, great_circle_m
from slit.scenario.records import Accounting, Datacenter, Origin
from tests.scenario.files import Files


def test_distance_by_the_law_of_cosines() -> None:
    berlin = Origin(name="berlin", latitude=52.52, longitude=13.405)
    sydney = Datacenter(name="sydney", latitude=-33.87, longitude=151.21)
    a, b = radians(52.52), radians(-33.87)
    angle = acos(sin(a) * sin(b) + cos(a) * cos(b) * cos(radians(151.21 - 13.405)))
    assert great_circle_m(berlin, sydney) == pytest.approx(6_371_000 * angle)


def test_half_way_around_the_equator() -> None:
    here = Origin(name="here", latitude=0, longitude=0)
    there = Datacenter(name="there", latitude=0, longitude=180)
    accounting = Accounting(reservoir_evaporation=False, fiber_speed_share=0.5, route_stretch=2)
    expected = 2 * (pi * 6_371_000 * 2) / (0.5 * 299_792_458)
    assert estimated_round_trip_s(here, there, accounting) == pytest.approx(expected, abs=1e-6)


def table(files: Files, rows: str, **fields: str) -> None:
    said = "\n".join(f"{name} = {value}" for name, value in fields.items())
    start = files.text.index("[latency]")
    end = files.text.index("# Rules:")
    text = files.text[:start] + f'[latency]\nfile = "rtt.csv"\n{said}\n\n' + files.text[end:]
    files.write("scenario.toml", text).write("rtt.csv", rows)


def test_a_table_by_zone_read_in_both_directions(files: Files) -> None:
    table(
        files,
        "origin,datacenter,rtt,est\nEU,DE-LU,4,0\nBR-SP,EU,18000,1\nBR-SP,BR-SP,5,0\n",
        by='"zone"',
        column='"rtt"',
        unit='"ms"',
        scale="0.5",
        estimated_column='"est"',
    )
    files.replace('name = "europe"', 'name = "europe"\nzone = "EU"')
    files.replace('name = "america"', 'name = "america"\nzone = "BR-SP"')
    scenario = files.load()
    assert scenario.round_trip_s[:, 1].tolist() == [9, 0.0025]
    assert scenario.round_trip_s[0, 0] == 0.002
    assert scenario.round_trip_s[1, 0] > 0.09  # estimated: 9,800 km
    assert {e.name: e.estimated_share for e in scenario.inputs}["round_trip"] == 0.5


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "origin,datacenter,ms\neurope,north,-1\n",
            r"rtt.csv:2: ms: -1, expected a number from 0 to 60000",
        ),
        ("origin,datacenter,ms\neurope,north,\n", r"rtt.csv:2: ms: nan, expected a number from 0"),
        (
            "origin,datacenter,ms\neurope,north,1\neurope,north,2\n",
            r"rtt.csv:3: europe to north twice, expected one row",
        ),
    ],
)
def test_mistakes(files: Files, rows: str, expected: str) -> None:
    table(files, rows)
    with pytest.raises(Exception, match=expected):
        files.load()
