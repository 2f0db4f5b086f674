"""Random Green-LLM instances.

RANGES are the least and largest values of the instance the authors published (their repository
JJmingcc/Green_LLM). How values are drawn inside them is ours, for it is not stated: uniformly, but
prices by time of use, carbon intensities and demand with a daily wave, renewables as sun and wind,
propagation by distance. Ours too: capacities grow with the load of a datacenter, delay limits
are raised to 1.5 times the worst route, the water cap is 1.2 times the water of an even split.
"""

from dataclasses import dataclass, replace

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.papers.green_llm.instance import Instance
from slit.papers.green_llm.outcome import delay_measure, facility_energy, tokens, water_factor

RANGES = {
    "demand": (500.0, 1200.0),
    "tokens_in": (30.0, 500.0),
    "tokens_out": (10.0, 500.0),
    "energy_in": (6.91e-6, 1.1e-5),
    "energy_out": (1.66e-5, 2.5e-5),
    "price": (0.0796, 0.4355),
    "carbon_tax": (0.01, 0.045),
    "carbon_intensity": (0.024, 0.893),
    "renewable": (0.0, 137.0),
    "grid_limit": (4000.0, 5000.0),
    "pue": (1.03, 1.37),
    "capacity": (40_000.0, 50_000.0),
    "resource_use": (0.001, 0.0134),
    "token_size": (0.003, 0.005),
    "bandwidth": (1500.0, 3800.0),
    "propagation": (0.0014, 0.072),
    "processing": (1e-6, 5.2e-5),
    "delay_limit": (5.3, 43.2),
    "delay_price": (0.0216, 0.1734),
    "wue": (0.5, 1.0),
    "ewif": (0.1, 0.6),
}
"""Least and largest value of each parameter in the published instance, in its units."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many areas, datacenters, query types, hours and resources; as published by default."""

    areas: int = 9
    datacenters: int = 9
    query_types: int = 5
    hours: int = 24
    resources: int = 3

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) < 1:
                raise SlitError(f"{name}: found {getattr(self, name)}, expected 1 or more (number)")


def generate_instance(*, rng: np.random.Generator, sizes: Sizes | None = None) -> Instance:
    """A random instance within RANGES; the same state of `rng` gives the same instance.

    Feasible by construction: an even split of all queries meets every limit. Raises SlitError on
    sizes below 1.
    """
    sizes = sizes or Sizes()
    i, j, k, t = sizes.areas, sizes.datacenters, sizes.query_types, sizes.hours

    def uniform(name: str, *shape: int) -> Floats:
        low, high = RANGES[name]
        return rng.uniform(low, high, shape)

    hour = (np.arange(t) + 0.5) * 24 / t
    propagation = _distances(rng, areas=i, datacenters=j)
    draft = Instance(
        demand=_demand(rng, hour, areas=i, types=k),
        tokens_in=np.round(uniform("tokens_in", k)),
        tokens_out=np.round(uniform("tokens_out", k)),
        energy_in=uniform("energy_in", k),
        energy_out=uniform("energy_out", k),
        price=_prices(rng, hour, datacenters=j),
        carbon_tax=uniform("carbon_tax", j),
        carbon_intensity=_intensities(rng, hour, datacenters=j),
        renewable=_renewables(rng, hour, datacenters=j),
        grid_limit=np.round(uniform("grid_limit", j, t)),
        pue=uniform("pue", j),
        capacity=np.round(uniform("capacity", sizes.resources, j)),
        resource_use=uniform("resource_use", k, sizes.resources),
        token_size=uniform("token_size", i, k, t),
        bandwidth=uniform("bandwidth", i, j),
        propagation=propagation,
        processing=uniform("processing", j, k),
        delay_limit=uniform("delay_limit", i, k),
        delay_price=uniform("delay_price", k),
        wue=uniform("wue", j, t),
        ewif=uniform("ewif", j, t),
        water_cap=0.0,
    )
    return _with_room(draft)


def _with_room(draft: Instance) -> Instance:
    """Raise what an even split of the queries does not leave room for."""
    datacenters = draft.sizes["J"]
    energy = facility_energy(draft).sum(axis=(0, 2)) / datacenters  # (J, T)
    sent = np.einsum("k,ikt->kt", tokens(draft), draft.demand) / datacenters
    use = np.einsum("kr,kt->rt", draft.resource_use, sent).max(axis=1)  # (R,)
    longest = delay_measure(draft).max(axis=(1, 3))  # (I, K)
    return replace(
        draft,
        grid_limit=np.maximum(draft.grid_limit, np.ceil(1.5 * energy)),
        capacity=np.maximum(draft.capacity, np.ceil(1.5 * use)[:, None]),
        delay_limit=np.maximum(draft.delay_limit, 1.5 * longest),
        water_cap=float(np.round(1.2 * (water_factor(draft) * energy).sum(), 1)),
    )


def _demand(rng: np.random.Generator, hour: Floats, *, areas: int, types: int) -> Floats:
    """A wave of the day with its peak early in the afternoon, never below the least (ours)."""
    low, high = RANGES["demand"]
    peak = rng.uniform(11, 16, (areas, 1, 1))
    height = rng.uniform(0.0, high - low, (areas, types, 1))
    wave = np.cos((hour - peak) * np.pi / 12).clip(0) * height
    noise = rng.normal(0, 30, (areas, types, len(hour)))
    return np.asarray(np.round(np.clip(low + wave + noise, low, high)), dtype=np.float64)


def _prices(rng: np.random.Generator, hour: Floats, *, datacenters: int) -> Floats:
    """Three steps of a time-of-use tariff: night, day, evening peak (ours)."""
    low, high = RANGES["price"]
    base = rng.uniform(low, 2 * low, (datacenters, 1))
    step = np.where((hour < 8) | (hour >= 22), 1.0, np.where((hour >= 14) & (hour < 21), 2.5, 1.7))
    return np.clip(base * step * rng.normal(1, 0.04, (datacenters, len(hour))), low, high)


def _intensities(rng: np.random.Generator, hour: Floats, *, datacenters: int) -> Floats:
    """A level for each grid, lower around noon by up to 40 % (ours)."""
    low, high = RANGES["carbon_intensity"]
    level = rng.uniform(low, high, (datacenters, 1))
    sun = np.cos((hour - 13) * np.pi / 12).clip(0)
    drop = 1 - rng.uniform(0, 0.4, (datacenters, 1)) * sun
    noise = rng.normal(1, 0.03, (datacenters, len(hour)))
    return np.asarray(np.clip(level * drop * noise, low, high), dtype=np.float64)


def _renewables(rng: np.random.Generator, hour: Floats, *, datacenters: int) -> Floats:
    """Sun by the hour and wind by chance, at sizes that differ from site to site (ours)."""
    low, high = RANGES["renewable"]
    sun = np.cos((hour - 12.5) * np.pi / 12).clip(0) * rng.uniform(0, 0.8 * high, (datacenters, 1))
    wind = rng.weibull(1.5, (datacenters, len(hour))) * rng.uniform(2, 15, (datacenters, 1))
    return np.clip(sun + wind, low, high)


def _distances(rng: np.random.Generator, *, areas: int, datacenters: int) -> Floats:
    """Propagation (I, J) by distance in a square, datacenters beside the first areas (ours)."""
    low, high = RANGES["propagation"]
    area = rng.random((areas, 2))
    datacenter = rng.random((datacenters, 2))
    beside = min(areas, datacenters)
    datacenter[:beside] = area[:beside]
    distance = np.linalg.norm(area[:, None] - datacenter, axis=2)
    delay: Floats = low + (high - low) * distance / np.sqrt(2)
    return delay
