"""The data of one Green-LLM instance and its JSON format.

Axes are letters, as in the letter: I areas that queries come from, J datacenters, K query types,
T hours, R resources. The file holds `sizes` (a number for each letter) and `parameters` (for each
symbol its `axes` and `values`, nested lists in the order of the axes). `names` (of the areas and so
on) and `origin` are ours and optional.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from operators.types import Bools, Floats
from slit.arrays import frozen
from slit.errors import SlitError
from slit.files import write_named

SETS = {"I": "area", "J": "datacenter", "K": "query type", "T": "hour", "R": "resource"}
"""What each letter of the axes stands for."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What one parameter is: its symbol in the file, axes, unit, meaning and least value."""

    symbol: str
    axes: str
    unit: str
    meaning: str
    minimum: float = 0.0
    above: bool = False  # the minimum itself is refused


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One instance: read-only arrays, shapes by letter. Prices may be negative, nothing else.

    A file's `lambda` is `demand` here, and so on: see parameters().
    """

    demand: Annotated[
        Floats, Parameter("lambda", "IKT", "queries/h", "queries of an area, type and hour")
    ]
    tokens_in: Annotated[Floats, Parameter("h", "K", "tokens", "input tokens of a query")]
    tokens_out: Annotated[Floats, Parameter("f", "K", "tokens", "output tokens of a query")]
    energy_in: Annotated[
        Floats, Parameter("tau_in", "K", "kWh/token", "IT energy of an input token")
    ]
    energy_out: Annotated[
        Floats, Parameter("tau_out", "K", "kWh/token", "IT energy of an output token")
    ]
    price: Annotated[
        Floats, Parameter("c", "JT", "USD/kWh", "price of grid electricity", minimum=-np.inf)
    ]
    carbon_tax: Annotated[Floats, Parameter("delta", "J", "USD/kg", "tax on emissions")]
    carbon_intensity: Annotated[
        Floats, Parameter("theta", "JT", "kg CO2e/kWh", "grid carbon intensity")
    ]
    renewable: Annotated[Floats, Parameter("P_w", "JT", "kW", "renewable power on site")]
    grid_limit: Annotated[Floats, Parameter("P_max", "JT", "kW", "most power from the grid")]
    pue: Annotated[
        Floats, Parameter("PUE", "J", "1", "facility energy over IT energy", minimum=1.0)
    ]
    capacity: Annotated[Floats, Parameter("C", "RJ", "units", "capacity of a resource")]
    resource_use: Annotated[
        Floats, Parameter("alpha", "KR", "units/token", "use of a resource by a token")
    ]
    token_size: Annotated[
        Floats, Parameter("beta", "IKT", "kB/token", "size of a token on the network")
    ]
    bandwidth: Annotated[
        Floats, Parameter("B", "IJ", "Mbit/s", "bandwidth from area to datacenter", above=True)
    ]
    propagation: Annotated[
        Floats, Parameter("d", "IJ", "s", "propagation delay, area to datacenter")
    ]
    processing: Annotated[Floats, Parameter("v", "JK", "s/token", "processing time of a token")]
    delay_limit: Annotated[
        Floats, Parameter("Delta", "IK", "s", "limit of the letter's delay measure")
    ]
    delay_price: Annotated[
        Floats, Parameter("rho", "K", "USD/s", "penalty on the letter's delay measure")
    ]
    wue: Annotated[Floats, Parameter("WUE", "JT", "L/kWh", "on-site water per IT energy")]
    ewif: Annotated[Floats, Parameter("EWIF", "JT", "L/kWh", "off-site water per facility energy")]
    water_cap: Annotated[float, Parameter("Z", "", "L", "most water of the whole horizon")]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, kind in parameters().items():
            value = frozen(getattr(self, name), np.float64)
            object.__setattr__(self, name, value if kind.axes else value[()])
        _check(self)
        given = {letter: tuple(names) for letter, names in self.names.items()}
        object.__setattr__(self, "names", default_names(self.sizes) | given)

    @property
    def sizes(self) -> dict[str, int]:
        """The number of areas I, datacenters J, query types K, hours T and resources R."""
        areas, types, hours = self.demand.shape
        resources, datacenters = self.capacity.shape
        return {"I": areas, "J": datacenters, "K": types, "T": hours, "R": resources}


@cache
def parameters() -> dict[str, Parameter]:
    """The parameters of an Instance by attribute, in the order of the file."""
    hints = get_type_hints(Instance, include_extras=True)
    kinds = {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}
    return {name: found[0] for name, found in kinds.items() if found}


def default_names(sizes: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Names where none are given: area 1, area 2, ...; hours count from 0."""
    return {
        letter: tuple(f"{word} {at + (letter != 'T')}" for at in range(sizes[letter]))
        for letter, word in SETS.items()
    }


