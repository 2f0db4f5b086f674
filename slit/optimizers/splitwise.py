"""`splitwise`: a reconstruction of the cluster scheduler of Splitwise (Patel et al., ISCA 2024).

Requests join the shortest queue: the pool with the least prompt tokens pending for its prefill
throughput, among those with room. So shares are proportional to prefill throughput until capacity
binds. Splitwise runs prompts and tokens on different machines; here a node does both, which the
model cannot tell apart: this is a reconstruction of its balancing, not of its phase splitting.

Knows: prefill throughput, queues, capacity, residency; the most accurate variant is served
wherever it fits. Blind to: carbon, water, prices, energy, distance, and the hour of the day.
"""

import numpy as np

from operators.types import Genes
from slit.optimizers.capacity import ResidualCapacity, build_plan, orders, portions, put_in_order
from slit.optimizers.protocol import Optimizer, Setup, Task
from slit.optimizers.single import NoSettings, SinglePlan

Settings = NoSettings


def build(setup: Setup) -> Optimizer:
    """The scheduler as an optimizer, which makes one plan of the task of `setup`."""
    return SinglePlan(setup, make=lambda: splitwise_plan(setup.task))


def splitwise_plan(task: Task) -> Genes:
    """The plan (G,)."""
    problem = task.problem
    loss = 1.0 - problem.accuracy[problem.group_class]
    wanted = orders(problem, loss, problem.node_seconds)
    thrifty = orders(problem, problem.node_seconds)
    tokens = problem.chunk_requests * problem.group_prompt
    throughput = prefill_throughput(task)
    pending: dict[int, np.ndarray] = {}

    def place(residual: ResidualCapacity, group: int, chunks: int, frugal: bool) -> int:
        if residual.turns == 0:
            pending[residual.epoch] = np.zeros(len(problem.pool_nodes))
        queue = pending[residual.epoch]
        order = (thrifty if frugal else wanted)[group]
        pools = problem.placement_pool[order]
        by_pool = [order[pools == q] for q in np.unique(pools)]
        names = np.unique(pools)
        for portion in portions(chunks):
            left = portion
            for k in np.argsort(queue[names] / throughput[names], kind="stable"):
                rest = put_in_order(residual, group, left, by_pool[k])
                queue[names[k]] += tokens[group] * (left - rest)
                left = rest
            chunks -= portion - left
            if left:
                break
        return chunks

    return build_plan(problem, place)


def prefill_throughput(task: Task) -> np.ndarray:
    """Prompt tokens a second of each pool (Q,), by its fastest variant."""
    problem, scenario = task.problem, task.scenario
    rates: dict[tuple[str, str], float] = {}
    for s in scenario.services:
        pair = s.node_type, s.variant
        rates[pair] = max(rates.get(pair, 0.0), s.prefill_tokens_per_s)
    best = np.zeros(len(scenario.pools))
    for p, q in enumerate(problem.placement_pool):
        pool = scenario.pools[q]
        variant = scenario.variants[problem.placement_variant[p]].name
        best[q] = max(best[q], rates[pool.node_type, variant] * pool.nodes)
    return np.maximum(best, 1e-9)
