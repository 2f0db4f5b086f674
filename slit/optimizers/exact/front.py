"""Exact optima of small problems: whole chunks, whole nodes, true step costs.

Covers every objective of `slit.objectives` that is linear in what a plan uses (all built-in ones,
plug-ins made with `linear_objective`), exactly as the evaluator counts them. Objectives that depend
on waits (quality, ttft, slo_violation, and plug-ins with such terms) need every state of every cell
listed, which limits them to about 60 chunks in small groups; the others reach further. Limits hold
exactly, as the evaluator judges them.

HiGHS' answers are not taken on trust: each program is solved in ways that share as little as they
can, until two agree on the best plan found.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import sparse

from operators.types import Floats, Genes, Longs
from slit.arrays import product
from slit.errors import InfeasibleError, SlitError
from slit.evaluator import Evaluator
from slit.kernels.local_search import shares_weights
from slit.kernels.node_times import times_matter
from slit.kernels.objective_terms import ObjectiveTerms
from slit.lp.rows import Rows
from slit.lp.solver import LinearModel, Solution, Solver, SolverError, SolverOptions, Status
from slit.optimizers.exact.cells import Cells, count_cells, more_may_help
from slit.optimizers.exact.changes import counts_changes, with_changes
from slit.optimizers.exact.fullness import with_exact_nodes
from slit.optimizers.exact.limits import (
    check_measures,
    measured_values,
    with_limits,
    without_plan,
)
from slit.optimizers.exact.node_times import with_node_times
from slit.optimizers.exact.program import assemble, with_choices
from slit.optimizers.exact.states import count_states, state_cells
from slit.problem import Problem

FEW_COLUMNS = 2000
MOST_CUTS = 100
TINY_SIZE = 1e-9
"""An objective that stays below this in its own unit is measured in that unit."""
FLAT = 1e-5
"""Differences below this share of an objective's size are none.

The solver's tolerance on whole numbers is 1e-6; finer ones made HiGHS 1.15 lose optima.
"""
WAYS = (
    SolverOptions(mip_gap=1e-9),
    SolverOptions(mip_gap=1e-9, presolve=False),
    SolverOptions(mip_gap=1e-9, presolve=False, feasibility_tolerance=1e-9),
)
"""With its presolve HiGHS 1.16 calls about one plan in a thousand optimal that is not: see
tests/lp/test_solver.py. Two ways must agree; the third is for when the first two do not."""
AGREEMENT = 1e-5
"""The program and the evaluator may differ by this share of an objective's size."""


class ExactPlan(NamedTuple):
    """A proven optimum: plan (G,), its objectives (M,) as the evaluator gives them, and the bound
    on their weighted sum that no feasible plan is below."""

    plan: Genes
    objectives: Floats
    bound: float


class _NoAnswerError(SolverError):
    """HiGHS gave up on a program that it may solve in another way."""


