"""One small answer of each service, with figures of our own, as bytes."""

import json


def dumped(content: object) -> bytes:
    return json.dumps(content).encode()


def watttime() -> dict[str, object]:
    return {
        "data": [
            {"point_time": "2024-03-20T00:00:00+00:00", "value": 1000.0},
            {"point_time": "2024-03-20T00:05:00+00:00", "value": 980},
        ],
        "meta": {
            "region": "HERE",
            "signal_type": "co2_moer",
            "units": "lbs_co2_per_mwh",
            "warnings": [{"type": "OLD", "message": "an old model"}],
        },
    }


def electricity_maps() -> dict[str, object]:
    rows = [
        {"datetime": f"2024-03-20T0{hour}:00:00.000Z", "carbonIntensity": 300 + hour,
         "isEstimated": hour == 1, "emissionFactorType": "lifecycle"}
        for hour in range(3)
    ]  # fmt: skip
    return {"zone": "XX", "history": rows}


def uk() -> dict[str, object]:
    return {
        "data": [
            {"from": "2024-03-20T00:00Z", "to": "2024-03-20T00:30Z",
             "intensity": {"forecast": 150, "actual": 155, "index": "moderate"}},
            {"from": "2024-03-20T00:30Z", "to": "2024-03-20T01:00Z",
             "intensity": {"forecast": 140, "actual": None, "index": "low"}},
        ]
    }  # fmt: skip


def open_meteo() -> dict[str, object]:
    return {
        "latitude": 50.0, "longitude": 8.0, "generationtime_ms": 0.1, "utc_offset_seconds": 3600,
        "timezone": "Europe/Berlin",
        "hourly_units": {"time": "iso8601", "wet_bulb_temperature_2m": "°C"},
        "hourly": {
            "time": ["2024-03-20T00:00", "2024-03-20T01:00"],
            "wet_bulb_temperature_2m": [5.5, None],
        },
    }  # fmt: skip


OPEN_METEO_CSV = """latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation
50.0,8.0,110.0,-12600,America/St_Johns,NST

time,wet_bulb_temperature_2m (°F),relative_humidity_2m (%)
2024-01-20T00:00,50,80
2024-01-20T01:00,41,90
""".encode()


def epw(years: tuple[int, int] = (2005, 2011)) -> bytes:
    """Two days of 15 degC and 50 %, and of 20 degC and 50 %, in January and February."""
    lines = ["LOCATION,Town,-,ABC,TMY3,1,50.0,8.0,1.0,110.0", *("X",) * 7]
    for year, month, dry_bulb in ((years[0], 1, 15.0), (years[1], 2, 20.0)):
        for day in (1, 2):
            for hour in range(1, 25):
                warm = dry_bulb + (2 if day == 2 else 0)
                lines.append(f"{year},{month},{day},{hour},60,?9,{warm},5.0,50,99000")
    return "\n".join(lines).encode()


def entsoe_xml(*, curve: str = "A01", positions: tuple[int, ...] = (1, 2, 3, 4)) -> bytes:
    points = "".join(
        f"<Point><position>{n}</position><price.amount>{10.5 * n}</price.amount></Point>"
        for n in positions
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">
  <TimeSeries>
    <in_Domain.mRID codingScheme="A01">10Y-HERE</in_Domain.mRID>
    <currency_Unit.name>EUR</currency_Unit.name>
    <price_Measure_Unit.name>MWH</price_Measure_Unit.name>
    <curveType>{curve}</curveType>
    <classificationSequence_AttributeInstanceComponent.position>1</classificationSequence_AttributeInstanceComponent.position>
    <Period>
      <timeInterval><start>2025-10-25T22:00Z</start><end>2025-10-25T23:00Z</end></timeInterval>
      <resolution>PT15M</resolution>{points}
    </Period>
  </TimeSeries>
</Publication_MarketDocument>""".encode()


ENTSOE_CSV = b""""MTU (CET/CEST)","Area","Sequence","Day-ahead Price (EUR/MWh)"
"26/10/2025 01:00:00 - 26/10/2025 02:00:00","BZN|XX","1","50.5"
"26/10/2025 02:00:00 (CEST) - 26/10/2025 02:00:00 (CET)","BZN|XX","1","n/e"
"26/10/2025 02:00:00 (CET) - 26/10/2025 03:00:00 (CET)","BZN|XX","1","-3"
"26/10/2025 03:00:00 - 26/10/2025 04:00:00","BZN|XX","1","7"
"""

ANSWERS: dict[str, bytes] = {
    "watttime": dumped(watttime()),
    "electricity-maps": dumped(electricity_maps()),
    "uk-carbon-intensity": dumped(uk()),
    "open-meteo-json": dumped(open_meteo()),
    "open-meteo-csv": OPEN_METEO_CSV,
    "epw": epw(),
    "entsoe-xml": entsoe_xml(),
    "entsoe-csv": ENTSOE_CSV,
}
"""By the name of the format; a new format adds one line."""
