"""`grown`: world-day made larger or smaller, for scaling.

Datacenters are copies of those of world-day with other signals, days are copies with other
weather; nothing of it is a real place. Demand follows the capacity, so that it binds as there.
"""

from dataclasses import fields, replace

import numpy as np

from benchmarks.registry import Case
from operators.types import Floats
from slit.scenario.load import load_scenario
from slit.scenario.records import Horizon, Resolution
from slit.scenario.scenario import Demand, Scenario, Signals

Rng = np.random.Generator

SEED = 2025
LEVEL, WEATHER = 0.25, 0.1
"""Standard deviations of the logarithm: of a copied site's signals, and of an hour's."""
VARIED = ("carbon", "price", "ewif", "renewable")


def build(genes: int = 2000, datacenters: int = 14, epochs: int = 24) -> Scenario:
    """`datacenters` sites over `epochs` hours, with about `genes` genes."""
    rng = np.random.default_rng([SEED, datacenters, epochs])
    base = load_scenario("world-day")
    sites = with_datacenters(base, datacenters, rng=rng)
    days = with_hours(sites, epochs, rng=rng)
    return with_genes(days, genes, name=f"grown-{datacenters}-{epochs}")


def with_genes(scenario: Scenario, genes: int, *, name: str) -> Scenario:
    """The scenario cut into about so many genes; each group with requests takes one at least."""
    groups = np.count_nonzero(scenario.demand.requests)
    wanted = Resolution(genes=genes if genes > groups else 1)
    return replace(scenario, name=name, resolution=wanted, inputs=())


def with_datacenters(base: Scenario, count: int, *, rng: Rng) -> Scenario:
    """The first `count` sites, or all of them and varied copies; demand follows the nodes."""
    source = np.arange(count) % len(base.datacenters)
    if count <= len(base.datacenters):
        source = np.sort(rng.choice(len(base.datacenters), size=count, replace=False))
    names = [f"{base.datacenters[d].name}-{n}" for n, d in enumerate(source)]
    centers = tuple(
        base.datacenters[d].model_copy(update={"name": name})
        for d, name in zip(source, names, strict=True)
    )
    pools = tuple(
        pool.model_copy(update={"name": f"{pool.name}-{n}", "datacenter": name})
        for n, (d, name) in enumerate(zip(source, names, strict=True))
        for pool in base.pools
        if pool.datacenter == base.datacenters[d].name
    )
    copied = np.arange(count) >= len(base.datacenters)
    level = np.exp(LEVEL * rng.standard_normal((len(VARIED), count)) * copied)
    signals = {f.name: getattr(base.signals, f.name)[:, source] for f in fields(Signals)}
    for name, factor in zip(VARIED, level, strict=True):
        signals[name] = signals[name] * factor
    nodes = sum(pool.nodes for pool in pools) / sum(pool.nodes for pool in base.pools)
    return replace(
        base,
        datacenters=centers,
        pools=pools,
        residency=(),
        signals=Signals(**signals),
        demand=replace(base.demand, requests=base.demand.requests * nodes),
        round_trip_s=base.round_trip_s[:, source] * np.where(copied, 1.1, 1.0),
    )


def with_hours(base: Scenario, epochs: int, *, rng: Rng) -> Scenario:
    """The day again and again for `epochs` epochs, each with its own weather after the first."""
    hours = np.arange(epochs) % base.horizon.epochs
    again = np.arange(epochs) >= base.horizon.epochs
    signals = {f.name: getattr(base.signals, f.name)[hours] for f in fields(Signals)}
    for name in VARIED:
        noise = np.exp(WEATHER * rng.standard_normal(signals[name].shape) * again[:, None])
        signals[name] = signals[name] * noise
    demand = Demand(**{f.name: getattr(base.demand, f.name)[hours] for f in fields(Demand)})
    return replace(
        base, horizon=_horizon(base, epochs, 1), signals=Signals(**signals), demand=demand
    )


def between_hours(base: Scenario, *, parts: int) -> Scenario:
    """Epochs cut into `parts`: levels and rates run linearly from epoch to epoch, around the day.

    Energy and requests of an epoch are spread over its parts and add up to what they were.
    """
    epochs = base.horizon.epochs * parts
    signals = {f.name: _between(getattr(base.signals, f.name), parts) for f in fields(Signals)}
    signals["renewable"] = _spread(base.signals.renewable, parts)
    demand = Demand(
        requests=_spread(base.demand.requests, parts),
        prompt=_between(base.demand.prompt, parts),
        output=_between(base.demand.output, parts),
    )
    return replace(
        base, horizon=_horizon(base, epochs, parts), signals=Signals(**signals), demand=demand
    )


def _horizon(base: Scenario, epochs: int, parts: int) -> Horizon:
    seconds = base.horizon.epoch_seconds / parts
    return base.horizon.model_copy(update={"epochs": epochs, "epoch_seconds": seconds})


def _between(values: Floats, parts: int) -> Floats:
    """Levels (T, ...) -> (T * parts, ...): linear between the middles of the epochs."""
    at = (np.arange(len(values) * parts) + 0.5) / parts - 0.5
    low = np.floor(at).astype(np.int64)
    share = (at - low).reshape(-1, *[1] * (values.ndim - 1))
    count = len(values)
    return np.asarray(values[low % count] * (1 - share) + values[(low + 1) % count] * share)


def _spread(amounts: Floats, parts: int) -> Floats:
    """Amounts (T, ...) -> (T * parts, ...), those of an epoch adding up to what it had."""
    shape = _between(amounts, parts).reshape(len(amounts), parts, *amounts.shape[1:])
    sums = shape.sum(axis=1, keepdims=True)
    even = np.full_like(shape, 1.0 / parts)
    share = np.divide(shape, sums, out=even, where=sums > 0)
    return np.asarray((share * amounts[:, None]).reshape(-1, *amounts.shape[1:]))


GROWN = Case(
    "grown",
    "world-day with other numbers of genes, datacenters and hours (generated)",
    build,
    frozenset({"bound", "compile", "evaluate", "moves", "optimize", "stability"}),
)
