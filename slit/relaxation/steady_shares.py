"""One epoch's relaxation, for shares that differ little from those of the epoch before.

Many plans are equally good or nearly so. Beside a plan that is good, this finds one about as good
that reroutes fewer requests: its relaxed objectives exceed the plan's by an allowance at most.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import sparse

from operators.types import Bools, Floats, Genes
from slit.arrays import product
from slit.lp.solver import LinearModel, Solver, SolverOptions, Status
from slit.problem import Problem
from slit.problem.shares import shares_in_plan, whole_chunks
from slit.relaxation.subproblem import Subproblem
from slit.relaxation.subproblem_solver import COST_SIZE

CHEAPEST = 4
"""Placements that a group may move to, beside those of the plan and of the epoch before."""
OPTIONS = SolverOptions(dual_tolerance=1e-9)
TINY_SHARE = 1e-9
ROUNDING = 1e-9
"""Of each objective: by what the plan's own shares may seem to exceed it."""


class Steadiness(NamedTuple):
    """How epochs are to follow each other, for weights (M,) of the objectives.

    price: what a rerouted request weighs. allowance, slack: as in `steady_shares`, the slack that
    of all epochs. own_price: what a request weighs that is not served as in the plan followed.
    """

    weights: Floats
    price: float
    allowance: float | None = None
    own_price: float = 0.0
    slack: float = np.inf


def steady_shares(
    program: Subproblem,
    own: Floats,
    before: Floats,
    *,
    weights: Floats,
    price: Floats,
    allowance: float | None = None,
    own_price: Floats | None = None,
    slack: float = np.inf,
) -> Floats | None:
    """Shares (I, P) of an epoch's groups that are best for `weights` (M,) of the objectives, where
    what a group has beyond `before` (I, P) weighs `price` (I,) besides, and `own_price` (I,) what
    it has beyond `own` (I, P).

    Each objective may exceed that of `own` by `allowance`, a share of it, or as it likes where
    there is none; their weighted sum may exceed its optimum by `slack`. A group that has nothing
    before has a price of 0. None where the program has no solution.
    """
    caps = _caps(program, own, weights, allowance)
    if caps is None:
        return None
    group, shares = program.group, len(program.group)
    place = program.placement[:shares]
    cost, here = product(weights, program.values), before[group, place]
    used = (own[group, place] > 0) | (here > TINY_SHARE)
    move = np.flatnonzero(_considered(program, cost, used))
    moving, own_price = cost[move], np.zeros_like(price) if own_price is None else own_price
    moving[move < shares] += (price + own_price)[group[move[move < shares]]]
    # Shares that are kept are columns of their own: cheaper, and no larger than they were.
    tiers = [(before, np.zeros_like(price))]
    if own_price.any():
        tiers = [
            (np.minimum(before, own), np.zeros_like(price)),
            (np.maximum(before - own, 0.0), own_price),
            (np.maximum(own - before, 0.0), price),
        ]
    kept = [np.flatnonzero(amount[group, place] > TINY_SHARE) for amount, _ in tiers]
    models = [program.model(columns) for columns in (move, *kept)]
    columns = np.concatenate([move, *kept])
    rows, most = _objective_rows(program.values[:, columns], caps)
    each = list(zip(kept, tiers, strict=True))
    matrix = sparse.hstack([model.matrix for model in models])
    room = [amount[group[k], place[k]] for k, (amount, _) in each]
    model = LinearModel(
        cost=np.concatenate([moving, *(cost[k] + extra[group[k]] for k, (_, extra) in each)]),
        lower=np.zeros(len(columns)),
        upper=np.concatenate([models[0].upper, *room]),
        matrix=sparse.csc_array(sparse.vstack([matrix, rows], format="csc")),
        row_lower=np.concatenate([models[0].row_lower, np.full(len(most), -np.inf)]),
        row_upper=np.concatenate([models[0].row_upper, most]),
    )
    solution = _solved(model if np.isinf(slack) else _near_optimal(model, cost[columns], slack))
    if solution is None:
        return None
    found, mine = np.zeros(own.shape), columns < shares
    at = group[columns[mine]], place[columns[mine]]
    np.add.at(found, at, np.maximum(solution[mine], 0.0))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def continued_genes(
    problem: Problem,
    program: Subproblem,
    plan: Genes,
    own: Genes,
    steadiness: Steadiness,
) -> Genes:
    """Genes of the program's epoch that follow those of the epoch before in `plan` (G,), the first
    one today's routing: `steady_shares` in whole chunks, or those of `own` (G,) where these fail.
    """
    t = program.epoch
    groups = np.arange(problem.epoch_group[t], problem.epoch_group[t + 1])
    requests = problem.group_requests[groups]
    if t > 0:
        before = shares_in_plan(problem, plan, problem.group_previous[groups])
    elif len(problem.today_chunks):
        before = problem.today_chunks / problem.group_chunks[groups, None]
    else:
        before = np.zeros((len(groups), problem.placements))
    known = before.any(axis=1)
    shares = steady_shares(
        program,
        shares_in_plan(problem, own, groups),
        before,
        weights=steadiness.weights,
        price=steadiness.price * np.where(known, requests, 0.0),
        allowance=steadiness.allowance,
        own_price=steadiness.own_price * requests,
        slack=steadiness.slack * float(requests.sum() / problem.group_requests.sum()),
    )
    if shares is None:
        return own[problem.epoch_gene[t] : problem.epoch_gene[t + 1]]
    counts = whole_chunks(shares, problem.group_chunks[groups])
    placements = np.broadcast_to(np.arange(problem.placements, dtype=np.int16), counts.shape)
    return np.repeat(placements.ravel(), counts.ravel())


