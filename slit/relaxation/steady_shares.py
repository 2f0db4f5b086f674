"""One epoch's relaxation, for shares that differ little from those of the epoch before.

Many plans are equally good or nearly so. Beside a plan that is good, this finds one about as good
that reroutes fewer requests: its relaxed objectives exceed the plan's by an allowance at most.
"""

from dataclasses import replace

import numpy as np
from scipy import sparse

from operators.types import Bools, Floats
from slit.arrays import product
from slit.lp.solver import LinearModel, Solver, SolverOptions, Status
from slit.relaxation.subproblem import Subproblem
from slit.relaxation.subproblem_solver import COST_SIZE

CHEAPEST = 4
"""Placements that a group may move to, beside those of the plan and of the epoch before."""
OPTIONS = SolverOptions(dual_tolerance=1e-9)
TINY_SHARE = 1e-9
ROUNDING = 1e-9
"""Of each objective: by what the plan's own shares may seem to exceed it."""


def steady_shares(
    program: Subproblem,
    own: Floats,
    before: Floats,
    *,
    weights: Floats,
    price: Floats,
    allowance: float,
) -> Floats | None:
    """Shares (I, P) of an epoch's groups that are best for `weights` (M,) of the objectives, where
    what a group has beyond `before` (I, P) weighs `price` (I,) besides.

    Each objective may exceed that of the shares `own` (I, P) by `allowance`, a share of it. A group
    that has nothing before has a price of 0. None where the program has no solution.
    """
    caps = _caps(program, own, weights, allowance)
    if caps is None:
        return None
    group, shares = program.group, len(program.group)
    place = program.placement[:shares]
    cost, here = product(weights, program.values), before[group, place]
    stay = np.flatnonzero(here > TINY_SHARE)
    move = np.flatnonzero(_considered(program, cost, (own[group, place] > 0) | (here > TINY_SHARE)))
    moving = cost[move]
    moving[move < shares] += price[group[move[move < shares]]]
    # A share that stays is a column of its own: cheaper, and no larger than before.
    columns = np.concatenate([move, stay])
    first, second = program.model(move), program.model(stay)
    rows, most = _objective_rows(program.values[:, columns], caps)
    solution = _solved(
        LinearModel(
            cost=np.concatenate([moving, cost[stay]]),
            lower=np.zeros(len(columns)),
            upper=np.concatenate([first.upper, here[stay]]),
            matrix=sparse.csc_array(
                sparse.vstack([sparse.hstack([first.matrix, second.matrix]), rows], format="csc")
            ),
            row_lower=np.concatenate([first.row_lower, np.full(len(most), -np.inf)]),
            row_upper=np.concatenate([first.row_upper, most]),
        )
    )
    if solution is None:
        return None
    found, mine = np.zeros(own.shape), columns < shares
    at = group[columns[mine]], place[columns[mine]]
    np.add.at(found, at, np.maximum(solution[mine], 0.0))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _considered(program: Subproblem, cost: Floats, used: Bools) -> Bools:
    """Whether each column (K,) may take part: shares in use, (shares,), the cheapest, and all that
    are no shares."""
    shares = len(program.group)
    order = np.lexsort((cost[:shares], program.group))
    chosen = np.ones(len(cost), np.bool_)
    chosen[order] = np.arange(shares) - program.share_start[program.group] < CHEAPEST
    chosen[:shares] |= used
    return chosen


def _caps(program: Subproblem, own: Floats, weights: Floats, allowance: float) -> Floats | None:
    """(M,): what the columns may add to each objective."""
    shares = len(program.group)
    model = program.model()
    fixed = own[program.group, program.placement[:shares]]
    amounts: Floats | None = fixed
    if len(program.placement) > shares:
        lower, upper = model.lower.copy(), model.upper.copy()
        lower[:shares] = upper[:shares] = fixed
        cost = product(weights, program.values)
        amounts = _solved(replace(model, cost=cost, lower=lower, upper=upper))
    if amounts is None:
        return None
    used = np.flatnonzero(amounts)
    each = product(program.values[:, used], amounts[used])
    size = np.abs(each + program.constant.sum(axis=1))
    return np.asarray(each + allowance * size + ROUNDING * np.abs(each))


def _objective_rows(values: Floats, caps: Floats) -> tuple[sparse.csc_array, Floats]:
    """Rows that keep objectives of columns (M, k) to `caps` (M,), and their right-hand sides,
    scaled; none for an objective that no column changes."""
    size = np.abs(values).max(axis=1, initial=0.0)
    rows = size > 0
    return sparse.csc_array(values[rows] / size[rows, None]), caps[rows] / size[rows]


def _solved(model: LinearModel) -> Floats | None:
    """The optimum, or None."""
    most = float(np.abs(model.cost).max(initial=0.0))
    scale = float(2.0 ** np.floor(np.log2(COST_SIZE / most))) if most > 0 else 1.0
    solution = Solver(replace(model, cost=model.cost * scale), options=OPTIONS).solve()
    return solution.x if solution.status is Status.OPTIMAL else None