def change(
    instance: Instance,
    *,
    renewable_scale: float = 1.0,
    carbon_scale: float = 1.0,
    demand_scale: float = 1.0,
    water_cap: float | None = None,
) -> Instance:
    """The instance with renewables, carbon intensities or demand scaled, or another water cap (L).

    Raises SlitError on a factor or cap that is negative or not finite.
    """
    scales = {
        "renewable scale": renewable_scale,
        "carbon scale": carbon_scale,
        "demand scale": demand_scale,
    }
    for name, value in scales.items():
        if not 0 <= value < np.inf:
            raise SlitError(f"{name}: found {value:g}, expected 0 or more (factor)")
    if water_cap is not None and not 0 <= water_cap < np.inf:
        raise SlitError(f"water cap: found {water_cap:g}, expected 0 or more (L)")
    return replace(
        instance,
        renewable=instance.renewable * renewable_scale,
        carbon_intensity=instance.carbon_intensity * carbon_scale,
        demand=instance.demand * demand_scale,
        water_cap=instance.water_cap if water_cap is None else water_cap,
    )


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class _Values(_Strict):
    axes: Annotated[str, Field(pattern="^[IJKTR]*$")]
    values: Any


class _Sizes(_Strict):
    I: Annotated[int, Field(ge=1)]  # noqa: E741 - the letter's symbol
    J: Annotated[int, Field(ge=1)]
    K: Annotated[int, Field(ge=1)]
    T: Annotated[int, Field(ge=1)]
    R: Annotated[int, Field(ge=1)]


class _File(_Strict):
    sizes: _Sizes
    parameters: dict[str, _Values]
    names: dict[Annotated[str, Field(pattern="^[IJKTR]$")], list[str]] = {}
    origin: str = ""


