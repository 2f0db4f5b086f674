"""ENTSO-E transparency platform: the XML of its web API."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from slit.data.file_table import FileTable, Format
from slit.errors import SlitError

EXPECTED = "a market document with time series (ENTSO-E)"
MAX_ROWS = 2_000_000
_DURATION = re.compile(r"PT(?:(\d{1,4})H)?(?:(\d{1,5})M)?\Z")
_VALUES = ("price.amount", "quantity")
_POWER = {"MAW": "MW", "MWH": "MWh"}


def read_entsoe_xml(content: bytes, path: Path) -> FileTable:
    """Columns time (UTC), value, and what tells the series apart.

    sequence (of an auction), type (of production), domain (bidding zone), resolution. In a document
    that leaves out points equal to the one before (curveType A03) these are filled in.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise SlitError(f"{path}: a document type of its own, expected {EXPECTED}")
    try:
        root = ET.fromstring(content)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise SlitError(f"{path}: {error}, expected {EXPECTED}") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag == "Acknowledgement_MarketDocument":
        reason = root.findtext("Reason/text", default="nothing")
        raise SlitError(f"{path}: the service answered {reason!r}, expected {EXPECTED}")
    names = ("time", "value", "resolution", "sequence", "type", "domain")
    columns: dict[str, list[object]] = {name: [] for name in names}
    units = set()
    for number, series in enumerate(root.iter("TimeSeries"), 1):
        units.add(_unit(series))
        labels = _labels(series)
        for row in _points(series, f"{path}: TimeSeries[{number}]"):
            for name, cell in zip(names, (*row, *labels), strict=True):
                columns[name].append(cell)
            if len(columns["time"]) > MAX_ROWS:
                raise SlitError(f"{path}: over {MAX_ROWS:,} points, expected fewer")
    if not columns["time"]:
        raise SlitError(f"{path}: no time series, expected {EXPECTED}")
    unit = units.pop() if len(units) == 1 else None
    return FileTable(
        columns,
        lambda row: f"point {row + 1}",
        units={} if unit is None else {"value": unit},
    )


def _labels(series: ET.Element) -> tuple[str, str, str]:
    position = "classificationSequence_AttributeInstanceComponent.position"
    kind = series.findtext("MktPSRType/psrType", default="")
    domains = ("in_Domain.mRID", "inBiddingZone_Domain.mRID", "outBiddingZone_Domain.mRID")
    domain = next((text for name in domains if (text := series.findtext(name))), "")
    return series.findtext(position, default=""), kind, domain


def _unit(series: ET.Element) -> str | None:
    measure = series.findtext("price_Measure_Unit.name")
    if measure is not None:
        currency = series.findtext("currency_Unit.name", default="")
        return f"{currency}/MWh" if measure == "MWH" else None
    return _POWER.get(series.findtext("quantity_Measure_Unit.name", default=""))


def _points(series: ET.Element, where: str) -> Iterator[tuple[str, float | None, str]]:
    """Begin, value and resolution of every step of a series."""
    fill = series.findtext("curveType") == "A03"
    for period in series.iter("Period"):
        resolution = period.findtext("resolution", default="")
        begin, end = (
            _moment(period.findtext(f"timeInterval/{edge}"), where) for edge in ("start", "end")
        )
        step = _step(resolution, where)
        count = (end - begin) // step
        if count * step != end - begin or not 0 < count <= MAX_ROWS:
            raise SlitError(f"{where}: {begin:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ} in steps "
                            f"of {resolution}, expected whole steps")  # fmt: skip
        values = _values(period, count, where)
        last = None
        for position in range(1, count + 1):
            value = values.get(position, last if fill else None)
            last = value
            moment = begin + (position - 1) * step
            yield f"{moment:%Y-%m-%dT%H:%M:%SZ}", value, resolution


def _values(period: ET.Element, count: int, where: str) -> dict[int, float]:
    values: dict[int, float] = {}
    for point in period.iter("Point"):
        text = next((found for name in _VALUES if (found := point.findtext(name))), None)
        try:
            position = int(point.findtext("position", default=""))
            value = float(text or "")
        except ValueError:
            raise SlitError(f"{where}: a point without position or value, expected both") from None
        if not 1 <= position <= count:
            raise SlitError(f"{where}: position {position}, expected 1 to {count}")
        if position in values:
            raise SlitError(f"{where}: position {position} twice, expected each once")
        values[position] = value
    return values


def _moment(text: str | None, where: str) -> datetime:
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    except ValueError:
        raise SlitError(
            f"{where}: timeInterval {text!r}, expected times such as 2025-01-31T23:00Z"
        ) from None


def _step(resolution: str, where: str) -> timedelta:
    found = _DURATION.match(resolution)
    hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0)
    if not hours and not minutes:
        raise SlitError(f"{where}: resolution {resolution!r}, expected PT15M, PT30M, PT60M ...")
    return timedelta(hours=hours, minutes=minutes)


FORMAT = Format(
    "entsoe-xml",
    "ENTSO-E web API, XML (time = time, column = value; where = {sequence = 1} ...)",
    read_entsoe_xml,
    lambda head: b"_MarketDocument" in head and head.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<"),
)
