"""A mixed-integer program around cells: capacity, grid energy and objectives."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from operators.types import Bools, Floats, Longs
from slit.kernels.objective_terms import ObjectiveTerms
from slit.lp.rows import Rows
from slit.lp.solver import LinearModel, Solver, SolverError, Status
from slit.optimizers.exact.cells import Cells
from slit.problem import Problem
from slit.relaxation.subproblem import load_limits

NEGLIGIBLE = 1e-13
"""Coefficients of scaled objectives below this are rounding."""
ROOM = 0.01
"""Bounds on scaled objectives keep off what is attained: HiGHS' presolve fails on the edge."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sites:
    """How grid energy follows the load, (T, D) each; columns are -1 where there is none."""

    standby: Floats  # kWh of facility energy with no node active
    most: Floats
    follows: Bools  # grid = load - renewable
    grid: Longs  # column of grid energy, where it is neither always that nor always 0
    switch: Longs  # column that says whether any is bought, where buying more may help


def assemble(
    problem: Problem, terms: ObjectiveTerms, cells: Cells, scale: Floats
) -> tuple[LinearModel, Longs]:
    """The program without a cost, and the columns of the objectives (M,), in units of `scale`.

    Columns: cells, grid energies, switches, totals of datacenters where the largest counts,
    objectives. An objective of the largest datacenter is bounded from below only.
    """
    width = len(cells.epoch)
    sites = _sites(problem, terms, width)
    bought, switches = (int((columns >= 0).sum()) for columns in (sites.grid, sites.switch))
    tops = np.flatnonzero(terms.largest)
    totals = width + bought + switches + np.arange(len(tops) * problem.datacenters)
    by_top = totals.reshape(len(tops), problem.datacenters)
    first = width + bought + switches
    objectives = first + len(totals) + np.arange(len(scale))
    rows = Rows()
    _add_cells(problem, cells, rows)
    _add_sites(problem, cells, sites, rows)
    _add_objectives(problem, terms, cells, sites, rows, scale, by_top,
                    objectives)  # fmt: skip
    count = first + len(totals) + len(scale)
    matrix, row_lower, row_upper = rows.assembled(count)
    most = (sites.most - problem.renewable)[sites.grid >= 0]
    lower = np.zeros(count)
    lower[first:] = -np.inf
    upper = np.full(count, np.inf)
    upper[:first] = np.concatenate([cells.upper, most, np.ones(switches)])
    integer = np.zeros(count, dtype=np.bool_)
    integer[:width] = cells.integer
    integer[width + bought : first] = True
    model = LinearModel(
        cost=np.zeros(count), lower=lower, upper=upper, matrix=matrix,
        row_lower=row_lower, row_upper=row_upper, integer=integer,
    )  # fmt: skip
    upper[first:] = _highest(model, terms, objectives, by_top)
    return replace(model, upper=upper), objectives


def with_choices(model: LinearModel, rows: Rows, count: int) -> LinearModel:
    """The program with `count` more columns that are 0 or 1, and more rows."""
    width, none = len(model.cost), np.zeros(count)
    matrix, row_lower, row_upper = rows.assembled(width + count)
    integer = np.zeros(width, dtype=np.bool_) if model.integer is None else model.integer
    blank = sparse.csc_array((len(model.row_lower), count))
    wide = sparse.hstack([model.matrix, blank], format="csc")
    return LinearModel(
        cost=np.concatenate([model.cost, none]),
        lower=np.concatenate([model.lower, none]),
        upper=np.concatenate([model.upper, none + 1.0]),
        matrix=sparse.csc_array(sparse.vstack([wide, matrix], format="csc")),
        row_lower=np.concatenate([model.row_lower, row_lower]),
        row_upper=np.concatenate([model.row_upper, row_upper]),
        integer=np.concatenate([integer, np.ones(count, dtype=np.bool_)]),
    )


def _sites(problem: Problem, terms: ObjectiveTerms, width: int) -> _Sites:
    limits = [load_limits(problem, t) for t in range(problem.epochs)]
    standby, most = (np.array(side) for side in zip(*limits, strict=True))
    renewable = problem.renewable
    mixed = (standby < renewable) & (renewable < most)
    helpful = mixed & (terms.site[:, :, 2, :] < 0).any(axis=-1)
    grid, switch = np.full(mixed.shape, -1), np.full(mixed.shape, -1)
    grid[mixed] = width + np.arange(int(mixed.sum()))
    switch[helpful] = width + int(mixed.sum()) + np.arange(int(helpful.sum()))
    return _Sites(standby, most, renewable <= standby, grid, switch)


def _add_cells(problem: Problem, cells: Cells, rows: Rows) -> None:
    """All chunks served, rows of the cells, nodes of a pool within its capacity."""
    served, extra = sparse.coo_array(cells.chunks), sparse.coo_array(cells.matrix)
    full = problem.group_chunks.astype(np.float64)
    rows.add((served.row, served.col, served.data), lower=full, upper=full)
    rows.add((extra.row, extra.col, extra.data), lower=cells.row_lower, upper=cells.row_upper)
    pool = cells.epoch * len(problem.pool_nodes) + problem.placement_pool[cells.placement]
    capacity = np.tile(problem.pool_nodes.astype(np.float64), problem.epochs)
    rows.add(
        (pool, np.arange(len(pool)), cells.nodes),
        lower=np.full(len(capacity), -np.inf),
        upper=capacity,
    )


