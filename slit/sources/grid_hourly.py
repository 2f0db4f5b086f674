"""Hourly grid files: carbon intensity, price and weather of one zone on one time base.

Columns: utc (hour-beginning, UTC), ci_direct, ci_lca (g/kWh), lowcarbon_pct, renewable_pct (%),
ci_est (0/1), price_usd_mwh (USD/MWh), price_flag, temp_c, rh_pct, cloud_pct, wind_kmh, wetbulb_c.
A file may lack the weather or the carbon columns.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from slit.errors import SlitError
from slit.sources.files import read_header
from slit.sources.tables import Column, SmallTable, read_small_table
from slit.units import convert

STAMP = Column("utc", "hour-beginning, UTC", text=True)
FLAG = Column("price_flag", "0 real, 1 filled, 2 proxy, 3 tariff, 9 missing", low=0, high=9)
ESTIMATED = Column("ci_est", "carbon intensity estimated by its publisher, 0 or 1", low=0, high=1)
PRICE = Column("price_usd_mwh", "energy price, USD/MWh", gaps=True)
FILLED, MISSING = (1, 2), 9

# column of the file -> (limits, unit of the file, name here, unit here)
SERIES = (
    (Column("ci_direct", "direct carbon intensity, g/kWh", low=0), "g/kWh",
     "carbon_direct_kg_per_kwh", "kg/kWh"),
    (Column("ci_lca", "life-cycle carbon intensity, g/kWh", low=0), "g/kWh",
     "carbon_life_cycle_kg_per_kwh", "kg/kWh"),
    (Column("lowcarbon_pct", "low-carbon share, %", low=0, high=100), "%",
     "low_carbon_share", "1"),
    (Column("renewable_pct", "renewable share, %", low=0, high=100), "%", "renewable_share", "1"),
    (Column("temp_c", "air temperature, degC", low=-90, high=60), "degC", "temperature_c", "degC"),
    (Column("wetbulb_c", "wet-bulb temperature, degC", low=-90, high=60), "degC", "wet_bulb_c",
     "degC"),
    (Column("rh_pct", "relative humidity, %", low=0, high=100), "%", "relative_humidity", "1"),
    (Column("cloud_pct", "cloud cover, %", low=0, high=100), "%", "cloud_cover", "1"),
    (Column("wind_kmh", "wind speed, km/h", low=0), "km/h", "wind_m_per_s", "m/s"),
)  # fmt: skip


def read_grid_hourly(path: Path | str) -> pd.DataFrame:
    """The series of one zone, indexed by the hour's beginning in UTC, in SI units.

    Columns, as far as the file has them: carbon_direct_kg_per_kwh, carbon_life_cycle_kg_per_kwh,
    low_carbon_share, renewable_share, carbon_estimated (bool), price_usd_per_kwh (NaN where
    missing, may be negative), price_flag, price_estimated (bool: filled or by proxy),
    temperature_c, wet_bulb_c, relative_humidity, cloud_cover, wind_m_per_s.

    Raises:
        SlitError: a mistake in the file with line and column: no number, out of range, an empty
            cell (a price only where price_flag is 9), stamps unsorted, twice or not on the hour.
    """
    path = Path(path)
    header = read_header(path)
    series = [entry for entry in SERIES if entry[0].name in header]
    extra = [column for column in (ESTIMATED, PRICE, FLAG) if column.name in header]
    table = read_small_table(path, [STAMP, *(entry[0] for entry in series), *extra])
    if len(table.cells) == 1:
        raise SlitError(
            f"{path}:1: columns {', '.join(header)}, expected at least one series, for example "
            "ci_direct or price_usd_mwh"
        )
    index = table.stamps(STAMP)
    odd = np.flatnonzero(index.asi8 != index.floor("h").asi8)
    if len(odd):
        raise table.error(int(odd[0]), STAMP.name, "a full hour (hour-beginning, UTC)")
    frame = pd.DataFrame(index=index.rename("utc"))
    for column, unit, name, unit_here in series:
        frame[name] = convert(table.numbers(column), unit, unit_here, what=f"{path}: {column.name}")
    if ESTIMATED in extra:
        frame["carbon_estimated"] = table.numbers(ESTIMATED) > 0
    if PRICE in extra:
        _add_price(table, frame, flagged=FLAG in extra)
    return frame


def _add_price(table: SmallTable, frame: pd.DataFrame, *, flagged: bool) -> None:
    price = table.numbers(PRICE)
    flags = table.numbers(FLAG) if flagged else np.zeros(len(price))
    gaps = np.flatnonzero(np.isnan(price) & (flags != MISSING))
    if len(gaps):
        raise table.error(
            int(gaps[0]), PRICE.name, "a number, or price_flag 9 (energy price, USD/MWh)"
        )
    frame["price_usd_per_kwh"] = convert(price, "USD/MWh", "USD/kWh")
    if flagged:
        frame["price_flag"] = flags.astype(np.int8)
        frame["price_estimated"] = np.isin(flags, FILLED)
