"""Grid signals: hourly files and Electricity Maps in both wordings."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from slit.errors import SlitError
from slit.sources.electricity_maps import canonical_zone, read_electricity_maps
from slit.sources.grid_hourly import read_grid_hourly

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(content: str | bytes) -> Path:
        path = tmp_path / "zone.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


HEADER = (
    "utc,ci_direct,ci_lca,lowcarbon_pct,renewable_pct,ci_est,price_usd_mwh,price_local,price_flag,"
    "temp_c,rh_pct,cloud_pct,wind_kmh,wetbulb_c\n"
)
ROWS = [
    "2023-01-01T00:00,163.46,213.79,81.25,73.73,0,-44.5,41.33,0,11.1,90,99,36,10.0\n",
    "2023-01-01T01:00,166.66,218,80.81,72.84,1,,43.22,9,-5.4,90,100,13,-6.3\n",
    "2023-01-01T02:00,171.31,223.62,80.31,72.05,0,12,45.46,1,10.8,93,97,14.8,10.02\n",
]


def refusal(path: Path) -> str:
    with pytest.raises(SlitError) as caught:
        read_grid_hourly(path)
    return str(caught.value).removeprefix(f"{path}:")


def test_hourly_grid_in_si_units(write: Write) -> None:
    frame = read_grid_hourly(write(HEADER + "".join(ROWS)))
    assert list(frame.index) == list(pd.date_range("2023-01-01T00:00Z", periods=3, freq="h"))
    first = frame.iloc[0]
    assert first["carbon_direct_kg_per_kwh"] == pytest.approx(0.16346)
    assert first["carbon_life_cycle_kg_per_kwh"] == pytest.approx(0.21379)
    assert first["price_usd_per_kwh"] == pytest.approx(-0.0445)
    assert first["low_carbon_share"] == pytest.approx(0.8125)
    assert first["wind_m_per_s"] == pytest.approx(10.0)
    assert (first["temperature_c"], first["wet_bulb_c"]) == (11.1, 10.0)
    assert list(frame["carbon_estimated"]) == [False, True, False]
    assert list(frame["price_estimated"]) == [False, False, True]
    assert np.isnan(frame["price_usd_per_kwh"].iloc[1])


def test_a_file_without_weather_or_carbon(write: Write) -> None:
    frame = read_grid_hourly(write("utc,price_usd_mwh\n2023-01-01T00:00,50\n"))
    assert list(frame.columns) == ["price_usd_per_kwh"]
    assert "expected at least one series" in refusal(write("utc,other\n2023-01-01T00:00,50\n"))


@pytest.mark.parametrize(
    ("row", "old", "new", "expected"),
    [
        (1, "166.66", "x", "3: ci_direct: x, expected a number >= 0 (direct carbon intensity, g/"),
        (1, "166.66", "-1", "3: ci_direct: -1, expected a number >= 0"),
        (1, "166.66", "nan", "3: ci_direct: nan, expected a number >= 0"),
        (1, "166.66", "", "3: ci_direct: empty, expected a number >= 0"),
        (0, "81.25", "181", "2: lowcarbon_pct: 181, expected a number in 0 .. 100 (low-carbon sh"),
        (2, "12", "", "4: price_usd_mwh: empty, expected a number, or price_flag 9 (energy price"),
        (2, "T02:00", "T01:00", "4: utc: 2023-01-01T01:00, expected a later stamp than 2023-01-01"
         "T01:00 on the line before (twice)"),
        (2, "T02:00", "T00:00", "4: utc: 2023-01-01T00:00, expected a later stamp than 2023-01-01"
         "T01:00 on the line before (unsorted)"),
        (2, "T02:00", "T02:30", "4: utc: 2023-01-01T02:30, expected a full hour (hour-beginning"),
        (2, "2023-01-01T02:00", "noon", "4: utc: noon, expected an ISO 8601 time stamp"),
        (2, ",10.02", "", "4: 13 columns, expected 14"),
    ],
)  # fmt: skip
def test_mistakes_with_line_and_column(
    write: Write, row: int, old: str, new: str, expected: str
) -> None:
    rows = list(ROWS)
    assert old in rows[row]
    rows[row] = rows[row].replace(old, new, 1)
    assert refusal(write(HEADER + "".join(rows))).startswith(expected)


def test_files_that_are_no_table(write: Write, tmp_path: Path) -> None:
    with pytest.raises(SlitError, match="no such file"):
        read_grid_hourly(tmp_path / "none.csv")
    assert "1: columns time, ci_direct, expected also utc" in refusal(write("time,ci_direct\n1,2"))
    assert "no rows, expected at least one" in refusal(write(HEADER))
    assert refusal(write(HEADER.encode() + b"\xff\n")).startswith("2: byte 0xff, expected UTF-8")


OLDER = (
    "Datetime (UTC),Country,Zone Name,Zone Id,Carbon Intensity gCO₂eq/kWh (direct),"
    "Carbon Intensity gCO₂eq/kWh (LCA),Low Carbon Percentage,Renewable Percentage,Data Source,"
    "Data Estimated,Data Estimation Method\n"
)
NEWER = (
    "Datetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),"
    "Carbon intensity gCO₂eq/kWh (Life cycle),Carbon-free energy percentage (CFE%),"
    "Renewable energy percentage (RE%),Data source,Data estimated,Data estimation method\n"
)


def rows_of(zone: str) -> str:
    return (
        f"2021-01-01 00:00:00,Australia,New South Wales,{zone},700.5,750,12.5,10,opennem,false,\n"
        f"2021-01-01 01:00:00,Australia,New South Wales,{zone},690,740,,,opennem,true,AVERAGE\n"
    )


@pytest.mark.parametrize(("header", "zone"), [(OLDER, "AUS-NSW"), (NEWER, "AU-NSW")])
def test_electricity_maps_in_both_wordings(write: Write, header: str, zone: str) -> None:
    path = write(header + rows_of(zone))
    for asked in (None, "AUS-NSW", "AU-NSW"):
        frame = read_electricity_maps(path, zone=asked)
        assert frame.attrs["zone"] == "AU-NSW"
        assert list(frame.index) == list(pd.date_range("2021-01-01T00:00Z", periods=2, freq="h"))
        assert_allclose(frame["carbon_direct_kg_per_kwh"], [0.7005, 0.69])
        assert_allclose(frame["carbon_life_cycle_kg_per_kwh"], [0.75, 0.74])
        assert_allclose(frame["low_carbon_share"], [0.125, np.nan])
        assert_allclose(frame["renewable_share"], [0.1, np.nan])
        assert list(frame["carbon_estimated"]) == [False, True]


def test_electricity_maps_with_several_zones(write: Write) -> None:
    path = write(NEWER + rows_of("AU-NSW") + rows_of("CL-SIC"))
    with pytest.raises(SlitError, match=r"zones AU-NSW, CL-SEN, expected a choice of one"):
        read_electricity_maps(path)
    with pytest.raises(SlitError, match=r"zone DE, expected one of AU-NSW, CL-SEN"):
        read_electricity_maps(path, zone="DE")
    assert len(read_electricity_maps(path, zone="CL-SEN")) == 2


def test_mistakes_in_electricity_maps(write: Write) -> None:
    path = write(NEWER + rows_of("AU-NSW").replace("true", "perhaps"))
    with pytest.raises(SlitError, match=r":3: Data estimated: perhaps, expected true or false"):
        read_electricity_maps(path)
    path = write(NEWER + rows_of("AU-NSW") + rows_of("AU-NSW"))
    with pytest.raises(SlitError, match=r":4: Datetime \(UTC\): .*\(unsorted\)"):
        read_electricity_maps(path)
    path = write("utc,ci\n2021-01-01,5\n")
    with pytest.raises(SlitError, match=r"expected also datetime \(utc\), carbon intensity"):
        read_electricity_maps(path)


def test_zone_names_old_and_new() -> None:
    pairs = {"AUS-NSW": "AU-NSW", "CL-SIC": "CL-SEN", "BR-SP": "BR-CS", "DE": "DE"}
    assert {old: canonical_zone(old) for old in pairs} == pairs


def test_real_grid_files(shared_data: Path) -> None:
    for zone in ("GB", "ZA", "IN-WE", "US-TEX-ERCO", "partial_AT", "partial_PT"):
        frame = read_grid_hourly(shared_data / "grid_hourly" / f"{zone}.csv.gz")
        assert len(frame) == 17520
        assert frame["price_usd_per_kwh"].abs().max() < 20
        if "carbon_direct_kg_per_kwh" in frame:
            assert frame["carbon_direct_kg_per_kwh"].between(0, 1.2).all()
    victoria = read_grid_hourly(shared_data / "grid_hourly" / "AU-VIC.csv.gz").loc["2023"]
    assert (victoria["price_usd_per_kwh"] < 0).sum() == 2037
