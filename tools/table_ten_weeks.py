"""Signals and demand of the built-in scenario ten-weeks: drawn, not measured.

Usage: python tools/table_ten_weeks.py [FOLDER]

Weeks of hours that forecasts can be tried on without any other file. Grids have a daily course, sun
that follows the season, wind and clouds that drift over days, and prices that follow what is left
to burn; demand has days, weekends, a slow growth and noise that lasts for hours.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from table_files import TABLES

START, DAYS = datetime(2024, 1, 1, tzinfo=UTC), 70
SITES = {
    # zone: carbon without sun and wind (g/kWh), sun and wind at best (share), longitude (degrees),
    # mean price (USD/MWh), mean and daily range of the wet-bulb temperature (degC)
    "DE-LU": (520.0, 0.25, 0.60, 8.7, 78.0, 3.0, 3.0),
    "US-CAL-CISO": (340.0, 0.60, 0.20, -120.0, 52.0, 8.0, 5.0),
    "BR-SP": (160.0, 0.15, 0.25, -46.6, 34.0, 20.0, 3.5),
}
ORIGINS = {"central-europe": (1, 1.0), "brazil": (-3, 0.6), "us-west": (-8, 0.9)}
CLASSES = {
    # requests an hour at the mean, prompt and output tokens, share that is left on weekends
    "chat": (300_000.0, 1_100.0, 210.0, 0.90),
    "code": (120_000.0, 2_000.0, 30.0, 0.45),
}


def drift(rng: np.random.Generator, hours: int, *, lasting_h: float) -> np.ndarray:
    """A stationary process (hours,) of mean 0 and variance 1 that forgets within `lasting_h`."""
    keep = np.exp(-1 / lasting_h)
    noise = rng.normal(size=hours) * np.sqrt(1 - keep**2)
    found = np.empty(hours)
    last = rng.normal()
    for t in range(hours):
        last = keep * last + noise[t]
        found[t] = last
    return found


def grid(rng: np.random.Generator, hours: pd.DatetimeIndex) -> pd.DataFrame:
    """Carbon, price and wet-bulb temperature of each zone."""
    count, parts = len(hours), []
    hour, day = hours.hour.to_numpy(), np.arange(count) / 24
    for zone, (base, sun_most, wind_most, longitude, price, wet, swing) in SITES.items():
        local = (hour + longitude / 15) % 24
        season = 1 + 0.004 * day if longitude > -100 else 1 + 0.003 * day
        clear = np.clip(0.75 + 0.2 * drift(rng, count, lasting_h=30), 0.1, 1.0)
        sun = sun_most * season * clear * np.clip(np.cos((local - 12) / 12 * np.pi), 0, None) ** 1.3
        wind = wind_most / (1 + np.exp(-1.4 * drift(rng, count, lasting_h=36)))
        left = np.clip(1 - sun - wind, 0.08, None)
        load = 1 + 0.16 * np.sin((local - 10) / 24 * 2 * np.pi) - 0.1 * (hours.day_of_week >= 5)
        carbon = base * (0.25 + 0.75 * left) * (1 + 0.02 * rng.normal(size=count))
        market = price * (2.1 * left * load - 0.25) + 4 * rng.normal(size=count)
        temperature = wet + swing * np.cos((local - 15) / 12 * np.pi)
        temperature += 3 * drift(rng, count, lasting_h=60)
        figures = {
            "utc": hours.strftime("%Y-%m-%dT%H:%M"),
            "zone": zone,
            "carbon_g_per_kwh": carbon.round(1),
            "price_usd_per_mwh": market.round(2),
            "wet_bulb_c": temperature.round(1),
        }
        parts.append(pd.DataFrame(figures))
    return pd.concat(parts)


def demand(rng: np.random.Generator, hours: pd.DatetimeIndex) -> pd.DataFrame:
    """Requests and mean tokens of each origin and class."""
    count, parts = len(hours), []
    for origin, (offset, size) in ORIGINS.items():
        there = hours + pd.Timedelta(hours=offset)
        local = there.hour.to_numpy()
        for name, (mean, prompt, output, weekend) in CLASSES.items():
            course = 1 + 0.55 * np.sin((local - 9) / 24 * 2 * np.pi)
            course *= np.where(there.day_of_week >= 5, weekend, 1.0)
            growth = 1 + 0.15 * np.arange(count) / count
            noise = np.exp(0.07 * drift(rng, count, lasting_h=8) + 0.02 * rng.normal(size=count))
            figures = {
                "utc": hours.strftime("%Y-%m-%dT%H:%M"),
                "origin": origin,
                "class": name,
                "requests": (mean * size * course * growth * noise).round(),
                "prompt": (prompt * np.exp(0.03 * drift(rng, count, lasting_h=12))).round(),
                "output": (output * np.exp(0.03 * drift(rng, count, lasting_h=12))).round(1),
            }
            parts.append(pd.DataFrame(figures))
    return pd.concat(parts)


def main() -> None:
    """Write both tables; the same bytes every time."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLES
    rng = np.random.default_rng(2024)
    hours = pd.date_range(START, periods=24 * DAYS, freq="h").tz_localize(None)
    for name, frame in (("grid", grid(rng, hours)), ("demand", demand(rng, hours))):
        frame.to_csv(
            folder / f"ten_weeks_{name}.csv.gz",
            index=False,
            compression={"method": "gzip", "mtime": 0, "compresslevel": 9},
        )


if __name__ == "__main__":
    main()
