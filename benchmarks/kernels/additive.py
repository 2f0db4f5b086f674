"""Problems that add up: costs of choices, loads on resources, and what loads cost."""

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Genes, Ints, Singles

BLOCK = 64
"""Plans whose loads are priced together."""
TEAM = 4
"""Plans that go through the genes together: sums of their own, tables that are read once."""


@kernel
def evaluate_additive(
    plans: Genes,
    cost: Singles,
    paid: Ints,
    load: Singles,
    resource: Genes,
    capacity: Floats,
    price: Floats,
    curvature: Floats,
    F: Floats,
    G: Floats,
) -> None:
    """Objectives F (N, M) and violation G (N,) of plans (N, G).

    Gene g that takes value p adds cost[g, k, p] to the objectives paid[k], one or more, and loads
    resource[g, p] by load[g, p]. A resource's load l adds price[:, r] * l + curvature[:, r] * l^2
    to all objectives; beyond its capacity it violates.
    """
    n_plans = plans.shape[0]
    n_objectives, n_resources = F.shape[1], capacity.shape[0]
    values, loads = np.empty((n_objectives, BLOCK)), np.empty((n_resources, BLOCK))
    for start in range(0, n_plans, BLOCK):
        count = min(BLOCK, n_plans - start)
        values[:], loads[:] = 0.0, 0.0
        for i in range(0, count, TEAM):
            team = slice(i, i + TEAM)
            first, last = start + i, n_plans - 1  # the last plan stands in where a team is short
            add_team(
                plans[first], plans[min(first + 1, last)], plans[min(first + 2, last)],
                plans[min(first + 3, last)], cost[:, 0], load, resource, values[paid[0], team],
                loads[:, team],
            )  # fmt: skip
            for k in range(1, paid.shape[0]):
                for member in range(i, min(i + TEAM, count)):
                    values[paid[k], member] += cost_of(plans[start + member], cost[:, k])
        G[start : start + count] = 0.0
        for r in range(n_resources):
            of_resource = loads[r]
            for m in range(n_objectives):
                total, slope, bend = values[m], price[m, r], curvature[m, r]
                for i in range(count):
                    total[i] += (slope + bend * of_resource[i]) * of_resource[i]
            if capacity[r] < np.inf:
                for i in range(count):
                    G[start + i] += max(0.0, of_resource[i] - capacity[r])
        for i in range(count):
            for m in range(n_objectives):
                F[start + i, m] = values[m, i]


@kernel
def add_team(
    first: Genes,
    second: Genes,
    third: Genes,
    fourth: Genes,
    cost: Singles,
    load: Singles,
    resource: Genes,
    totals: Floats,
    loads: Floats,
) -> None:
    """Add costs (G, P) and loads (G, P) of four plans (G,) to totals (4,) and loads (R, 4)."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for g in range(first.shape[0]):
        costs, own, at = cost[g], load[g], resource[g]
        # Unsigned indices: of signed ones the compiler asks each time if they are below 0.
        p, q = np.uint16(first[g]), np.uint16(second[g])
        r, s = np.uint16(third[g]), np.uint16(fourth[g])
        a += costs[p]
        b += costs[q]
        c += costs[r]
        d += costs[s]
        loads[np.uint16(at[p]), 0] += own[p]
        loads[np.uint16(at[q]), 1] += own[q]
        loads[np.uint16(at[r]), 2] += own[r]
        loads[np.uint16(at[s]), 3] += own[s]
    totals[0] += a
    totals[1] += b
    totals[2] += c
    totals[3] += d


@kernel
def cost_of(plan: Genes, cost: Singles) -> float:
    """What the choices of a plan (G,) cost (G, P)."""
    total = 0.0
    for g in range(plan.shape[0]):
        total += cost[g, np.uint16(plan[g])]
    return total
