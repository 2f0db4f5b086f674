"""Plans built chunk by chunk within capacity: what the schedulers of one plan have in common."""

from collections.abc import Callable

import numpy as np

from operators.types import Floats, Genes, Longs
from slit.problem import Problem

SHARES = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0)
"""Shares of an epoch's groups that are served thriftily, tried until everything fits."""


TURNS = 100
"""Turns in which the chunks of a group are given out one by one, at most; see `portions`."""


def portions(chunks: int) -> list[int]:
    """The chunks of a group as they take turns: one by one, or in about `TURNS` equal parts."""
    size = -(-chunks // TURNS)
    whole, rest = divmod(chunks, size) if size else (0, 0)
    return [size] * whole + [rest] * (rest > 0)


class ResidualCapacity:
    """The capacity left in one epoch while chunks are placed.

    `fill` (0 to 1) is the part of each pool's nodes that may be used.
    """

    def __init__(self, problem: Problem, epoch: int, *, fill: float = 1.0) -> None:
        self.problem = problem
        self.epoch = epoch
        self.turns = 0  # calls of `put`
        self.work = [0] * problem.placements
        self.left = [int(nodes * fill) for nodes in problem.pool_nodes]
        for pool, warm in zip(problem.placement_pool, problem.warm_nodes, strict=True):
            self.left[pool] -= int(warm)
        self.chosen: dict[int, list[int]] = {}

    def most(self, group: int, placement: int, wanted: int) -> int:
        """How many of `wanted` chunks of a group still fit at a placement."""
        problem = self.problem
        chunk = int(problem.chunk[group, placement, 0])
        used = self.work[placement]
        nodes = self._nodes(placement, used) + self.left[problem.placement_pool[placement]]
        free = nodes * problem.node_ticks - used
        return wanted if chunk == 0 else max(0, min(wanted, free // chunk))

    def put(self, group: int, placement: int, count: int) -> None:
        """Place chunks, whether they fit or not."""
        problem = self.problem
        used = self.work[placement]
        now = used + count * int(problem.chunk[group, placement, 0])
        pool = problem.placement_pool[placement]
        self.left[pool] -= self._nodes(placement, now) - self._nodes(placement, used)
        self.work[placement] = now
        self.turns += 1
        self.chosen.setdefault(group, []).extend([placement] * count)

    def _nodes(self, placement: int, work: int) -> int:
        problem = self.problem
        return max(-(-work // problem.node_ticks), int(problem.warm_nodes[placement]))


Place = Callable[[ResidualCapacity, int, int, bool], int]
"""place(residual, group, chunks, thrifty) puts chunks of a group; returns how many did not fit."""


def build_plan(problem: Problem, place: Place, *, fill: float = 1.0) -> Genes:
    """A plan (G,) made by `place`, group by group, the largest first.

    Where an epoch does not fit, a growing share of its groups is placed with `thrifty` set: the
    scheduler should then prefer variants that need few node-seconds. What still does not fit goes
    where it needs least.
    """
    plan = np.empty(problem.genes, dtype=np.int16)
    thrifty = thrifty_order(problem)
    for epoch in range(problem.epochs):
        groups = _largest_first(problem, epoch)
        for share in SHARES:
            residual = ResidualCapacity(problem, epoch, fill=fill)
            first_thrifty = len(groups) - round(share * len(groups))
            left = {
                j: place(residual, j, int(problem.group_chunks[j]), rank >= first_thrifty)
                for rank, j in enumerate(groups)
            }
            if not any(left.values()):
                break
        residual.left = [
            nodes + int(most) - int(most * fill)
            for nodes, most in zip(residual.left, problem.pool_nodes, strict=True)
        ]
        for j, chunks in left.items():
            rest = put_in_order(residual, j, chunks, thrifty[j])
            if rest:
                residual.put(j, int(thrifty[j][0]), rest)
        for j, placements in residual.chosen.items():
            plan[problem.group_first[j] : problem.group_first[j + 1]] = sorted(placements)
    return plan


def put_in_order(residual: ResidualCapacity, group: int, chunks: int, order: Longs) -> int:
    """Fill the placements in the given order; returns how many chunks did not fit."""
    for placement in order:
        if not chunks:
            break
        count = residual.most(group, int(placement), chunks)
        if count:
            residual.put(group, int(placement), count)
            chunks -= count
    return chunks


def by_preference(wanted: list[Longs], thrifty: list[Longs]) -> Place:
    """Fill each group's placements in the order it wants, or, if it has to be, the thrifty one."""

    def place(residual: ResidualCapacity, group: int, chunks: int, frugal: bool) -> int:
        return put_in_order(residual, group, chunks, (thrifty if frugal else wanted)[group])

    return place


def orders(problem: Problem, *keys: Floats) -> list[Longs]:
    """For each group its allowed placements, sorted by the keys, the first key first.

    Keys are (J, P) or broadcast to it; smaller is better.
    """
    shape = (problem.groups, problem.placements)
    full = [np.broadcast_to(key, shape) for key in reversed(keys)]
    ranked = np.lexsort([*full, ~problem.allowed], axis=-1)
    count = problem.allowed.sum(axis=1)
    return [ranked[j, : count[j]] for j in range(problem.groups)]


def thrifty_order(problem: Problem) -> list[Longs]:
    """For each group its allowed placements, those that need few node-seconds first."""
    return orders(problem, problem.node_seconds)


def chunk_kwh(problem: Problem) -> Floats:
    """IT energy (J, P) in kWh of a chunk, with its part of the idle energy of a full node."""
    ticks = problem.chunk[:, :, 0] / problem.node_ticks * problem.idle_energy[None, :]
    return np.asarray((problem.chunk[:, :, 1] + ticks) * problem.kwh_per_energy_tick)


def _largest_first(problem: Problem, epoch: int) -> list[int]:
    groups = np.arange(problem.epoch_group[epoch], problem.epoch_group[epoch + 1])
    load = np.where(problem.allowed[groups], problem.node_seconds[groups], np.inf).min(axis=1)
    load = load * problem.group_requests[groups]
    return [int(j) for j in groups[np.argsort(-load, kind="stable")]]
