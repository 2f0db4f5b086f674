"""One table of units: every figure that enters goes through `convert` once.

Inside, slit computes in s, W, kWh, USD/kWh, kg CO2e/kWh, L, L/kWh, degC, bytes and plain shares.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from operators.types import Floats
from slit.errors import SlitError, did_you_mean

LITERS_PER_US_GALLON = 3.785411784
KG_PER_POUND = 0.45359237


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a kind of quantity: value in the base unit = value * factor + offset."""

    kind: str
    factor: float
    offset: float = 0.0


def _table() -> dict[str, Unit]:
    kinds: dict[str, dict[str, float]] = {
        "time": {"s": 1, "ms": 1e-3, "us": 1e-6, "min": 60, "h": 3600, "d": 86400},
        "power": {"W": 1, "mW": 1e-3, "kW": 1e3, "MW": 1e6},
        "energy": {"kWh": 1, "Wh": 1e-3, "MWh": 1e3, "GWh": 1e6, "TWh": 1e9,
                   "J": 1 / 3.6e6, "kJ": 1 / 3.6e3, "MJ": 1 / 3.6},
        "energy price": {"USD/kWh": 1, "USD/MWh": 1e-3, "cent/kWh": 1e-2},
        "carbon intensity": {"kg/kWh": 1, "kgCO2e/kWh": 1, "kgCO2eq/kWh": 1, "g/kWh": 1e-3,
                             "gCO2e/kWh": 1e-3, "gCO2eq/kWh": 1e-3, "kg/MWh": 1e-3, "t/MWh": 1,
                             "lb/MWh": KG_PER_POUND / 1e3},
        "mass": {"kg": 1, "g": 1e-3, "t": 1e3, "lb": KG_PER_POUND},
        "volume": {"L": 1, "mL": 1e-3, "m3": 1e3, "gal": LITERS_PER_US_GALLON},
        "water intensity": {"L/kWh": 1, "L/MWh": 1e-3, "m3/MWh": 1, "gal/kWh": LITERS_PER_US_GALLON,
                            "gal/MWh": LITERS_PER_US_GALLON / 1e3},
        "energy per volume": {"kWh/L": 1, "kWh/m3": 1e-3, "kWh/1000 L": 1e-3},
        "temperature": {"degC": 1, "K": 1, "degF": 5 / 9},
        "data": {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 2**10, "MiB": 2**20,
                 "GiB": 2**30, "TiB": 2**40},
        "data rate": {"B/s": 1, "MB/s": 1e6, "GB/s": 1e9, "TB/s": 1e12, "Gbit/s": 1.25e8},
        "money": {"USD": 1, "cent": 1e-2},
        "data price": {"USD/B": 1, "USD/GB": 1e-9, "USD/TB": 1e-12},
        "rental price": {"USD/s": 1, "USD/h": 1 / 3600},
        "share": {"1": 1, "%": 1e-2},
        "token rate": {"token/s": 1, "tokens/s": 1},
        "time per token": {"s/token": 1, "ms/token": 1e-3},
        "energy per token": {"kWh/token": 1, "Wh/token": 1e-3, "J/token": 1 / 3.6e6},
        "request rate": {"request/s": 1, "requests/s": 1, "request/h": 1 / 3600,
                         "requests/h": 1 / 3600},
        "speed": {"m/s": 1, "km/h": 1 / 3.6},
        "length": {"m": 1, "km": 1e3},
    }  # fmt: skip
    offsets = {"K": -273.15, "degF": -160 / 9}
    return {
        name: Unit(kind, factor, offsets.get(name, 0.0))
        for kind, units in kinds.items()
        for name, factor in units.items()
    }


UNITS = MappingProxyType(_table())


def known_units(kind: str) -> tuple[str, ...]:
    """Names of all units of a kind ("time", "energy price", ...)."""
    return tuple(name for name, unit in UNITS.items() if unit.kind == kind)


def check_unit(found: str, expected: str, *, what: str = "unit") -> None:
    """Refuse a unit that cannot be converted to `expected`.

    Raises:
        SlitError: `found` is unknown or of another kind; the units that would do are named.
    """
    if expected not in UNITS:
        raise ValueError(f"expected unit: {expected}, expected one of {', '.join(UNITS)}")
    kind = UNITS[expected].kind
    if found not in UNITS or UNITS[found].kind != kind:
        named = "" if what.endswith("unit") else "unit "
        other = f" ({UNITS[found].kind})" if found in UNITS else ""
        known = known_units(kind)
        raise SlitError(
            f"{what}: {named}{found!r}{other}, expected one of {', '.join(known)} ({kind})"
            f"{'' if other else did_you_mean(found, known)}"
        )


_FOREIGN = re.compile(r"([A-Z]{3}|€|£)/(kWh|MWh)\Z")
_SYMBOLS = {"€": "EUR", "£": "GBP"}


def in_dollars(unit: str, rates: Mapping[str, float]) -> tuple[str, float]:
    """The same price in USD, and the factor: ("USD/MWh", 1.08) for "EUR/MWh" at such a rate.

    Args:
        unit: any unit; those that are no price in another currency stay as they are.
        rates: USD for one unit of a currency.

    Raises:
        SlitError: a currency without a rate.
    """
    found = _FOREIGN.match(unit)
    if found is None or unit in UNITS:
        return unit, 1.0
    currency = _SYMBOLS.get(found.group(1), found.group(1))
    if currency not in rates:
        raise SlitError(
            f"unit: {unit!r}, expected a price in USD, or a stated rate (section [currency]: "
            f"{currency} = USD for one {currency})"
        )
    return f"USD/{found.group(2)}", rates[currency]


def same_unit(first: str, second: str) -> bool:
    """Whether two names mean one unit."""
    return first == second or (first in UNITS and UNITS[first] == UNITS.get(second))


@overload
def convert(values: float, found: str, expected: str, *, what: str = ...) -> float: ...
@overload
def convert(values: ArrayLike, found: str, expected: str, *, what: str = ...) -> Floats: ...
def convert(values: ArrayLike, found: str, expected: str, *, what: str = "unit") -> float | Floats:
    """`values` in the unit `expected`; a number stays a number, anything else is a new array.

    Args:
        values: one number or an array of any shape, in the unit `found`.
        found: the unit of the source, such as "USD/MWh", "gCO2eq/kWh", "ms", "degF".
        expected: the unit wanted, of the same kind.
        what: what is converted, for the message.

    Raises:
        SlitError: the units are unknown or of different kinds; the known ones are named.
    """
    check_unit(found, expected, what=what)
    source, target = UNITS[found], UNITS[expected]
    array = np.asarray(values, dtype=np.float64)
    if found == expected:
        result = array.copy()
    elif source.offset == target.offset == 0.0:
        result = array * (source.factor / target.factor)
    else:
        result = (array * source.factor + source.offset - target.offset) / target.factor
    return float(result) if np.ndim(values) == 0 else result