class ExactProgram:
    """The mixed-integer program of a small problem, for minimizing again and again.

    Cells are tabulated (see `slit.optimizers.exact.states`) where objectives depend on waits or
    nodes have minimum times, and where that takes few columns: it is the more robust formulation.

    Raises SlitError for objectives it does not cover and problems that are too large.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        check_measures(evaluator)
        self.evaluator = evaluator
        problem = self.problem = evaluator.problem
        if (problem.powered_nodes < problem.pool_nodes).any() or len(
            evaluator.measured_terms.on_demand
        ):
            raise SlitError(
                "exact: nodes that may be off, or pools of which a part is committed, expected "
                "none (off_nodes, committed_nodes)"
            )
        self._terms = evaluator.measured_terms
        waits = bool(self._terms.service.any() or self._terms.group_service.size)
        timed = bool(times_matter(problem))
        if shares_weights(problem) and _counts_loading(problem, self._terms):
            raise SlitError(
                "exact: operating points that share loaded weights, expected services of one batch "
                "where switches, costs of starts, or waits while loading count"
            )
        listed = timed or waits or problem.last_node.size > 0
        self._tabulated = listed or count_states(problem) <= FEW_COLUMNS
        cells = state_cells if self._tabulated else count_cells
        self._cells: Cells = cells(problem, self._terms)
        if counts_changes(self._terms):
            self._cells = with_changes(problem, self._terms, self._cells, tabulated=self._tabulated)
        if timed:
            self._cells = with_node_times(problem, self._terms, self._cells)
        sizes = _sizes(evaluator)
        model, value = assemble(problem, self._terms, self._cells, sizes)
        limits = evaluator.limits
        self._model = with_limits(model, limits, evaluator.measured, value, sizes, room=AGREEMENT)
        count = len(evaluator.objectives)
        self._all, self._sizes_of_all = value, sizes
        self._value, self.scale = value[:count], sizes[:count]

    def minimize(self, weights: Floats, *, beyond: Floats | None = None) -> ExactPlan | None:
        """The feasible plan with the least weights (M,) @ objectives, None if there is none.

        beyond (N, M): for each row the plan must be at or below it in at least one objective.

        Raises SolverError if no two ways to solve the program agree on the best plan found.
        """
        found: list[ExactPlan | None] = []
        for options in WAYS:
            with suppress(_NoAnswerError):
                found.append(self._minimize(weights, beyond, options))
            plans = [plan for plan in found if plan is not None]
            if not plans and len(found) > 1:
                return None
            values = [product(weights, plan.objectives) for plan in plans]
            if len(values) < 2:
                continue
            best = plans[int(np.argmin(values))]
            room = AGREEMENT * np.maximum(self.scale, np.abs(best.objectives))
            if sorted(values)[1] - min(values) <= product(np.abs(weights), room):
                return best._replace(bound=min(plan.bound for plan in plans))
        said = [None if plan is None else plan.objectives.tolist() for plan in found]
        raise SolverError(f"exact optimum: HiGHS is not sure, of equal programs it says {said}")

    def _minimize(
        self, weights: Floats, beyond: Floats | None, options: SolverOptions
    ) -> ExactPlan | None:
        """What one way to solve the program gives."""
        for _ in range(MOST_CUTS):
            model = self._beyond(beyond)
            cost = np.zeros(len(model.cost))
            cost[self._value] = weights * self.scale
            size = float(np.abs(cost).max()) or 1.0
            solver = Solver(replace(model, cost=cost / size), options=options)
            solution = solver.solve(warm=False)
            if solution.status in (Status.INFEASIBLE, Status.UNBOUNDED_OR_INFEASIBLE):
                return None
            if solution.status is not Status.OPTIMAL:
                raise _NoAnswerError(f"exact optimum: HiGHS stopped ({solution.status.value})")
            counts = self._counts(solution.x)
            if self._corrected(counts, solution.x):
                continue
            found = self._checked(counts, solution, weights, size)
            if found is not None:
                return found
            self._model = without_plan(
                self._model, self._cells, solution.x, tabulated=self._tabulated
            )
        raise SolverError(f"exact optimum: no plan to rely on after {MOST_CUTS} cuts")

    def _corrected(self, counts: Longs, x: Floats) -> bool:
        """Whether nodes were not those of the exact work, and the program now has rows for that.

        Only counts can be: states have the nodes of the exact work.
        """
        if self._tabulated:
            return False
        before, nodes = self._model, np.rint(x[: len(self._cells.nodes)]).astype(np.int64)
        helpful = more_may_help(self.problem, self._terms)
        self._model = with_exact_nodes(
            self.problem, before, self._cells, counts, nodes, helpful=helpful
        )
        return self._model is not before

    def _checked(
        self, counts: Longs, solution: Solution, weights: Floats, size: float
    ) -> ExactPlan | None:
        """The plan, if the evaluator gives what the program says; None if it is beyond a limit,
        which tolerances of the solver allow."""
        group, placement = np.nonzero(counts)
        plan = np.repeat(placement, counts[group, placement]).astype(np.int16)
        found = self.evaluator.evaluate(plan[None, :])
        if found.G[0] > 0 and not found.excess.any():
            return None
        [values] = measured_values(self.evaluator, found)
        said, count = solution.x[self._all] * self._sizes_of_all, len(weights)
        # Grid energy and largest totals are free to be too high where nothing weighs them.
        room = AGREEMENT * np.maximum(self._sizes_of_all, np.abs(values))
        apart = product(weights, (said - values)[:count]) > product(weights, room[:count])
        if found.excess.any() or apart or (values > said + room).any():
            raise SolverError(f"exact optimum: {said.tolist()}, evaluated {values.tolist()}")
        return ExactPlan(plan, found.F[0], solution.mip_bound * size)

    def _beyond(self, beyond: Floats | None) -> LinearModel:
        """The program, and for each row of `beyond` a choice of what is at least met."""
        model, value = self._model, self._value
        if beyond is None or not len(beyond):
            return model
        points, objectives = beyond.shape
        every = np.arange(points * objectives)
        choice, one = len(model.cost) + every, np.ones(len(every))
        limit, most = (beyond / self.scale).ravel(), np.tile(model.upper[value], points)
        rows = Rows()
        rows.add(
            (np.repeat(np.arange(points), objectives), choice, one),
            lower=np.ones(points),
            upper=np.full(points, np.inf),
        )
        rows.add(
            (every, np.tile(value, points), one),
            (every, choice, np.maximum(most - limit, 0.0)),
            lower=np.full(len(every), -np.inf),
            upper=np.maximum(most, limit),
        )
        return with_choices(model, rows, len(choice))

    def _counts(self, x: Floats) -> Longs:
        """(J, P): chunks of each group at each placement."""
        cells = self._cells
        served = sparse.coo_array(cells.chunks)
        whole = np.rint(x[served.col]) * served.data
        counts = np.zeros((self.problem.groups, self.problem.placements), dtype=np.int64)
        np.add.at(counts, (served.row, cells.placement[served.col]), whole.astype(np.int64))
        if (counts.sum(axis=1) != self.problem.group_chunks).any():
            raise SolverError("exact optimum: chunks are missing, expected all served")
        return counts


class EfficientPlans:
    """All efficient plans one after another, up to a resolution.

    Each is the plan with the least weighted sum that no plan before comes near to (Sylva and Crema
    2004). Once there is none left every feasible plan is, in each objective, at best `resolution`
    (M,) below one of them.

    Args:
        program: of a small problem.
        resolution: share of each objective's range over its extremes.

    Raises:
        InfeasibleError: no plan is feasible.
    """

    def __init__(self, program: ExactProgram, *, resolution: float) -> None:
        self.program = program
        extremes = [program.minimize(unit) for unit in np.eye(len(program.scale))]
        found = [extreme.objectives for extreme in extremes if extreme is not None]
        if len(found) < len(extremes):
            raise InfeasibleError(_none_feasible(program.evaluator))
        span = np.ptp(found, axis=0)
        self.span = np.where(span > FLAT * program.scale, span, program.scale)
        self.resolution = np.maximum(resolution * self.span, FLAT * program.scale)
        self._values = np.zeros((0, len(found)))

    def __iter__(self) -> Iterator[ExactPlan]:
        return self

    def __next__(self) -> ExactPlan:
        found = self.program.minimize(1.0 / self.span, beyond=self._values - self.resolution)
        if found is None:
            raise StopIteration
        self._values = np.vstack([self._values, found.objectives])
        return found


def _counts_loading(problem: Problem, terms: ObjectiveTerms) -> bool:
    """Whether an objective depends on which nodes load or start, other than by their number."""
    waits = bool(terms.service.any() or terms.group_service.size)
    loads = (waits and problem.load_share.any()) or problem.start_energy.any()
    uneven = terms.starts.size and (terms.starts != terms.starts[problem.first_point]).any()
    return bool(loads or terms.switches.any() or uneven)


def _none_feasible(evaluator: Evaluator) -> str:
    if not evaluator.limits:
        return "demand: no plan in whole nodes, expected room in the pools"
    said = ", ".join(f"{limit.objective.name}<={limit.most:.6g}" for limit in evaluator.limits)
    return f"limits: no plan in whole nodes keeps to {said}, expected larger ones"


def _sizes(evaluator: Evaluator) -> Floats:
    """(M',): how large what is measured gets, over plans that favor one placement each."""
    problem = evaluator.problem
    first = problem.allowed.argmax(axis=1)
    favored = [np.where(column, p, first) for p, column in enumerate(problem.allowed.T)]
    plans = np.array(favored)[:, problem.gene_group].astype(np.int16)
    found = evaluator.evaluate(plans)
    sizes = np.abs(measured_values(evaluator, found)).max(axis=0)
    return np.where(sizes > TINY_SIZE, sizes, 1.0)