def load_instance(path: Path) -> Instance:
    """Read an instance from a JSON file.

    Raises SlitError where the file cannot be read, is no JSON, misses a parameter, or a parameter
    has wrong axes, a wrong shape or numbers that are not finite or out of range.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SlitError(f"{path}: cannot be read ({error}), expected a JSON file") from None
    except json.JSONDecodeError as error:
        raise SlitError(
            f"{path}, line {error.lineno}: {error.msg}, expected JSON (a Green-LLM instance)"
        ) from None
    except RecursionError:
        raise SlitError(f"{path}: nested too deeply, expected a Green-LLM instance") from None
    try:
        return parse_instance(content)
    except SlitError as error:
        raise SlitError(f"{path}: {error}") from None


def parse_instance(content: object) -> Instance:
    """An instance from the content of its JSON file. Raises SlitError as load_instance."""
    try:
        file = _File.model_validate(content)
    except ValidationError as error:
        raise SlitError(_first_problem(error)) from None
    known = {kind.symbol: name for name, kind in parameters().items()}
    missing = [symbol for symbol in known if symbol not in file.parameters]
    unknown = [symbol for symbol in file.parameters if symbol not in known]
    if missing:
        listed = ", ".join(f"{symbol} ({_kind(known[symbol]).meaning})" for symbol in missing)
        raise SlitError(f"parameters: missing {listed}")
    if unknown:
        raise SlitError(f"parameters: found {', '.join(unknown)}, expected {', '.join(known)}")
    sizes = file.sizes.model_dump()
    arrays: dict[str, Any] = {
        name: _array(file.parameters[symbol], _kind(name), sizes) for symbol, name in known.items()
    }
    names = {letter: tuple(words) for letter, words in file.names.items()}
    return Instance(**arrays, names=names)


def save_instance(instance: Instance, path: Path, *, origin: str = "") -> None:
    """Write the JSON file that load_instance reads; `origin` says where the data come from."""
    content: dict[str, Any] = {"origin": origin} if origin else {}
    content["sizes"] = instance.sizes
    content["names"] = {letter: list(words) for letter, words in instance.names.items()}
    content["parameters"] = {
        kind.symbol: {"axes": kind.axes, "values": np.asarray(getattr(instance, name)).tolist()}
        for name, kind in parameters().items()
    }
    write_named(path, f"{json.dumps(content, indent=1)}\n".encode())


def _kind(name: str) -> Parameter:
    return parameters()[name]


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"]) or "the file"
    found = problem["input"] if isinstance(problem["input"], str | int | float) else "..."
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{place}: found {found}, {problem['msg'].lower()}{more}"


def _array(found: _Values, kind: Parameter, sizes: Mapping[str, int]) -> Floats:
    thing, unit = f"parameter {kind.symbol}", f"({kind.meaning}, {kind.unit})"
    if found.axes != kind.axes:
        raise SlitError(f"{thing}: found axes {found.axes!r}, expected {kind.axes!r} {unit}")
    shape = tuple(sizes[letter] for letter in kind.axes)
    try:
        array = np.array(found.values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise SlitError(
            f"{thing}: found values that are no numbers or lists of unequal length, "
            f"expected numbers of shape {shape} = {kind.axes} {unit}"
        ) from None
    if array.shape != shape:
        raise SlitError(
            f"{thing}: found shape {array.shape}, expected {shape} = {kind.axes or 'one number'} "
            f"{unit}"
        )
    return array


def _check(instance: Instance) -> None:
    sizes: dict[str, int] = {}
    for name, kind in parameters().items():
        values = np.asarray(getattr(instance, name))
        thing, unit = f"parameter {kind.symbol}", f"({kind.meaning}, {kind.unit})"
        if values.ndim != len(kind.axes):
            raise SlitError(f"{thing}: found {values.ndim} axes, expected {kind.axes!r} {unit}")
        for letter, size in zip(kind.axes, values.shape, strict=True):
            if sizes.setdefault(letter, size) != size or size == 0:
                raise SlitError(
                    f"{thing}: found {size} along {letter} ({SETS[letter]}), "
                    f"expected {max(sizes[letter], 1)} {unit}"
                )
        if not np.isfinite(values).all():
            raise SlitError(f"{thing}: found NaN or infinity{_where(~np.isfinite(values), kind)}, "
                            f"expected finite numbers {unit}")  # fmt: skip
        low = values <= kind.minimum if kind.above else values < kind.minimum
        if low.any():
            expected = f"{'above' if kind.above else 'at least'} {kind.minimum:g}"
            raise SlitError(
                f"{thing}: found {values[low][0]:g}{_where(low, kind)}, expected {expected} {unit}"
            )
    for letter, words in instance.names.items():
        if letter not in SETS or len(words) != sizes[letter]:
            raise SlitError(
                f"names {letter}: found {len(words)}, expected {sizes.get(letter, 'I, J, K, T, R')}"
            )


def _where(bad: Bools, kind: Parameter) -> str:
    if not kind.axes:
        return ""
    first = np.argwhere(bad)[0]
    pairs = zip(kind.axes, first, strict=True)
    return " at " + ", ".join(f"{SETS[letter]} {at}" for letter, at in pairs)
