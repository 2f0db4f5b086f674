"""PUE and on-site water of a datacenter by the method it states (model.md section 2)."""

from dataclasses import dataclass

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.scenario.records import PueMethod, WaterMethod

FAN_SHARE = 0.13
"""Other facility energy over IT energy (SHIELD, arXiv 2308.13086)."""
SHIELD_FACTOR = 3.0
"""Cooling of racks, rooms and pumps over that of the chiller (SHIELD, arXiv 2308.13086)."""
EVAPORATION_PER_KWH = 1 / 0.66
"""Water that a cooling tower evaporates, L/kWh (SHIELD: 0.66 kWh of latent heat per L)."""
LOWEST_WET_BULB_WUE = 0.05
"""Floor of the wet-bulb formula, L/kWh (WaterWise, PPoPP 2025)."""


def coefficient_of_performance(supply_c: Floats) -> Floats:
    """Heat moved over energy of a chiller, by supply air in degC (Moore et al., ATC 2005)."""
    return np.asarray(0.0068 * supply_c * supply_c + 0.0008 * supply_c + 0.458)


def pue_of(
    method: PueMethod, *, published: Floats | None = None, supply_c: Floats | None = None
) -> Floats:
    """Facility energy over IT energy, (T,), by the method that the site states."""
    if method == PueMethod.PUBLISHED:
        return _given(published, "pue", method)
    supply = _given(supply_c, "supply_temperature", method)
    factor = SHIELD_FACTOR if method == PueMethod.SHIELD else 1.0
    return np.asarray(1 + factor / coefficient_of_performance(supply) + FAN_SHARE)


@dataclass(frozen=True, slots=True, eq=False)
class OnSiteWater:
    """Water of a site over IT energy, arrays (T,) in L/kWh."""

    wue: Floats
    blowdown: Floats


def wet_bulb_wue(wet_bulb_c: Floats, *, cycles: float) -> Floats:
    """On-site water by wet-bulb temperature, L/kWh ("Making AI less thirsty", Li et al. 2023).

    The curve is fitted in degrees Fahrenheit; below its zero it stays at 0.05 L/kWh.
    """
    f = wet_bulb_c * 1.8 + 32.0
    curve = 6e-5 * f * f * f - 0.01 * f * f + 0.61 * f - 10.4
    return np.maximum(cycles / (cycles - 1) * curve, LOWEST_WET_BULB_WUE)


def water_of(
    method: WaterMethod,
    *,
    cycles: float,
    epochs: int,
    published: Floats | None = None,
    wet_bulb_c: Floats | None = None,
    scale: float = 1.0,
) -> OnSiteWater:
    """On-site water and the part of it that leaves as wastewater.

    `scale` takes the wet-bulb formula to a published level.
    """
    if method == WaterMethod.PUBLISHED:
        return OnSiteWater(_given(published, "wue", method), np.zeros(epochs))
    if method == WaterMethod.TOWER:
        blowdown = EVAPORATION_PER_KWH / (cycles - 1)
        return OnSiteWater(
            np.full(epochs, EVAPORATION_PER_KWH + blowdown), np.full(epochs, blowdown)
        )
    wue = scale * wet_bulb_wue(_given(wet_bulb_c, "wet_bulb", method), cycles=cycles)
    return OnSiteWater(wue, wue / cycles)


def _given(values: Floats | None, name: str, method: object) -> Floats:
    if values is None:
        raise SlitError(f"{name}: missing, expected a series (method {method})")
    return values