def _considered(program: Subproblem, cost: Floats, used: Bools) -> Bools:
    """Whether each column (K,) may take part: shares in use, (shares,), the cheapest, and all that
    are no shares."""
    shares = len(program.group)
    order = np.lexsort((cost[:shares], program.group))
    chosen = np.ones(len(cost), np.bool_)
    chosen[order] = np.arange(shares) - program.share_start[program.group] < CHEAPEST
    chosen[:shares] |= used
    return chosen


def _caps(
    program: Subproblem, own: Floats, weights: Floats, allowance: float | None
) -> Floats | None:
    """(M,): what the columns may add to each objective."""
    if allowance is None:
        return np.full(len(weights), np.inf)
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
    scaled; none for an objective that no column changes or nothing caps."""
    size = np.abs(values).max(axis=1, initial=0.0)
    rows = (size > 0) & np.isfinite(caps)
    return sparse.csc_array(values[rows] / size[rows, None]), caps[rows] / size[rows]


def _near_optimal(model: LinearModel, cost: Floats, slack: float) -> LinearModel:
    """The model with a row that keeps `cost` (k,) within `slack` of its optimum."""
    best = _solved(replace(model, cost=cost))
    size = float(np.abs(cost).max(initial=0.0))
    if best is None or size == 0:
        return model
    most = (float(product(cost, best)) + slack) / size
    row = sparse.csc_array(cost[None, :] / size)
    return replace(
        model,
        matrix=sparse.csc_array(sparse.vstack([model.matrix, row], format="csc")),
        row_lower=np.append(model.row_lower, -np.inf),
        row_upper=np.append(model.row_upper, most),
    )


def _solved(model: LinearModel) -> Floats | None:
    """The optimum, or None."""
    most = float(np.abs(model.cost).max(initial=0.0))
    scale = float(2.0 ** np.floor(np.log2(COST_SIZE / most))) if most > 0 else 1.0
    solution = Solver(replace(model, cost=model.cost * scale), options=OPTIONS).solve()
    return solution.x if solution.status is Status.OPTIMAL else None
