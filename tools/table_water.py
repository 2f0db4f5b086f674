"""Water of electricity (EWIF): one factor per fuel times the generation mix of the zone."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

FUELS = (
    "nuclear", "wind", "hydro", "geothermal", "solar", "biomass", "gas", "oil", "coal", "other",
)  # fmt: skip
# Fuels of EIA-930 that name no technology: the "other" factor of Ren et al., 475 gal/MWh.
OTHER_L_PER_KWH = 475 * 3.785411784 / 1000
EIA_FUELS = {
    "WND": "wind", "SUN": "solar", "WAT": "hydro", "OIL": "oil", "NG": "gas", "COL": "coal",
    "NUC": "nuclear", "OTH": "other",
}  # fmt: skip
EIA_ZONES = {
    "US-CAL-CISO": "CISO", "US-TEX-ERCO": "ERCO", "US-MIDA-PJM": "PJM", "US-NY-NYIS": "NYIS",
}  # fmt: skip
WATERWISE_ZONES = {
    "BR-SP": "brazil", "DE-LU": "germany", "GB": "london", "ZA": "africa", "IN-WE": "mumbai",
    "SG": "singapore", "JP-TK": "tokyo", "KR": "seoul", "AU-NSW": "sydney",
}  # fmt: skip


def factors(data: Path, *, reservoirs: bool) -> np.ndarray:
    """L/kWh by fuel (order of FUELS); without reservoirs hydropower counts nothing."""
    text = (data / "water" / "waterwise_source_ci_ewif.json").read_text(encoding="utf-8")
    known = {fuel: entry["EWIF"] for fuel, entry in json.loads(text).items()}
    known["other"] = OTHER_L_PER_KWH
    if not reservoirs:
        known["hydro"] = 0.0
    return np.array([known[fuel] for fuel in FUELS])


def eia_generation(data: Path, region: str) -> pd.DataFrame:
    """MWh by hour (hour-beginning, UTC) and fuel of a US zone, 2022."""
    name = EIA_ZONES[region]
    frame = pd.read_csv(data / "fuel_mix" / f"eia_2022_{name}.csv.gz", parse_dates=["utc"])
    # Stamps are hour-ending, but for PJM they fit the carbon signal without a shift.
    shift = pd.Timedelta(hours=0 if name == "PJM" else 1)
    index = pd.DatetimeIndex(frame.pop("utc") - shift)
    mix = frame.rename(columns=EIA_FUELS).drop(columns="avg_CI").set_index(index).clip(lower=0.0)
    return mix.dropna()


def _shares(mix: dict[str, float]) -> np.ndarray:
    shares = np.array([mix.get(fuel, 0.0) for fuel in FUELS])
    return shares / shares.sum()


def _owid(data: Path, country: str) -> dict[str, float]:
    path = data / "regions" / "codecarbon_global_energy_mix_owid.json"
    entry = json.loads(path.read_text(encoding="utf-8"))[country]
    names = {
        "nuclear": "nuclear", "wind": "wind", "hydro": "hydroelectricity", "solar": "solar",
        "gas": "gas", "oil": "oil", "coal": "coal", "biomass": "biofuel",
    }  # fmt: skip
    mix = {fuel: float(entry[f"{name}_TWh"]) for fuel, name in names.items()}
    mix["geothermal"] = float(entry["other_renewable_exc_biofuel_TWh"])
    return mix


def _from_shares(data: Path, region: str, grid: pd.DataFrame) -> np.ndarray:
    """Shares (hours, FUELS) from the low-carbon and renewable percentages of the zone.

    Renewables are split as in the country's yearly mix; the rest of the low-carbon share is
    nuclear; what remains is gas in Ontario and (brown) coal in Victoria.
    """
    country, fossil = {"CA-ON": ("CAN", "gas"), "AU-VIC": ("AUS", "coal")}[region]
    mix = _owid(data, country)
    kinds = ("hydro", "wind", "solar", "biomass", "geothermal")
    total = sum(mix[kind] for kind in kinds)
    renewable = grid["renewable_pct"].to_numpy() / 100
    low_carbon = np.maximum(grid["lowcarbon_pct"].to_numpy() / 100, renewable)
    shares = np.zeros((len(grid), len(FUELS)))
    for kind in kinds:
        shares[:, FUELS.index(kind)] = renewable * mix[kind] / total
    shares[:, FUELS.index("nuclear")] = low_carbon - renewable
    shares[:, FUELS.index(fossil)] = 1 - low_carbon
    return shares


def ewif(data: Path, region: str, grid: pd.DataFrame) -> tuple[pd.DataFrame, bool, str]:
    """EWIF of a region: frame by (month, hour) with and without reservoirs, estimated, method.

    Args:
        data: the folder of the reference data.
        region: one of the 16 regions.
        grid: its hourly series of the year, indexed by hour-beginning UTC.
    """
    if region in EIA_ZONES:
        mix = eia_generation(data, region)
        shares = mix.reindex(columns=list(FUELS), fill_value=0.0).to_numpy()
        index = pd.DatetimeIndex(mix.index)
        # Litres over kWh of the month's hour: generation-weighted, not the mean of ratios.
        weight = shares.sum(axis=1)
        estimated, method = False, "hourly generation by fuel, EIA-930, 2022"
    else:
        index = pd.DatetimeIndex(grid.index)
        weight = np.ones(len(index))
        if region in WATERWISE_ZONES:
            text = (data / "water" / "waterwise_region_mix_2023.json").read_text(encoding="utf-8")
            place = WATERWISE_ZONES[region]
            shares = np.tile(_shares(json.loads(text)[place]), (len(index), 1))
            estimated, method = False, f"yearly mix of {place}, WaterWise, 2023, renormalized"
        elif region == "CL-SIC":
            shares = np.tile(_shares(_owid(data, "CHL")), (len(index), 1))
            estimated, method = True, "yearly mix of Chile, OWID/Ember, 2023"
        else:
            shares = _from_shares(data, region, grid)
            estimated, method = True, "hourly low-carbon and renewable shares, 2023, split assumed"
    sums = pd.DataFrame(
        {
            "without": shares @ factors(data, reservoirs=False),
            "with": shares @ factors(data, reservoirs=True),
            "weight": weight,
        }
    )
    grouped = sums.groupby([index.month, index.hour]).sum()
    means = grouped[["without", "with"]].div(grouped["weight"], axis=0)
    return means, estimated, method
