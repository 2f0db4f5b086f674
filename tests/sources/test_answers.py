"""Answers of services as files: what is read of them, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slit.data.table import Table
from slit.data.table_timestamps import read_stamps
from slit.data.timestamps import stamp_text
from slit.errors import SlitError
from slit.scenario.references import FileLayout, StampedFileLayout
from slit.scenario.table_files import read_table
from slit.sources.epw import wet_bulb_of
from slit.sources.formats import FORMATS
from tests.sources import answers
from tests.sources.answers import ANSWERS, dumped


def table(tmp_path: Path, content: bytes, name: str | None = None) -> Table:
    file = tmp_path / "answer.txt"
    file.write_bytes(content)
    return read_table(file, FileLayout(format=name))


def stamps(found: Table, column: str, zone: str | None = None) -> list[str]:
    read = read_stamps(found, column, StampedFileLayout(zone=zone))
    return [stamp_text(stamp) for stamp in read.values.tolist()]


def test_every_format_has_an_answer() -> None:
    assert [known.name for known in FORMATS] == list(ANSWERS)


@pytest.mark.parametrize("name", list(ANSWERS))
def test_a_format_is_recognized_by_itself_alone(name: str) -> None:
    found = [known.name for known in FORMATS if known.recognizes(ANSWERS[name][:4096])]
    assert found == [name]


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"a,b\n1,2\n", b"<a/>", b"\xff"])
def test_what_is_none_is_refused_with_the_file(known: Any, content: bytes) -> None:
    with pytest.raises(SlitError, match=r"^file\.x:.*expected"):
        known.read(content, Path("file.x"))


def test_watttime(tmp_path: Path) -> None:
    found = table(tmp_path, ANSWERS["watttime"])
    assert found.numbers("value").tolist() == [1000, 980]
    assert stamps(found, "point_time") == ["2024-03-20T00:00Z", "2024-03-20T00:05Z"]
    assert found.source.file.units == {"value": "lb/MWh"}
    assert "an old model" in " ".join(found.source.file.notes)
    assert found.place(1).endswith("answer.txt:data[1]")


def test_forecasts_of_watttime_are_told_apart(tmp_path: Path) -> None:
    points = answers.watttime()["data"]
    made = [{"generated_at": f"2024-03-1{n}T00:00:00Z", "forecast": points} for n in (8, 9)]
    found = table(tmp_path, dumped({"data": made, "meta": {"units": "dollars_per_mwh"}}))
    assert len(found) == 4
    assert len(found.where({"generated_at": "2024-03-19T00:00:00Z"})) == 2
    assert found.source.file.units == {"value": "USD/MWh"}
    assert found.place(3).endswith("data[1].forecast[1]")


EM = answers.electricity_maps()["history"]
PRICE = [{"datetime": "2024-03-20T00:00:00Z", "value": 50.5, "unit": "EUR/MWh", "source": "here"}]


@pytest.mark.parametrize(
    "envelope",
    [
        {"zone": "XX", "history": EM},
        {"zone": "XX", "data": EM},
        {"zone": "XX", "forecast": EM, "updatedAt": "2024-03-20T00:00:00Z"},
        EM,
    ],
)
def test_electricity_maps_in_every_envelope(tmp_path: Path, envelope: object) -> None:
    found = table(tmp_path, dumped(envelope))
    assert found.numbers("carbonIntensity").tolist() == [300, 301, 302]
    assert stamps(found, "datetime")[2] == "2024-03-20T02:00Z"
    assert found.flags("isEstimated").tolist() == [0, 1, 0]
    assert found.source.file.units == {"carbonIntensity": "g/kWh"}


def test_the_latest_of_electricity_maps_is_one_row(tmp_path: Path) -> None:
    latest = {"zone": "XX", "datetime": "2024-03-20T00:00:00Z", "carbonIntensity": None,
              "powerConsumptionBreakdown": {"wind": 12}}  # fmt: skip
    found = table(tmp_path, dumped(latest))
    assert np.isnan(found.numbers("carbonIntensity")).all()
    assert found.numbers("powerConsumptionBreakdown.wind").tolist() == [12]


def test_prices_of_electricity_maps_have_their_unit(tmp_path: Path) -> None:
    found = table(tmp_path, dumped({"zone": "XX", "data": PRICE}), "electricity-maps")
    assert found.source.file.units == {"value": "EUR/MWh"}


def test_carbon_intensity_of_great_britain(tmp_path: Path) -> None:
    found = table(tmp_path, ANSWERS["uk-carbon-intensity"])
    assert found.numbers("intensity.forecast").tolist() == [150, 140]
    assert np.isnan(found.numbers("intensity.actual")).tolist() == [False, True]
    assert stamps(found, "from") == ["2024-03-20T00:00Z", "2024-03-20T00:30Z"]
    mix = [{"fuel": "wind", "perc": 40.5}, {"fuel": "gas", "perc": 59.5}]
    region = [{"regionid": 13, "data": [{**answers.uk()["data"][0], "generationmix": mix}]}]  # type: ignore[index]
    for envelope in ({"data": region}, {"data": region[0]}):
        found = table(tmp_path, dumped(envelope))
        assert found.numbers("intensity.actual").tolist() == [155]
        assert found.numbers("generationmix.gas").tolist() == [59.5]


def test_open_meteo_states_its_own_offset(tmp_path: Path) -> None:
    found = table(tmp_path, ANSWERS["open-meteo-json"])
    assert found.numbers("wet_bulb_temperature_2m")[0] == 5.5
    assert stamps(found, "time") == ["2024-03-19T23:00Z", "2024-03-20T00:00Z"]
    assert found.source.file.units == {"wet_bulb_temperature_2m": "degC"}


def test_open_meteo_below_its_block(tmp_path: Path) -> None:
    found = table(tmp_path, ANSWERS["open-meteo-csv"])
    assert found.numbers("wet_bulb_temperature_2m (°F)").tolist() == [50, 41]
    assert stamps(found, "time")[0] == "2024-01-20T03:30Z"
    assert found.source.file.units["wet_bulb_temperature_2m (°F)"] == "degF"
    assert found.place(1).endswith("answer.txt:6")
    daily = ANSWERS["open-meteo-csv"] + b"\ntime,sunrise\n2024-01-20,x\n"
    found = table(tmp_path, daily)
    assert len(found) == 2
    assert found.source.file.notes == ("only the first table is read",)


def test_an_epw_of_one_year_has_stamps(tmp_path: Path) -> None:
    found = table(tmp_path, answers.epw((2023, 2023)))
    assert len(found) == 96
    assert stamps(found, "time")[0] == "2022-12-31T23:00Z"
    assert found.numbers("dry_bulb")[[0, 24]].tolist() == [15, 17]
    assert found.place(0).endswith("answer.txt:9")


def test_an_epw_of_a_typical_year_is_means_by_month_and_hour(tmp_path: Path) -> None:
    found = table(tmp_path, ANSWERS["epw"])
    assert len(found) == 48
    assert found.numbers("month").tolist() == [1.0] * 24 + [2.0] * 24
    assert found.numbers("hour")[[0, 23]].tolist() == [0, 23]
    assert found.numbers("dry_bulb")[[0, 24]].tolist() == [16, 21]
    assert "time" not in found.columns


def test_wet_bulb_by_hand() -> None:
    # Stull's own example: 20 degC at 50 % are 13.7 degC.
    assert wet_bulb_of(np.array([20.0]), np.array([50.0])) == pytest.approx([13.7], abs=0.01)


def test_entsoe_points_by_quarters(tmp_path: Path) -> None:
    found = table(tmp_path, ANSWERS["entsoe-xml"])
    assert found.numbers("value").tolist() == [10.5, 21, 31.5, 42]
    assert stamps(found, "time")[3] == "2025-10-25T22:45Z"
    assert found.source.file.units == {"value": "EUR/MWh"}
    assert set(found.texts("sequence")) == {"1"}


@pytest.mark.parametrize(("curve", "third"), [("A03", 21.0), ("A01", np.nan)])
def test_points_left_out(tmp_path: Path, curve: str, third: float) -> None:
    found = table(tmp_path, answers.entsoe_xml(curve=curve, positions=(1, 2, 4)))
    assert found.numbers("value")[2] == pytest.approx(third, nan_ok=True)


def test_entsoe_export_over_the_end_of_daylight_saving(tmp_path: Path) -> None:
    found = table(tmp_path, ANSWERS["entsoe-csv"])
    hours = [f"2025-10-{day}T{hour}:00Z" for day, hour in ((25, 23), (26, "00"), (26, "01"))]
    assert stamps(found, "MTU (CET/CEST)") == [*hours, "2025-10-26T02:00Z"]
    prices = found.numbers("Day-ahead Price (EUR/MWh)")
    assert np.isnan(prices[1])
    assert prices[2:].tolist() == [-3, 7]
    assert found.source.file.units == {"Day-ahead Price (EUR/MWh)": "EUR/MWh"}


def changed(name: str, **fields: object) -> bytes:
    return dumped({**json.loads(ANSWERS[name]), **fields})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("watttime", dumped({"error": "no token"}), "the service answered 'no token'"),
        ("watttime", changed("watttime", data=[]), "data: no rows, expected at least one"),
        ("watttime", changed("watttime", data=[{"value": 1}]), "data: no point_time"),
        ("electricity-maps", dumped({"zone": "X", "history": [{"a": 1}]}), "history: no datetime"),
        ("open-meteo-json", dumped({"error": True, "reason": "too far"}), "answered 'too far'"),
        ("open-meteo-json", changed("open-meteo-json", utc_offset_seconds="x"), "utc_offset_sec"),
        ("open-meteo-json", dumped([{}, {}]), "2 places, expected"),
        (
            "open-meteo-json",
            changed("open-meteo-json", hourly={"time": ["2024-03-20T00:00"], "a": [1, 2]}),
            r"hourly\.a: not 1 values",
        ),
        ("epw", answers.epw().replace(b",1.0,110.0", b",far,110.0"), ":1: no hours from UTC"),
        ("epw", answers.epw().replace(b"2005,1,1,1,", b"2005,1,1,25,"), ":9: '2005,1,1,25'"),
        ("epw", answers.epw().replace(b"?9,15.0,", b"?9,x,"), ":9: no dry_bulb"),
        ("entsoe-xml", b"<!DOCTYPE a []><a/>", "a document type of its own"),
        (
            "entsoe-xml",
            b"<Acknowledgement_MarketDocument><Reason><text>No data</text></Reason>"
            b"</Acknowledgement_MarketDocument>",
            "the service answered 'No data'",
        ),
        ("entsoe-xml", answers.entsoe_xml(positions=(1, 1)), "position 1 twice"),
        ("entsoe-xml", answers.entsoe_xml(positions=(9,)), "position 9, expected 1 to 4"),
        ("entsoe-xml", answers.entsoe_xml().replace(b"PT15M", b"P1Y"), "resolution 'P1Y'"),
        ("entsoe-xml", answers.entsoe_xml().replace(b"PT15M", b"PT7M"), "expected whole steps"),
        ("entsoe-csv", answers.ENTSOE_CSV.replace(b"/10/", b"-10-"), ":2: '26-10-2025"),
        ("entsoe-csv", answers.ENTSOE_CSV.replace(b"CET/CEST", b"MSK"), "expected a column"),
    ],
)  # fmt: skip
def test_mistakes_are_named(name: str, content: bytes, message: str) -> None:
    known = next(known for known in FORMATS if known.name == name)
    with pytest.raises(SlitError, match=message):
        known.read(content, Path("file.x"))
