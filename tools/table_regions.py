"""regions.csv and round_trips.csv: facts of the places and the network between them."""

import math
from pathlib import Path

import pandas as pd
from table_files import REGIONS, write_table

# What the README of the data says where nothing is published.
PUE_FILL = 1.19
WUE_FILL = 0.18
US_WATER_STRESS = 0.25

REGION_COLUMNS = (
    "region", "city", "latitude", "longitude", "utc_offset_h", "pue", "pue_source",
    "pue_estimated", "wue_l_per_kwh", "wue_source", "wue_estimated", "water_stress",
    "stress_source", "stress_estimated",
)  # fmt: skip
TRIP_COLUMNS = ("origin", "datacenter", "milliseconds", "statistic", "source", "estimated")

CITIES = {
    "US-CAL-CISO": "San Jose", "US-TEX-ERCO": "Dallas", "US-MIDA-PJM": "Philadelphia",
    "US-NY-NYIS": "New York City", "CA-ON": "Toronto", "BR-SP": "Sao Paulo",
    "CL-SIC": "Santiago", "DE-LU": "Frankfurt", "GB": "London", "ZA": "Johannesburg",
    "IN-WE": "Mumbai", "SG": "Singapore", "JP-TK": "Tokyo", "KR": "Seoul", "AU-NSW": "Sydney",
    "AU-VIC": "Melbourne",
}  # fmt: skip

EARTH_RADIUS_KM = 6371.0
FIBER_KM_PER_MS = 299.792458 * 2 / 3
NEW_YORK, NEIGHBOR = "US-NY-NYIS", "US-MIDA-PJM"
ASHBURN = (39.04, -77.49)


def build_regions(data: Path, output: Path) -> int:
    """Write regions.csv; a gap is filled by the stated rule and flagged, or left empty (Chile)."""
    facts = pd.read_csv(data / "regions" / "region_facts.csv").set_index("region")
    rows = []
    for region in REGIONS:
        fact = facts.loc[region]
        pue, wue, stress = fact["pue"], fact["wue_l_kwh"], fact["water_stress_ratio_waterwise"]
        no_pue, no_wue, no_stress = math.isnan(pue), math.isnan(wue), math.isnan(stress)
        stress_source = f"FAO SDG 6.4.2 via WaterWise ({fact['water_stress_key']})"
        if no_stress and region.startswith("US-"):
            stress, stress_source = US_WATER_STRESS, "United States, as US-MIDA-PJM"
        elif no_stress:
            stress_source = "none in the sources"
        rows.append(
            {
                "region": region,
                "city": CITIES[region],
                "latitude": float(fact["lat"]),
                "longitude": float(fact["lon"]),
                "utc_offset_h": float(fact["std_utc_offset_h"]),
                "pue": PUE_FILL if no_pue else float(pue),
                "pue_source": "filled: typical of the published ones"
                if no_pue
                else fact["pue_source"],
                "pue_estimated": int(no_pue or "proxy" in fact["pue_source"]),
                "wue_l_per_kwh": WUE_FILL if no_wue else float(wue),
                "wue_source": "filled: median of the published ones"
                if no_wue
                else fact["wue_source"],
                "wue_estimated": int(no_wue or "proxy" in fact["wue_source"]),
                "water_stress": float(stress),
                "stress_source": stress_source,
                "stress_estimated": int(no_stress),
            }
        )
    return write_table(output / "regions.csv", REGION_COLUMNS, rows, digits=6)


def great_circle_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance of two (latitude, longitude) in degrees, haversine formula."""
    (lat1, lon1), (lat2, lon2) = a, b
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = (
        math.sin((phi2 - phi1) / 2) ** 2
        + math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))


def _measured(
    azure: pd.DataFrame, gcp: pd.DataFrame, origin: str, site: str
) -> tuple[float, str, int] | None:
    if origin in azure.index and site in azure.columns:
        return float(azure.loc[origin, site]), "Azure, P95 of 30 days to 2026-07-30", 0
    if origin in gcp.index and site in gcp.columns:
        return float(gcp.loc[origin, site]) / 0.95, "GCP / 0.95", 1
    return None


def build_round_trips(data: Path, output: Path) -> int:
    """Write round_trips.csv, 16 x 16, by the rules of the data's README, section 10."""
    folder = data / "latency"
    azure = pd.read_csv(folder / "rtt_azure_p95_ms_by_grid_region.csv", index_col=0)
    gcp = pd.read_csv(folder / "rtt_gcp_ms_by_grid_region.csv", index_col=0)
    facts = pd.read_csv(data / "regions" / "region_facts.csv").set_index("region")
    position = {r: (float(facts.loc[r, "lat"]), float(facts.loc[r, "lon"])) for r in REGIONS}
    position[NEIGHBOR] = ASHBURN

    def light(origin: str, site: str) -> float:
        return 2 * great_circle_km(position[origin], position[site]) / FIBER_KM_PER_MS

    pairs = [(a, b) for a in REGIONS for b in REGIONS if a != b]
    known = {pair: _measured(azure, gcp, *pair) for pair in pairs}
    stretch = float(pd.Series([m[0] / light(*p) for p, m in known.items() if m]).median())

    def trip(origin: str, site: str) -> tuple[float, str, int]:
        if origin == site:
            return 0.0, "not measured: the scenario adds its last mile", 1
        if {origin, site} == {NEW_YORK, NEIGHBOR}:
            text = f"great circle to Ashburn at 2/3 of light speed, stretch {stretch:.2f}"
            return light(origin, site) * stretch, text, 1
        if NEW_YORK in (origin, site):
            milliseconds, text, _ = trip(
                *(NEIGHBOR if r == NEW_YORK else r for r in (origin, site))
            )
            return milliseconds, f"as US-MIDA-PJM: {text}", 1
        if {origin, site} == {"ZA", "CL-SIC"}:
            (first, _, _), (second, _, _) = trip("ZA", NEIGHBOR), trip(NEIGHBOR, "CL-SIC")
            return first + second, "ZA to US-MIDA-PJM plus US-MIDA-PJM to CL-SIC", 1
        found = known[origin, site]
        if found is None:
            raise ValueError(f"{origin} to {site}: no round trip")
        return found

    rows = []
    for origin in REGIONS:
        for site in REGIONS:
            milliseconds, source, estimated = trip(origin, site)
            rows.append(
                {
                    "origin": origin,
                    "datacenter": site,
                    "milliseconds": round(milliseconds, 1),
                    "statistic": "P95",
                    "source": source,
                    "estimated": estimated,
                }
            )
    return write_table(output / "round_trips.csv", TRIP_COLUMNS, rows)
