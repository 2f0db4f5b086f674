"""The master program: whole numbers of nodes to buy, move and retire, by Benders' cuts.

minimize  charge @ bought + move charge @ moved + retire charge + sum of days' operation
subject to budgets, at most so many of a row, moved nodes come from retired ones of their type,
operation of each epoch at least every cut found so far.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from operators.types import Floats, Longs
from slit.errors import InfeasibleError, SlitError
from slit.growth.fleet import Fleet, change_of
from slit.growth.operation import Cut, Operated, Operation
from slit.lp.rows import Rows
from slit.lp.solver import LinearModel, Solver, SolverError, SolverOptions, Status

ROUNDS = 60
"""Rounds of cuts at most; what is left of the gap is said."""
GAP = 1e-4
"""Relative gap between the best fleet found and what the cuts prove."""


@dataclass(frozen=True, slots=True)
class Means:
    """What may be spent. most_nodes: bought at most, None for no limit. budget_usd: their price and
    moves. move_usd: of a node moved, None where none can be. retire: whether nodes can go.
    charge: share of prices that the horizon bears, for the sum that is minimized.
    carbon_usd_per_kg: what embodied carbon costs in it."""

    most_nodes: int | None = None
    budget_usd: float | None = None
    move_usd: float | None = None
    retire: bool = False
    charge: float = 0.0
    carbon_usd_per_kg: float = 0.0

    def __post_init__(self) -> None:
        if self.most_nodes is None and self.budget_usd is None:
            raise SlitError("budget: none, expected nodes or money (nodes, USD)")
        if self.most_nodes is not None and self.most_nodes < 1:
            raise SlitError(f"nodes: {self.most_nodes}, expected at least 1 (nodes to add)")
        for name in ("budget_usd", "move_usd"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < np.inf:
                raise SlitError(f"{name}: {value:g}, expected 0 or more (USD)")


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A fleet: bought, moved (I,) by row, retired (Q,) by pool, moved ones among the retired.

    operated: one a day. total: the sum that is minimized; least: no choice is below it, as far as
    the cuts hold. rounds: of cuts. guessed: fewer nodes than in a fleet that served too little were
    allowed to go, which is a rule of thumb and proves nothing.
    """

    bought: Longs
    moved: Longs
    retired: Longs
    operated: tuple[Operated, ...]
    total: float
    least: float
    rounds: int
    guessed: bool = False

    @property
    def gap(self) -> float:
        """Of the best fleet to what the cuts prove, relative."""
        return max(self.total - self.least, 0.0) / max(abs(self.total), 1e-300)


def check_buys(fleet: Fleet, means: Means) -> None:
    """Raise SlitError for a budget that no row of the catalog fits."""
    if means.budget_usd is None:
        return
    cheapest = min(fleet.rows, key=lambda row: row.price_usd)
    buys = cheapest.price_usd <= means.budget_usd
    moves = means.move_usd is not None and means.move_usd <= means.budget_usd
    if not (buys or moves):
        raise SlitError(
            f"budget: {means.budget_usd:g} USD buys nothing, expected at least "
            f"{cheapest.price_usd:g} (one {cheapest.label})"
        )


def choose(
    fleet: Fleet, days: Sequence[Operation], shares: Floats, weights: Floats, means: Means
) -> Choice:
    """The best fleet within the means: days (K,) of shares (K,) that sum to 1, weights (M,).

    Raises InfeasibleError where today's fleet does not serve the demand.
    """
    rows, pools = len(fleet.rows), len(fleet.nodes)
    cuts: list[list[Cut]] = [[] for _ in days]
    floor = [-np.inf]
    fewer: list[int] = []
    best: Choice | None = None
    plan = np.zeros(2 * rows + pools, np.int64)
    for number in range(1, ROUNDS + 1):
        bought, moved, retired = np.split(plan, [rows, 2 * rows])
        nodes = fleet.nodes + change_of(fleet, bought + moved, retired)
        try:
            operated = tuple(day.at(nodes, weights) for day in days)
        except InfeasibleError:
            if not retired.any():
                raise
            fewer.append(int(retired.sum()) - 1)
        else:
            for own, found in zip(cuts, operated, strict=True):
                own.append(found.cut)
            running = float(shares @ [each.bound for each in operated])
            total = running + float(_charges(fleet, means) @ plan)
            if best is None or total < best.total:
                best = Choice(bought, moved, retired, operated, total, -np.inf, number)
        plan, least = _solved(fleet, shares, cuts, means, fewer)
        floor.append(least)
        if best is not None and best.total - least <= GAP * abs(best.total):
            break
    assert best is not None
    return replace(best, least=max(floor), rounds=number, guessed=bool(fewer))


