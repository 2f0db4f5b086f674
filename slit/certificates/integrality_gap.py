"""What integrality costs: the relaxation with whole active nodes, epoch by epoch.

Shares stay divisible and waits stay out, but each cell has whole nodes. Closes a part of the gap
between the relaxation and the best plan, at seconds per weight vector: for extremes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from operators.types import Floats
from slit.arrays import product
from slit.compute import map_items
from slit.lp.rows import Rows
from slit.lp.solver import Solver, SolverOptions
from slit.problem import Problem
from slit.relaxation import Relaxation
from slit.relaxation.subproblem import Subproblem, build_epoch


@dataclass(frozen=True, slots=True)
class WholeNodes:
    """A bound on the weighted sum with whole nodes, the relaxed one, and whether every epoch was
    solved to its gap."""

    bound: float
    relaxed: float
    complete: bool


def whole_node_bound(
    relaxation: Relaxation,
    weights: ArrayLike,
    *,
    mip_gap: float = 1e-3,
    time_limit: float = 5.0,
) -> WholeNodes:
    """A lower bound on weights (M,) @ objectives of plans with whole nodes in every cell.

    Each epoch stops at `mip_gap` (relative) or after `time_limit` s and then counts with what is
    proven, never with less than its relaxed bound. The bound is HiGHS', to its tolerances, without
    its presolve, which may close a tree too early (tests/lp/test_solver.py).
    Raises InfeasibleError if the demand cannot be served.
    """
    wanted = np.asarray(weights, dtype=np.float64)
    relaxed = relaxation.minimize(wanted)
    options = SolverOptions(mip_gap=mip_gap, time_limit=time_limit, presolve=False)

    def solve(epoch: int) -> tuple[float, bool]:
        program = build_epoch(relaxation.problem, relaxation.terms, epoch, all_surplus=True)
        fixed = float((relaxed.center_weights * program.constant).sum())
        least = relaxed.points[epoch].bound
        if not len(program.placement):
            return least, True
        found, complete = _solve(program, relaxation.problem, relaxed.center_weights, options)
        return max(least, found + fixed), complete

    solved = map_items(solve, range(relaxation.problem.epochs), threads=relaxation.threads)
    constant = float(product(wanted, relaxation.terms.constant))
    return WholeNodes(
        bound=sum(bound for bound, _ in solved) + constant,
        relaxed=relaxed.bound,
        complete=all(complete for _, complete in solved),
    )


def _solve(
    program: Subproblem, problem: Problem, center_weights: Floats, options: SolverOptions
) -> tuple[float, bool]:
    model = program.model()
    width = len(model.cost)
    cost = (center_weights[:, program.center] * program.values).sum(axis=0)
    counted = np.flatnonzero(program.nodes > 0)
    used = np.unique(program.placement[counted])
    position = np.searchsorted(used, program.placement[counted])
    rows = Rows()
    rows.add(
        (position, counted, program.nodes[counted]),
        (np.arange(len(used)), width + np.arange(len(used)), -np.ones(len(used))),
        lower=np.zeros(len(used)),
        upper=np.zeros(len(used)),
    )
    matrix, lower, upper = rows.assembled(width + len(used))
    blank = sparse.csc_array((len(model.row_lower), len(used)))
    size = max(float(np.abs(cost).max()), 1e-300)
    whole = replace(
        model,
        cost=np.concatenate([cost / size, np.zeros(len(used))]),
        lower=np.zeros(width + len(used)),
        upper=np.concatenate([model.upper, problem.pool_nodes[problem.placement_pool[used]]]),
        matrix=sparse.csc_array(
            sparse.vstack([sparse.hstack([model.matrix, blank], format="csc"), matrix])
        ),
        row_lower=np.concatenate([model.row_lower, lower]),
        row_upper=np.concatenate([model.row_upper, upper]),
        integer=np.repeat([False, True], [width, len(used)]),
    )
    solution = Solver(whole, options=options).solve(warm=False)
    bound = solution.mip_bound * size if np.isfinite(solution.mip_bound) else -np.inf
    return bound, solution.status.name == "OPTIMAL"
