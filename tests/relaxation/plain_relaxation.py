"""The relaxation of model.md section 5 by plain loops, with every variable spelled out.

Shares, active nodes, loading nodes, IT, facility and grid energy are variables of one program over
all epochs, solved by scipy. Shares no code with slit.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linprog

from operators.types import Floats
from slit.objectives import Coefficients, Linear, Objective
from slit.problem import Problem, Start
from slit.scenario.scenario import Scenario

Row = dict[Any, float]
Limits = dict[Any, tuple[float, float | None]]


@dataclass(slots=True)
class Rows:
    """Rows `coefficients @ x <= limit` (or ==) as dictionaries."""

    below: list[tuple[Row, float]] = field(default_factory=list)
    equal: list[tuple[Row, float]] = field(default_factory=list)


def plain_minimum(
    problem: Problem,
    scenario: Scenario,
    objectives: tuple[Objective, ...],
    weights: Floats,
    caps: dict[int, float] | None = None,
) -> float | None:
    """The least weighted sum of relaxed objectives under caps on some; None if infeasible.

    Objectives of the largest datacenter get an epigraph variable.
    """
    rows = Rows()
    limits: Limits = {}
    for t in range(problem.epochs):
        add_epoch(problem, t, rows, limits)
    terms = [objective_terms(problem, scenario, o, m, rows) for m, o in enumerate(objectives)]
    cost: Row = {}
    constant = 0.0
    for (coefficients, offset), weight in zip(terms, weights, strict=True):
        constant += weight * offset
        for name, value in coefficients.items():
            cost[name] = cost.get(name, 0.0) + weight * value
    for m, cap in (caps or {}).items():
        rows.below.append((terms[m][0], cap - terms[m][1]))
    names = sorted(set(limits) | set(cost) | {n for r, _ in rows.below for n in r}, key=str)
    position = {name: i for i, name in enumerate(names)}

    def dense(block: list[tuple[Row, float]]) -> tuple[Floats, Floats]:
        matrix = np.zeros((len(block), len(names)))
        for i, (row, _) in enumerate(block):
            for name, value in row.items():
                matrix[i, position[name]] = value
        return matrix, np.array([limit for _, limit in block])

    below, below_limit = dense(rows.below)
    equal, equal_limit = dense(rows.equal)
    c = np.array([cost.get(name, 0.0) for name in names])
    size = float(max(np.abs(c).max(), 1e-300))
    result = linprog(
        c / size,
        A_ub=below,
        b_ub=below_limit,
        A_eq=equal,
        b_eq=equal_limit,
        bounds=[limits.get(name, (None, None)) for name in names],
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9},
    )
    if result.status == 2:
        return None
    assert result.status == 0, result.message
    assert result.fun is not None
    return float(result.fun) * size + constant


def add_epoch(problem: Problem, t: int, rows: Rows, limits: Limits) -> None:
    """Variables and rows of one epoch."""
    groups = range(int(problem.epoch_group[t]), int(problem.epoch_group[t + 1]))
    kwh = problem.kwh_per_energy_tick
    energy: dict[int, Row] = {d: {} for d in range(problem.datacenters)}
    pool_nodes: dict[int, Row] = {}
    least = [0.0] * problem.datacenters
    for q, center in enumerate(problem.pool_datacenter):
        off = problem.pool_nodes[q] - problem.powered_nodes[q]
        least[center] += problem.powered_nodes[q] * problem.standby_energy[q] * kwh
        least[center] += off * problem.off_energy[q] * kwh
        for name in ("on", "rent"):
            limits[name, t, q] = (0.0, float(problem.pool_nodes[q]))
    for j in groups:
        options = np.flatnonzero(problem.allowed[j])
        rows.equal.append(({("y", j, p): 1.0 for p in options}, 1.0))
        limits.update({("y", j, p): (0.0, 1.0) for p in options})
    for p in range(problem.placements):
        served = [j for j in groups if problem.allowed[j, p]]
        warm = int(problem.warm_nodes[p])
        lasting = bool(problem.min_up[p] > 1)
        if not served and not warm and not lasting:
            continue
        q, d = int(problem.placement_pool[p]), int(problem.placement_datacenter[p])
        nodes, loading = ("m", t, p), ("z", t, p)
        limits[nodes] = (float(warm), float(problem.pool_nodes[q]))
        work = {
            ("y", j, p): problem.group_chunks[j] * problem.chunk[j, p, 0] / problem.node_ticks
            for j in served
        }
        rows.below.append(({**work, nodes: -1.0}, 0.0))
        surplus = float(problem.pool_nodes[problem.placement_pool[p]]) if lasting else 1.0
        rows.below.append(({nodes: 1.0, **{n: -v for n, v in work.items()}}, max(surplus, warm)))
        pool_nodes.setdefault(q, {})[nodes] = 1.0
        starting = extra_energy(problem, t, p)
        may_load = starting > 0
        limits[loading] = (0.0, None if may_load else 0.0)
        rows.below.append(({loading: 1.0, nodes: -1.0}, 0.0))
        use = energy[d]
        for j in served:
            use["y", j, p] = problem.group_chunks[j] * problem.chunk[j, p, 1] * kwh
        use[nodes] = (problem.idle_energy[p] - problem.standby_energy[q]) * kwh
        use[loading] = starting * kwh
    for q, sums in pool_nodes.items():
        rows.below.append((sums, float(problem.pool_nodes[q])))
        for name, number in (
            ("on", problem.powered_nodes[q]),
            ("rent", problem.committed_nodes[q]),
        ):
            # nodes beyond a number of them: at least, and at most the chord over the whole pool
            beyond, room = (name, t, q), float(problem.pool_nodes[q] - number)
            limits[beyond] = (0.0, room)
            rows.below.append(({**sums, beyond: -1.0}, float(number)))
            chord = {n: -v * room / float(problem.pool_nodes[q]) for n, v in sums.items()}
            rows.below.append(({**chord, beyond: 1.0}, 0.0))
        wake = float(problem.standby_energy[q] - problem.off_energy[q])
        energy[int(problem.pool_datacenter[q])]["on", t, q] = wake * kwh
    for d in range(problem.datacenters):
        it, load, grid = ("it", t, d), ("facility", t, d), ("grid", t, d)
        limits[it] = limits[load] = limits[grid] = (0.0, None)
        rows.equal.append(({it: 1.0, **{n: -v for n, v in energy[d].items()}}, least[d]))
        rows.equal.append(({load: 1.0, it: -problem.pue[t, d]}, 0.0))
        renewable = problem.renewable[t, d]
        rows.below.append(({load: 1.0, grid: -1.0}, renewable))
        low = problem.pue[t, d] * least[d]
        high = max(low, problem.pue[t, d] * most_energy(problem, t, d))
        low_grid, high_grid = max(0.0, low - renewable), max(0.0, high - renewable)
        slope = (high_grid - low_grid) / (high - low) if high > low else 0.0
        rows.below.append(({grid: 1.0, load: -slope}, low_grid - slope * low))


def extra_energy(problem: Problem, t: int, p: Any) -> float:
    """Energy ticks of a node that starts, and boots if any of its pool may be off, and of one that
    is partly filled above its share."""
    curve = [float(np.ceil(joules)) for joules in problem.last_node[p, :, 1]]
    above = max(curve, default=0.0)
    if t == 0 and problem.start == Start.FREE:
        return above
    q = problem.placement_pool[p]
    boot = float(problem.boot_energy[q])
    if problem.powered_nodes[q] == problem.pool_nodes[q]:
        boot = 0.0
    return float(problem.start_energy[p]) + boot + above


def most_energy(problem: Problem, t: int, d: int) -> float:
    """kWh that no plan exceeds: pools full, or all groups served here, whichever is less."""
    kwh = problem.kwh_per_energy_tick
    groups = range(int(problem.epoch_group[t]), int(problem.epoch_group[t + 1]))
    full = demand = 0.0
    for q in np.flatnonzero(problem.pool_datacenter == d):
        standby = float(problem.standby_energy[q])
        node = standby
        for p in np.flatnonzero(problem.placement_pool == q):
            active = float(problem.idle_energy[p] + extra_energy(problem, t, p))
            dense = [
                problem.chunk[j, p, 1] / problem.chunk[j, p, 0]
                for j in groups
                if problem.allowed[j, p]
            ]
            node = max(node, active + problem.node_ticks * max(dense, default=0.0))
            warm = int(problem.warm_nodes[p])
            lasting = int(problem.pool_nodes[q]) if problem.min_up[p] > 1 else 0
            demand += active * max(1, warm, lasting) if dense or warm or lasting else 0.0
        full += problem.pool_nodes[q] * node
        demand += problem.powered_nodes[q] * standby
        off = problem.pool_nodes[q] - problem.powered_nodes[q]
        demand += float(off * problem.off_energy[q])
    for j in groups:
        each = [
            problem.group_chunks[j]
            * (
                problem.chunk[j, p, 1]
                + problem.chunk[j, p, 0]
                / problem.node_ticks
                * (problem.idle_energy[p] + extra_energy(problem, t, p))
            )
            for p in np.flatnonzero(problem.allowed[j] & (problem.placement_datacenter == d))
        ]
        demand += max(each, default=0.0)
    return float(min(full, demand) * kwh)


def objective_terms(
    problem: Problem, scenario: Scenario, objective: Objective, m: int, rows: Rows
) -> tuple[Row, float]:
    """The relaxed objective as coefficients of variables, and its constant."""
    largest = isinstance(objective.measure, Linear) and objective.measure.largest
    if largest:
        assert isinstance(objective.measure, Linear)
        coefficients: Coefficients | None = objective.measure.build(problem, scenario)
    else:
        coefficients = objective.linear_part(problem, scenario)
    assert coefficients is not None
    by_center: list[Row] = [{} for _ in range(problem.datacenters)]
    for t in range(problem.epochs):
        for d in range(problem.datacenters):
            for name, table in (
                ("it", coefficients.it),
                ("facility", coefficients.facility),
                ("grid", coefficients.grid),
            ):
                if table is not None:
                    by_center[d][name, t, d] = float(table[t, d])
        groups = range(int(problem.epoch_group[t]), int(problem.epoch_group[t + 1]))
        for q in range(len(problem.pool_nodes)):
            if coefficients.on_demand is not None:
                mine = by_center[problem.pool_datacenter[q]]
                mine["rent", t, q] = float(coefficients.on_demand[q])
        for p in range(problem.placements):
            mine = by_center[problem.placement_datacenter[p]]
            served = [j for j in groups if problem.allowed[j, p]]
            if coefficients.nodes is not None and (served or problem.warm_nodes[p]):
                mine["m", t, p] = float(coefficients.nodes[t, p])
            for j in served:
                requests = problem.group_requests[j]
                slack, sigma = problem.service[j, p, :2]
                right = problem.accuracy[problem.group_class[j], p]
                value = coefficients.late * float(slack < 0) * requests
                value += coefficients.quality * right * sigma * requests
                if coefficients.requests is not None:
                    value += coefficients.requests[j, p] * requests
                mine["y", j, p] = value
    if largest:
        for mine in by_center:
            rows.below.append(({**mine, ("largest", m): -1.0}, 0.0))
        return {("largest", m): 1.0}, coefficients.constant
    merged: Row = {}
    for mine in by_center:
        merged.update(mine)
    return merged, coefficients.constant
