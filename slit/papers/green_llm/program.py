"""The letter's linear program: columns are shares x (I, J, K, T), then grid energy g (J, T)."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from operators.types import Floats, Positions
from slit.lp.rows import Rows
from slit.lp.solver import LinearModel
from slit.papers.green_llm.instance import Instance
from slit.papers.green_llm.outcome import delay_measure, facility_energy, tokens, water_factor


class PaperObjective(StrEnum):
    """The letter's objectives, all in USD: E, D and C."""

    ENERGY = "energy"
    DELAY = "delay"
    CARBON = "carbon"


class Total(StrEnum):
    """Linear totals that are no objectives of the letter: kg CO2e and L."""

    EMISSIONS = "carbon_kg"
    WATER = "water_l"


Linear = PaperObjective | Total

WATER_CAP = "water cap"
"""Name of the one constraint that joins the hours."""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """The program and how to read it.

    model: with a cost of zero and one row for every entry of `costs`, without bounds, at
    `total_rows`: a step bounds a total by bounding its row. costs: cost vector (n,) of each
    objective and total; its row holds it divided by `scales`, so that the largest coefficient is 1
    and the solver's absolute tolerances suit any unit. groups: the letter's constraints by name,
    each an array of row positions (sets, T); the water cap's is (1, 1).
    """

    instance: Instance
    model: LinearModel
    costs: dict[Linear, Floats]
    scales: dict[Linear, float]
    total_rows: dict[Linear, int]
    groups: dict[str, Positions]

    def split(self, x: Floats) -> tuple[Floats, Floats]:
        """Shares (I, J, K, T) and grid energy (J, T) of a point x (n,), within their bounds."""
        sizes = self.instance.sizes
        shape = tuple(sizes[letter] for letter in "IJKT")
        count = int(np.prod(shape))
        x = np.clip(x, self.model.lower, self.model.upper)
        return x[:count].reshape(shape), x[count:].reshape(sizes["J"], sizes["T"])


def build(instance: Instance) -> Program:
    """The letter's program of an instance; equation numbers are those of the restated model."""
    sizes = instance.sizes
    areas, datacenters, types, hours = (sizes[letter] for letter in "IJKT")
    count = areas * datacenters * types * hours
    x = np.arange(count, dtype=np.int32).reshape(areas, datacenters, types, hours)
    g = count + np.arange(datacenters * hours, dtype=np.int32).reshape(datacenters, hours)
    rows = Rows()
    energy, delay = facility_energy(instance), delay_measure(instance)
    costs = _costs(instance, energy=energy, delay=delay)

    by_query = (0, 2, 3, 1)  # (I, K, T) rows of J entries
    by_place = (1, 3, 0, 2)  # (J, T) rows of I * K entries
    at_place = x.transpose(by_place).reshape(datacenters, hours, -1)
    power = energy.transpose(by_place).reshape(at_place.shape)
    groups = {
        "all queries are served": rows.add_dense(
            x.transpose(by_query), 1.0, lower=1.0, upper=1.0
        ),  # (1)
        "power from the grid and renewables": rows.add_dense(  # (3), with (2) put in
            np.concatenate([at_place, g[:, :, None]], axis=2),
            np.concatenate([power, np.full((datacenters, hours, 1), -1.0)], axis=2),
            upper=instance.renewable,
        ),
        WATER_CAP: rows.add_dense(  # (4)
            x.reshape(1, -1), costs[Total.WATER][:count], upper=instance.water_cap
        ),
        "resource capacity": rows.add_dense(  # (5)
            np.broadcast_to(at_place[:, None], (datacenters, sizes["R"], *at_place.shape[1:])),
            _resource_use(instance)[None],
            upper=instance.capacity.T[:, :, None],
        ),
        "delay limit": rows.add_dense(  # (6)
            x.transpose(by_query), delay.transpose(by_query), upper=instance.delay_limit[:, :, None]
        ),
    }
    total_rows, scales = {}, {}
    for total, cost in costs.items():
        used = np.flatnonzero(cost)
        scales[total] = largest(cost)
        total_rows[total] = rows.add_dense(used[None, :], cost[used] / scales[total]).start
    columns = count + g.size
    matrix, lower, upper = rows.assembled(columns)
    return Program(
        instance=instance,
        model=LinearModel(
            cost=np.zeros(columns),
            lower=np.zeros(columns),
            upper=np.concatenate([np.ones(count), instance.grid_limit.ravel()]),
            matrix=matrix.tocsr(),
            row_lower=lower,
            row_upper=upper,
        ),
        costs=costs,
        scales=scales,
        total_rows=total_rows,
        groups={
            name: np.arange(part.start, part.stop).reshape(-1, 1 if name == WATER_CAP else hours)
            for name, part in groups.items()
        },
    )


def largest(cost: Floats) -> float:
    """The largest magnitude in a cost vector (n,), 1 where all are zero."""
    return float(np.abs(cost).max(initial=0.0)) or 1.0


def _costs(instance: Instance, *, energy: Floats, delay: Floats) -> dict[Linear, Floats]:
    count = energy.size
    empty = np.zeros(count + instance.price.size)

    def of_grid(per_kwh: Floats) -> Floats:
        cost = empty.copy()
        cost[count:] = per_kwh.ravel()
        return cost

    def of_shares(values: Floats) -> Floats:
        cost = empty.copy()
        cost[:count] = values.ravel()
        return cost

    return {
        PaperObjective.ENERGY: of_grid(instance.price),
        PaperObjective.DELAY: of_shares(instance.delay_price[:, None] * delay),
        PaperObjective.CARBON: of_grid(instance.carbon_tax[:, None] * instance.carbon_intensity),
        Total.EMISSIONS: of_grid(instance.carbon_intensity),
        Total.WATER: of_shares(water_factor(instance)[:, None, :] * energy),
    }


def _resource_use(instance: Instance) -> Floats:
    """Use of each resource (R, T, I * K) if all queries came to one datacenter."""
    sent = (tokens(instance)[:, None] * instance.demand).transpose(2, 0, 1)  # (T, I, K)
    use = instance.resource_use.T[:, None, None, :] * sent
    return use.reshape(use.shape[0], use.shape[1], -1)