def _add_sites(problem: Problem, cells: Cells, sites: _Sites, rows: Rows) -> None:
    """grid = max(0, load - renewable), exactly where buying more may help, else from below."""
    here = (cells.epoch, problem.placement_datacenter[cells.placement])
    every, load = np.arange(len(cells.epoch)), problem.pue[here] * cells.energy
    short = problem.renewable - sites.standby
    mixed = sites.grid >= 0
    row = np.full(mixed.shape, -1)
    row[mixed] = np.arange(int(mixed.sum()))
    rows.add(
        (row[here], every, -load),
        (row[mixed], sites.grid[mixed], np.ones(int(mixed.sum()))),
        lower=-short[mixed],
        upper=np.full(int(mixed.sum()), np.inf),
    )
    helpful = sites.switch >= 0
    count = int(helpful.sum())
    row[:] = -1
    row[helpful] = np.arange(count)
    grid, switch, one = sites.grid[helpful], sites.switch[helpful], np.ones(count)
    # If any is bought, at most load - renewable; if not, none.
    rows.add(
        (row[here], every, -load),
        (row[helpful], grid, one),
        (row[helpful], switch, short[helpful]),
        lower=np.full(count, -np.inf),
        upper=np.zeros(count),
    )
    rows.add(
        (row[helpful], grid, one),
        (row[helpful], switch, -(sites.most - problem.renewable)[helpful]),
        lower=np.full(count, -np.inf),
        upper=np.zeros(count),
    )


def _add_objectives(
    problem: Problem,
    terms: ObjectiveTerms,
    cells: Cells,
    sites: _Sites,
    rows: Rows,
    scale: Floats,
    totals: Longs,
    objectives: Longs,
) -> None:
    """Objectives as sums, or as not below the total (tops, D) of any datacenter."""
    center = problem.placement_datacenter[cells.placement]
    site = np.moveaxis(terms.site, -1, 0)  # (M, T, D, 3)
    per_it = site[..., 0] + problem.pue * (site[..., 1] + site[..., 2] * sites.follows)
    values = cells.values + per_it[:, cells.epoch, center] * cells.energy
    values = np.where(np.abs(values) < NEGLIGIBLE * scale[:, None], 0.0, values)
    constant = per_it * (sites.standby / problem.pue)
    constant = constant - site[..., 2] * np.where(sites.follows, problem.renewable, 0.0)
    by_center = constant.sum(axis=1)  # (M, D)
    bought = sites.grid >= 0
    grid, at = sites.grid[bought], np.nonzero(bought)[1]
    every, one = np.arange(len(center)), np.ones(1)
    top = 0
    for m, column in enumerate(objectives):
        weights, own = values[m] / scale[m], site[m, :, :, 2][bought] / scale[m]
        if not terms.largest[m]:
            fixed = (by_center[m].sum() + terms.constant[m]) / scale[m]
            rows.add(
                (np.zeros(len(every), np.int64), every, weights),
                (np.zeros(len(grid), np.int64), grid, own),
                (np.zeros(1, np.int64), np.array([column]), -one),
                lower=np.array([-fixed]),
                upper=np.array([-fixed]),
            )
            continue
        centers = np.arange(problem.datacenters)
        fixed_by = (by_center[m] + terms.constant[m]) / scale[m]
        rows.add(
            (center.astype(np.int64), every, weights),
            (at, grid, own),
            (centers, totals[top], -np.ones(len(centers))),
            lower=-fixed_by,
            upper=-fixed_by,
        )
        rows.add(
            (centers, np.full(len(centers), column), np.ones(len(centers))),
            (centers, totals[top], -np.ones(len(centers))),
            lower=np.zeros(len(centers)),
            upper=np.full(len(centers), np.inf),
        )
        top += 1


def _highest(model: LinearModel, terms: ObjectiveTerms, objectives: Longs, totals: Longs) -> Floats:
    """The most that totals and objectives reach in the relaxation, in the order of the columns."""
    solver = Solver(replace(model, integer=None))
    most = np.full(len(model.cost), np.inf)
    largest = np.flatnonzero(terms.largest)
    for column in [*totals.ravel(), *objectives[~terms.largest]]:
        cost = np.zeros(len(model.cost))
        cost[column] = -1.0
        solver.set_cost(cost)
        solution = solver.solve()
        if solution.status is Status.INFEASIBLE:
            return most[objectives[0] - totals.size :]
        if solution.status is not Status.OPTIMAL:
            raise SolverError(f"largest objective: HiGHS stopped ({solution.status.value})")
        most[column] = -solution.value + ROOM
    most[objectives[largest]] = most[totals].max(axis=1, initial=-np.inf)
    return most[objectives[0] - totals.size :]