def _charges(fleet: Fleet, means: Means) -> Floats:
    """What a node bought, moved, retired adds to the sum: (2 I + Q,)."""
    bought = [
        means.charge * (row.price_usd + means.carbon_usd_per_kg * row.embodied_kg)
        for row in fleet.rows
    ]
    moved = np.full(len(fleet.rows), means.charge * (means.move_usd or 0.0))
    return np.concatenate([bought, moved, np.zeros(len(fleet.nodes))])


def _solved(
    fleet: Fleet, shares: Floats, cuts: Sequence[Sequence[Cut]], means: Means, fewer: Sequence[int]
) -> tuple[Longs, float]:
    """The best plan (2 I + Q,) under the cuts so far, and the bound of the program."""
    rows_of, pools = len(fleet.rows), len(fleet.nodes)
    whole = 2 * rows_of + pools
    epochs = [len(own[0].value) for own in cuts]
    starts = whole + np.concatenate([[0], np.cumsum(epochs)])
    columns = int(starts[-1])
    rows = Rows()
    _add_means(rows, fleet, means, fewer)
    for k, own in enumerate(cuts):
        for cut in own:
            _add_cut(rows, fleet, cut, int(starts[k]))
    cost = np.concatenate(
        [_charges(fleet, means), *(np.full(n, shares[k]) for k, n in enumerate(epochs))]
    )
    size = max(float(np.abs(np.concatenate([own[0].value for own in cuts])).max()), 1e-300)
    most = np.array([row.most for row in fleet.rows], np.float64)
    kinds = {pool.node_type for pool, n in zip(fleet.scenario.pools, fleet.nodes, strict=True) if n}
    movable = np.array([row.node_type in kinds for row in fleet.rows])
    movable = movable & (means.move_usd is not None)
    leave = fleet.leave if means.retire or means.move_usd is not None else np.zeros(pools)
    upper = np.concatenate([most, np.where(movable, most, 0.0), leave])
    matrix, row_lower, row_upper = rows.assembled(columns)
    model = LinearModel(
        cost=cost / size,
        lower=np.concatenate([np.zeros(whole), np.full(columns - whole, -np.inf)]),
        upper=np.concatenate([upper, np.full(columns - whole, np.inf)]),
        matrix=matrix,
        row_lower=row_lower,
        row_upper=row_upper,
        integer=np.arange(columns) < whole,
    )
    solution = Solver(model, options=SolverOptions(mip_gap=GAP / 10)).solve()
    if solution.status is not Status.OPTIMAL:
        raise SolverError(f"master program: {solution.status}")
    return np.rint(solution.x[:whole]).astype(np.int64), solution.mip_bound * size


def _add_means(rows: Rows, fleet: Fleet, means: Means, fewer: Sequence[int]) -> None:
    """Budgets, the most of each row, moved nodes among those retired."""
    count, pools = len(fleet.rows), len(fleet.nodes)
    every = np.arange(count)

    def add(columns: Longs, values: Floats, most: float) -> None:
        none = np.zeros(len(columns), np.int64)
        rows.add((none, columns, values), lower=np.array([-np.inf]), upper=np.array([most]))

    if means.most_nodes is not None:
        add(every, np.ones(count), float(means.most_nodes))
    if means.budget_usd is not None:
        prices = [row.price_usd for row in fleet.rows]
        paid = np.concatenate([prices, np.full(count, means.move_usd or 0.0)])
        add(np.arange(2 * count), paid, means.budget_usd)
    for i, row in enumerate(fleet.rows):
        add(np.array([i, count + i]), np.ones(2), float(row.most))
    gone = 2 * count + np.arange(pools)
    for kind in dict.fromkeys(row.node_type for row in fleet.rows):
        mine = np.array([i for i, row in enumerate(fleet.rows) if row.node_type == kind])
        same = np.array([pool.node_type == kind for pool in fleet.scenario.pools])
        values = np.concatenate([np.ones(len(mine)), np.full(int(same.sum()), -1.0)])
        add(np.concatenate([count + mine, gone[same]]), values, 0.0)
    if not means.retire:  # what leaves a pool arrives in another
        add(np.concatenate([gone, count + every]), np.repeat([1.0, -1.0], [pools, count]), 0.0)
    for most in fewer:
        add(gone, np.ones(pools), float(most))


def _add_cut(rows: Rows, fleet: Fleet, cut: Cut, first: int) -> None:
    """Operation of each epoch - slope @ (nodes - at) >= value."""
    count, epochs = len(fleet.rows), len(cut.value)
    slope = np.hstack([-cut.slope[:, fleet.pool_of], -cut.slope[:, fleet.pool_of], cut.slope])
    row = np.repeat(np.arange(epochs), slope.shape[1])
    column = np.tile(np.arange(2 * count + len(fleet.nodes)), epochs)
    rows.add(
        (row, column, slope.ravel()),
        (np.arange(epochs), first + np.arange(epochs), np.ones(epochs)),
        lower=cut.value + cut.slope @ (fleet.nodes - cut.at),
        upper=np.full(epochs, np.inf),
    )
