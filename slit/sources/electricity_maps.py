"""Electricity Maps CSV, in the older and the newer wording of its header.

Older: Datetime (UTC), Country, Zone Name, Zone Id, Carbon Intensity gCO₂eq/kWh (direct), ... (LCA),
Low Carbon Percentage, Renewable Percentage, Data Source, Data Estimated, Data Estimation Method.
Newer: Zone id, Carbon intensity gCO₂eq/kWh (Life cycle), Carbon-free energy percentage (CFE%),
Renewable energy percentage (RE%), Data estimated. Stamps carry no offset and are UTC by the header.
"""

from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from slit.errors import SlitError
from slit.sources.files import read_header
from slit.sources.tables import Column, SmallTable, read_small_table
from slit.units import convert

# Names of zones changed over the years; the newest stands on the right.
ZONE_ALIASES = MappingProxyType(
    {
        "AUS-NSW": "AU-NSW", "AUS-NT": "AU-NT", "AUS-QLD": "AU-QLD", "AUS-SA": "AU-SA",
        "AUS-TAS": "AU-TAS", "AUS-VIC": "AU-VIC", "AUS-WA": "AU-WA", "CL-SIC": "CL-SEN",
        "BR-SP": "BR-CS",
    }
)  # fmt: skip

# What we read -> how a column's name may begin, lower case, "co2" for "co₂".
WORDINGS = {
    "stamp": ("datetime (utc)",),
    "zone": ("zone id",),
    "direct": ("carbon intensity gco2eq/kwh (direct)",),
    "life_cycle": (
        "carbon intensity gco2eq/kwh (lca)",
        "carbon intensity gco2eq/kwh (life cycle)",
    ),
    "low_carbon": ("low carbon percentage", "carbon-free energy percentage (cfe%)"),
    "renewable": ("renewable percentage", "renewable energy percentage (re%)"),
    "estimated": ("data estimated",),
}
REQUIRED = ("stamp", "direct", "life_cycle")
YES, NO = ("true", "1", "yes"), ("false", "0", "no", "")


def canonical_zone(zone: str) -> str:
    """The newest name of a zone: AU-NSW for AUS-NSW, CL-SEN for CL-SIC, BR-CS for BR-SP."""
    return ZONE_ALIASES.get(zone, zone)


def read_electricity_maps(path: Path | str, *, zone: str | None = None) -> pd.DataFrame:
    """Carbon intensity of one zone, indexed by the hour's beginning in UTC.

    Columns: carbon_direct_kg_per_kwh, carbon_life_cycle_kg_per_kwh and, as far as the file has
    them, low_carbon_share, renewable_share (NaN in empty cells) and carbon_estimated (bool).
    `attrs["zone"]` is the zone's newest name.

    Args:
        path: CSV file, also .csv.gz.
        zone: which zone, by its old or new name; needed where a file holds several.

    Raises:
        SlitError: a mistake in the file with line and column; several zones and none chosen; the
            chosen zone is not there.
    """
    path = Path(path)
    names = _find_columns(path)
    wanted = {key: _column(key, name) for key, name in names.items()}
    table = read_small_table(path, list(wanted.values()))
    if "zone" in wanted:
        table, name = _rows_of_zone(table, wanted["zone"], zone)
    else:
        name = canonical_zone(zone) if zone else ""
    frame = pd.DataFrame(index=table.stamps(wanted["stamp"]).rename("utc"))
    for key, column in (
        ("direct", "carbon_direct_kg_per_kwh"),
        ("life_cycle", "carbon_life_cycle_kg_per_kwh"),
    ):
        frame[column] = convert(table.numbers(wanted[key]), "gCO2eq/kWh", "kg/kWh")
    for key, column in (("low_carbon", "low_carbon_share"), ("renewable", "renewable_share")):
        if key in wanted:
            frame[column] = convert(table.numbers(wanted[key]), "%", "1")
    if "estimated" in wanted:
        frame["carbon_estimated"] = _flags(table, wanted["estimated"])
    frame.attrs["zone"] = name
    return frame


def _find_columns(path: Path) -> dict[str, str]:
    header = read_header(path)
    plain = {name.lower().replace("₂", "2"): name for name in header}
    found = {
        key: plain[wording]
        for key, wordings in WORDINGS.items()
        for wording in wordings
        if wording in plain
    }
    missing = [WORDINGS[key][0] for key in REQUIRED if key not in found]
    if missing:
        raise SlitError(
            f"{path}:1: columns {', '.join(header)}, expected also {', '.join(missing)} "
            "(an Electricity Maps file)"
        )
    return found


def _column(key: str, name: str) -> Column:
    if key in ("stamp", "zone"):
        return Column(name, "UTC" if key == "stamp" else "zone", text=True)
    if key == "estimated":
        return Column(name, "true or false", text=True, gaps=True)
    if key in ("low_carbon", "renewable"):
        return Column(name, "share, %", low=0, high=100, gaps=True)
    return Column(name, "carbon intensity, gCO2eq/kWh", low=0)


def _rows_of_zone(table: SmallTable, column: Column, zone: str | None) -> tuple[SmallTable, str]:
    zones = [canonical_zone(text) for text in table.texts(column)]
    known = sorted(set(zones))
    if zone is None:
        if len(known) > 1:
            raise SlitError(
                f"{table.path}: zones {', '.join(known)}, expected a choice of one (zone)"
            )
        return table, known[0]
    name = canonical_zone(zone)
    rows = [row for row, found in enumerate(zones) if found == name]
    if not rows:
        raise SlitError(f"{table.path}: zone {zone}, expected one of {', '.join(known)}")
    return table.take(rows), name


def _flags(table: SmallTable, column: Column) -> np.ndarray:
    texts = [text.lower() for text in table.texts(column)]
    for row, text in enumerate(texts):
        if text not in YES + NO:
            raise table.error(row, column.name, "true or false")
    return np.array([text in YES for text in texts], dtype=np.bool_)
