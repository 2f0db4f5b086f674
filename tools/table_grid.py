"""typical_day.csv: the mean day of every month of 2023 in 16 regions, and where it comes from."""

from pathlib import Path

import numpy as np
import pandas as pd
from table_files import REGIONS, YEAR, write_table
from table_water import EIA_ZONES, eia_generation, ewif

COLUMNS = (
    "region", "month", "hour", "carbon_direct_g_per_kwh", "carbon_life_cycle_g_per_kwh",
    "price_usd_per_mwh", "temperature_c", "wet_bulb_c", "ewif_l_per_kwh",
    "ewif_with_reservoirs_l_per_kwh", "solar_capacity_factor", "estimated_share",
    "price_estimated_share", "ewif_estimated", "solar_estimated",
)  # fmt: skip
SOURCE_COLUMNS = ("region", "carbon", "price", "weather", "ewif", "solar")
NO_SOLAR_IN_EIA = {"US-NY-NYIS"}

PUBLISHERS = {
    "US-CAL-CISO": "CAISO NP15 day-ahead", "US-TEX-ERCO": "ERCOT hub average day-ahead",
    "US-MIDA-PJM": "PJM DOM real-time", "US-NY-NYIS": "NYISO CAPITL day-ahead",
    "CA-ON": "IESO HOEP", "BR-SP": "CCEE PLD SE/CO", "CL-SIC": "CEN Quillota marginal cost",
    "DE-LU": "day-ahead via RTE eco2mix", "GB": "day-ahead via RTE eco2mix",
    "ZA": "Eskom Megaflex tariff (administrative)", "IN-WE": "IEX day-ahead", "SG": "EMC USEP",
    "JP-TK": "JEPX Tokyo", "KR": "KPX SMP", "AU-NSW": "AEMO RRP", "AU-VIC": "AEMO RRP",
}  # fmt: skip


def read_grid(data: Path, region: str) -> pd.DataFrame:
    """Hourly series of one region in the base year, indexed by hour-beginning UTC."""
    frame = pd.read_csv(data / "grid_hourly" / f"{region}.csv.gz", parse_dates=["utc"])
    frame = frame.set_index("utc").loc[str(YEAR)]
    if len(frame) != 8760 or not frame.index.is_unique:
        raise ValueError(f"{region}: {len(frame)} hours, expected 8760 different ones")
    return frame


def sine_of_elevation(index: pd.DatetimeIndex, latitude: float, longitude: float) -> np.ndarray:
    """Sine of the sun's elevation at mid-hour, 0 below the horizon.

    Declination and equation of time after Spencer (1971).
    """
    middle = index + pd.Timedelta(minutes=30)
    hours = middle.hour.to_numpy() + middle.minute.to_numpy() / 60
    angle = 2 * np.pi * (middle.dayofyear.to_numpy() - 1 + (hours - 12) / 24) / 365
    cos1, sin1, cos2, sin2 = np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)
    declination = (
        0.006918 - 0.399912 * cos1 + 0.070257 * sin1 - 0.006758 * cos2 + 0.000907 * sin2
        - 0.002697 * np.cos(3 * angle) + 0.00148 * np.sin(3 * angle)
    )  # fmt: skip
    minutes = 229.18 * (
        0.000075 + 0.001868 * cos1 - 0.032077 * sin1 - 0.014615 * cos2 - 0.04089 * sin2
    )
    hour_angle = np.radians(15 * (hours - 12 + minutes / 60) + longitude)
    phi = np.radians(latitude)
    sine = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(
        hour_angle
    )
    return np.maximum(sine, 0.0)


def solar(data: Path, region: str, grid: pd.DataFrame, place: pd.Series) -> tuple[pd.Series, bool]:
    """Shape of solar output by (month, hour), 0..1, and whether it is estimated from the sky.

    US zones: generation over the year's 99.9th percentile (EIA-930, 2022). Elsewhere sine of the
    elevation times 1 - 0.75 cloud^3.4 (Kasten and Czeplak 1980).
    """
    measured = region in EIA_ZONES and region not in NO_SOLAR_IN_EIA
    if measured:
        sun = eia_generation(data, region)["solar"]
        index = pd.DatetimeIndex(sun.index)
        # Batteries and station use leave a trickle at night.
        dark = sine_of_elevation(index, place["lat"], place["lon"]) == 0
        values = np.where(dark, 0.0, np.minimum(sun / sun.quantile(0.999), 1.0))
    else:
        index = pd.DatetimeIndex(grid.index)
        cloud = grid["cloud_pct"].to_numpy() / 100
        values = sine_of_elevation(index, place["lat"], place["lon"]) * (1 - 0.75 * cloud**3.4)
    means = pd.Series(values).groupby([index.month, index.hour]).mean()
    return means, not measured


def build_typical_day(data: Path, output: Path) -> int:
    """Write typical_day.csv and typical_day_sources.csv; returns the rows of the first (4,608)."""
    facts = pd.read_csv(data / "regions" / "region_facts.csv").set_index("region")
    rows, sources = [], []
    for region in REGIONS:
        grid = read_grid(data, region)
        index = pd.DatetimeIndex(grid.index)
        # Flags: 3 is a tariff in force, hence no estimate; 1, 2 and 9 are filled.
        grid["price_filled"] = grid["price_flag"].isin([1, 2, 9]).astype(float)
        means = grid.groupby([index.month, index.hour]).mean(numeric_only=True)
        water, water_estimated, method = ewif(data, region, grid)
        sun, sun_estimated = solar(data, region, grid, facts.loc[region])
        sources.append(
            {
                "region": region,
                "carbon": "Electricity Maps, 2023",
                "price": f"{PUBLISHERS[region]}, 2023",
                "weather": "Open-Meteo (ERA5), 2023",
                "ewif": f"WaterWise factors; {method}",
                "solar": "clear sky and cloud cover, 2023" if sun_estimated else "EIA-930, 2022",
            }
        )
        for key, mean in means.iterrows():
            month, hour = key
            rows.append(
                {
                    "region": region,
                    "month": month,
                    "hour": hour,
                    "carbon_direct_g_per_kwh": float(mean["ci_direct"]),
                    "carbon_life_cycle_g_per_kwh": float(mean["ci_lca"]),
                    "price_usd_per_mwh": float(mean["price_usd_mwh"]),
                    "temperature_c": round(float(mean["temp_c"]), 1),
                    "wet_bulb_c": round(float(mean["wetbulb_c"]), 1),
                    "ewif_l_per_kwh": float(water.loc[key, "without"]),
                    "ewif_with_reservoirs_l_per_kwh": float(water.loc[key, "with"]),
                    "solar_capacity_factor": round(float(sun.loc[key]), 3),
                    "estimated_share": round(float(mean["ci_est"]), 3),
                    "price_estimated_share": round(float(mean["price_filled"]), 3),
                    "ewif_estimated": int(water_estimated),
                    "solar_estimated": int(sun_estimated),
                }
            )
    write_table(output / "typical_day_sources.csv", SOURCE_COLUMNS, sources)
    return write_table(output / "typical_day.csv", COLUMNS, rows)
