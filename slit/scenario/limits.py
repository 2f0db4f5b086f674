"""The unit of each signal, what is physically possible, and what is plausible: in one place."""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from operators.types import Bools, Floats


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one signal, in the unit in which slit reads it.

    Beyond `lowest` to `highest` a figure cannot be true (a code such as 9999 for a missing one):
    it never enters. Beyond `plausible_low` to `plausible_high` it is more likely in another unit
    than true.
    """

    unit: str
    lowest: float = 0.0
    highest: float = np.inf
    plausible_low: float = -np.inf
    plausible_high: float = np.inf

    def possible(self, values: Floats) -> Bools:
        """Which figures can be true; gaps can."""
        return np.isnan(values) | ((values >= self.lowest) & (values <= self.highest))

    @property
    def expected(self) -> str:
        """What a figure has to be, for messages."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"a number from {self.lowest:g} to {self.highest:g}{unit}"


# Lowest air temperature measured: -89.2 degC (WMO); wet bulb above 35 degC is not survived and
# hardly reached, and -99 and 99.9 are codes. Exchanges end at some 20 USD/kWh.
LIMITS = MappingProxyType(
    {
        "carbon": Limits("kg/kWh", 0, 100, plausible_high=2),
        "price": Limits("USD/kWh", -1000, 1000, -20, 20),
        "ewif": Limits("L/kWh", 0, 1000, plausible_high=100),
        "pue": Limits("1", 1, 100, plausible_high=3),
        "wue": Limits("L/kWh", 0, 1000, plausible_high=20),
        "wet_bulb": Limits("degC", -90, 50, -70, 40),
        "supply_temperature": Limits("degC", -50, 100, 5, 50),
        "renewable": Limits("kWh", 0, 1e9),
    }
)
"""Limits by signal; of `renewable` for the energy of a step, as power the same number in kW."""
