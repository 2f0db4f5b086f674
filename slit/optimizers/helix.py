"""`helix`: a reconstruction of the scheduler of Helix (Mei et al., ASPLOS 2025).

For each epoch a maximum flow (scipy) from the request groups over the pools that may serve them to
a sink, where a pool passes as many tokens as its nodes can. Each group's requests are then given
out by interleaved weighted round robin with the flows as weights. Edges that carry less than 5 %
of a group's flow are cut, and pools are filled to 90 % (Helix's high-water mark of the KV cache).
Helix limits links by their bandwidth; scenarios state none, so links carry whatever is asked.

Knows: token throughput of every pool, capacity, residency; the most accurate variant is served
wherever it fits. Blind to: carbon, water, prices, energy, distance, and the hour of the day.
"""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from operators.types import Floats, Genes, Positions
from slit.optimizers.capacity import ResidualCapacity, build_plan, orders, portions, put_in_order
from slit.optimizers.protocol import Optimizer, Setup, Task
from slit.optimizers.single import NoSettings, SinglePlan
from slit.problem import Problem

Settings = NoSettings

CUT = 0.05
HIGH_WATER = 0.9
UNITS = 1_000_000
"""Whole units that all flow of an epoch is counted in: scipy's flows are 32-bit integers."""


def build(setup: Setup) -> Optimizer:
    """The scheduler as an optimizer, which makes one plan of the task of `setup`."""
    return SinglePlan(setup, make=lambda: helix_plan(setup.task))


def helix_plan(task: Task) -> Genes:
    """The plan (G,)."""
    problem = task.problem
    loss = 1.0 - problem.accuracy[problem.group_class]
    wanted = orders(problem, loss, problem.node_seconds)
    thrifty = orders(problem, problem.node_seconds)
    weights = np.concatenate([flow_weights(problem, t) for t in range(problem.epochs)])

    def place(residual: ResidualCapacity, group: int, chunks: int, frugal: bool) -> int:
        order = (thrifty if frugal else wanted)[group]
        pools = problem.placement_pool[order]
        here = {int(q): order[pools == q] for q in np.unique(pools)}
        share = weights[group]
        credit = np.zeros(len(share))
        for portion in portions(chunks):
            credit += share * portion
            left = portion
            for q in np.argsort(-credit, kind="stable"):
                if int(q) in here:
                    rest = put_in_order(residual, group, left, here[int(q)])
                    credit[q] -= left - rest
                    left = rest
            chunks -= portion - left
            if left:
                break
        return chunks

    return build_plan(problem, place, fill=HIGH_WATER)


def flow_weights(problem: Problem, epoch: int) -> Floats:
    """Shares (groups of the epoch, Q) of each group's requests at each pool, rows sum to 1."""
    groups = np.arange(problem.epoch_group[epoch], problem.epoch_group[epoch + 1])
    pools = len(problem.pool_nodes)
    if not len(groups):
        return np.zeros((0, pools))
    reach = np.zeros((len(groups), pools), dtype=np.bool_)
    for p, q in enumerate(problem.placement_pool):
        reach[:, q] |= problem.allowed[groups, p]
    tokens = problem.group_requests[groups] * (
        problem.group_prompt[groups] + problem.group_output[groups]
    )
    capacity = _token_capacity(problem, groups)
    # Groups offer the tokens of the epoch, scaled up to what the pools could pass in all.
    offered = tokens / tokens.sum() * max(capacity.sum(), 1e-300)
    unit = UNITS / max(offered.sum(), capacity.sum(), 1e-300)
    source, sink = len(groups) + pools, len(groups) + pools + 1
    j, q = np.nonzero(reach)
    rows = np.concatenate([np.full(len(groups), source), j, len(groups) + np.arange(pools)])
    columns = np.concatenate([np.arange(len(groups)), len(groups) + q, np.full(pools, sink)])
    limits = np.concatenate([offered * unit, np.full(len(j), UNITS), capacity * unit])
    graph = csr_array(
        (np.rint(limits).astype(np.int32), (rows, columns)), shape=(sink + 1, sink + 1)
    )
    flow = maximum_flow(graph, source, sink).flow.toarray()[: len(groups), len(groups) : source]
    flow = np.maximum(flow, 0).astype(np.float64)
    total = flow.sum(axis=1, keepdims=True)
    flow = np.where(flow < CUT * total, 0.0, flow)
    even = reach * capacity[None, :] + reach * 1e-9
    weights = np.where(flow.sum(axis=1, keepdims=True) > 0, flow, even)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _token_capacity(problem: Problem, groups: Positions) -> Floats:
    """Tokens (Q,) that each pool's nodes can pass in the epoch, at the mean time of a token."""
    tokens = problem.group_prompt[groups] + problem.group_output[groups]
    seconds = problem.node_seconds[groups] / tokens[:, None]
    allowed = problem.allowed[groups]
    count = allowed.sum(axis=0)
    mean = np.where(allowed, seconds, 0.0).sum(axis=0) / np.maximum(count, 1)
    rate = np.where(count > 0, 1.0 / np.maximum(mean, 1e-300), 0.0)
    pools = len(problem.pool_nodes)
    by_pool = np.zeros(pools)
    served = np.zeros(pools)
    np.add.at(by_pool, problem.placement_pool, rate)
    np.add.at(served, problem.placement_pool, count > 0)
    mean_rate = by_pool / np.maximum(served, 1)
    return np.asarray(mean_rate * problem.pool_nodes * problem.epoch_seconds)
