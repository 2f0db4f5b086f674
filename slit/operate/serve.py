"""One epoch as it really was: real requests and signals, served by the shares that were decided."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from operators.types import Floats, Longs
from slit.arrays import frozen
from slit.ledger import Ledger, write_ledger
from slit.operate.decide import Running, carried_out, following, is_mean
from slit.operate.panel import MINIMUM_TIMES
from slit.operate.provision import Provision
from slit.problem import Problem, compile_problem
from slit.problem.shares import counts_of
from slit.scenario.scenario import Scenario

REALIZED = ("carbon", "water", "cost", "energy", "quality", "answer_loss", "ttft", "slo_violation")
"""Objectives that are added up, means as sums over requests."""


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """What an epoch came to. `totals` (len(REALIZED),) are sums, those of means over requests times
    the requests; `by_site` (3, D) carbon, water and cost.

    `requests` in all, `rerouted` of them served elsewhere than in the epoch before, `compared` of
    them had one, `spilled` served elsewhere than decided for want of nodes, `overload` nodes beyond
    capacity, `starts` of nodes, `unplanned` nodes beyond those planned, `nodes` active.
    """

    totals: Floats
    by_site: Floats
    requests: float
    rerouted: float
    compared: float
    spilled: float
    overload: int
    starts: int
    unplanned: int
    nodes: int
    running: Running


def serve(
    scenario: Scenario,
    shares: Floats,
    chunks: Longs,
    nodes: Longs,
    before: Running | None,
    *,
    provision: Provision,
    rng: Generator,
) -> Served:
    """Serve the one epoch of a scenario by shares (O, K, P) of its requests in chunks (O, K), with
    the planned nodes (P,), after what ran before.

    Requests of an origin and class that the decision knew none of go where they went before, or
    where they need least.
    """
    scenario = _without_minimum_times(scenario)
    problem = following(compile_problem(scenario, chunks=chunks[None]), before)
    decided, plan = carried_out(problem, shares[None], before, rng=rng)
    counts = counts_of(problem, plan)
    spilled = 0.5 * np.abs(counts - counts_of(problem, decided)).sum(axis=1)
    need = _needed(problem, counts)
    if provision is Provision.PLANNED:
        problem = problem._replace(warm_nodes=_kept(problem, need, nodes))
    ledger = write_ledger(plan, problem, scenario)
    return Served(
        totals=_totals(ledger),
        by_site=np.array(
            [
                each.sum(axis=0)
                for each in (
                    ledger.carbon_kg,
                    ledger.water_on_site_l + ledger.water_off_site_l,
                    ledger.cost_usd,
                )
            ]
        ),
        requests=problem.total_requests,
        rerouted=float(ledger.rerouted.sum()),
        compared=float(problem.group_requests[problem.compared].sum()),
        spilled=float((spilled * problem.chunk_requests).sum()),
        overload=int(ledger.excess_nodes.sum()),
        starts=int(ledger.loading_nodes.sum()),
        unplanned=int(np.maximum(need - nodes, 0).sum()),
        nodes=int(ledger.nodes.sum()),
        running=_running(problem, ledger, before, scenario),
    )


def _without_minimum_times(scenario: Scenario) -> Scenario:
    """They may be longer than an epoch: who decides keeps nodes active for them."""
    none: dict[str, dict[str, float]] = {field: {} for field in MINIMUM_TIMES}
    return replace(scenario, pools=tuple(pool.model_copy(update=none) for pool in scenario.pools))


def _needed(problem: Problem, counts: Longs) -> Longs:
    """Nodes (P,) that chunks (J, P) need."""
    work = (counts * problem.chunk[:, :, 0]).sum(axis=0)
    return np.asarray(np.maximum(-(-work // problem.node_ticks), problem.warm_nodes))


def _kept(problem: Problem, need: Longs, planned: Longs) -> Longs:
    """Nodes (P,) that stay active at least: those planned, as far as what others of the pool need
    leaves room for."""
    kept = np.maximum(problem.warm_nodes, planned)
    for q, most in enumerate(problem.pool_nodes):
        mine = np.flatnonzero(problem.placement_pool == q)
        over = int(np.maximum(need[mine], kept[mine]).sum() - most)
        for p in mine:
            spare = int(min(max(kept[p] - need[p], 0), max(over, 0)))
            kept[p] -= spare
            over -= spare
    return frozen(kept, np.int64)


def _totals(ledger: Ledger) -> Floats:
    found, requests = ledger.totals(), ledger.problem.total_requests
    return np.array([found[name] * (requests if is_mean(name) else 1.0) for name in REALIZED])


def _running(
    problem: Problem, ledger: Ledger, before: Running | None, scenario: Scenario
) -> Running:
    """What runs after it: origins and classes without requests as before."""
    shape = len(scenario.origins), len(scenario.classes)
    shares = np.zeros((*shape, problem.placements)) if before is None else before.shares.copy()
    chunks = np.zeros(shape, np.int64) if before is None else before.chunks.copy()
    at = problem.group_origin, problem.group_class
    shares[at] = ledger.counts / problem.group_chunks[:, None]
    chunks[at] = problem.group_chunks
    return Running(shares, chunks, ledger.nodes[0].copy())
