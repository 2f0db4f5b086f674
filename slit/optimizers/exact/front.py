"""Exact optima and fronts of small instances: whole chunks, whole nodes, true step costs.

Covers every objective of `slit.objectives` that is linear in what a plan uses (all built-in ones,
plug-ins made with `linear_objective`), exactly as the evaluator counts them. Objectives that depend
on waits (quality, ttft, slo_violation, and plug-ins with such terms) need every state of every cell
listed, which limits them to about 60 chunks in small groups; the others reach further, but where
cells are not listed one that fills its nodes to within 1e-6 may be misjudged. Objectives measured
by other Python functions are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from operators.types import Floats, Genes, Longs
from slit.arrays import product
from slit.errors import InfeasibleError, SlitError
from slit.evaluator import Evaluator
from slit.kernels.objective_terms import ObjectiveTerms
from slit.lp.entries import EntryRows
from slit.lp.solver import LinearModel, Settings, Solution, Solver, SolverError, Status
from slit.objectives import Linear, Objective
from slit.optimizers.exact.cells import Cells, count_cells
from slit.optimizers.exact.program import assemble, with_choices
from slit.optimizers.exact.states import count_states, state_cells
from slit.problem import Problem
from slit.scenario.scenario import Scenario

MOST_COLUMNS = 200_000
MOST_CUTS = 100
TINY_SIZE = 1e-9
"""An objective that stays below this in its own unit is measured in that unit."""
FLAT = 1e-5
"""Differences below this share of an objective's size are none.

The solver's tolerance on whole numbers is 1e-6; finer ones made HiGHS 1.15 lose optima.
"""
AGREEMENT = 1e-5
"""The program and the evaluator may differ by this share of an objective's size."""


@dataclass(frozen=True, slots=True, eq=False)
class ExactPlan:
    """A proven optimum: plan (G,), its objectives (M,) as the evaluator gives them, the weighted
    sum that was minimized, and the bound that no feasible plan is below."""

    plan: Genes
    objectives: Floats
    value: float
    bound: float


@dataclass(frozen=True, slots=True, eq=False)
class ExactFront:
    """All efficient plans up to a resolution: X (N, G), F (N, M).

    Every feasible plan is, in each objective, at best `resolution` (M,) below one of these rows.
    `complete` is False where the search stopped at a limit before that was proven.
    """

    X: Genes
    F: Floats
    names: tuple[str, ...]
    resolution: Floats
    complete: bool


class ExactProgram:
    """The mixed-integer program of a small problem, for minimizing again and again.

    Cells are tabulated (see `slit.optimizers.exact.states`) where objectives depend on waits, and
    where that takes at most `tabulate` columns: it is the more robust formulation.
    """

    def __init__(
        self,
        problem: Problem,
        scenario: Scenario,
        objectives: Sequence[Objective],
        *,
        most_columns: int = MOST_COLUMNS,
        tabulate: int = 2000,
        settings: Settings | None = None,
    ) -> None:
        for objective in objectives:
            if not isinstance(objective.measure, Linear):
                raise SlitError(
                    f"exact front: {objective.name!r} is a function of the whole plan, expected "
                    "objectives linear in what a plan uses"
                )
        self.problem = problem
        self.evaluator = Evaluator(problem, scenario, objectives=objectives)
        self.settings = settings or Settings(mip_gap=1e-9)
        self._terms: ObjectiveTerms = self.evaluator.terms
        waits = bool(self._terms.service.any())
        self._tabulated = waits or count_states(problem) <= min(tabulate, most_columns)
        self._cells: Cells = (
            state_cells(problem, self._terms, most_columns=most_columns)
            if self._tabulated
            else count_cells(problem, self._terms)
        )
        self.scale = self._sizes()
        self._model, self._value = assemble(problem, self._terms, self._cells, self.scale)

    def minimize(
        self, weights: Floats, *, caps: Floats | None = None, beyond: Floats | None = None
    ) -> ExactPlan | None:
        """The feasible plan with the least weights (M,) @ objectives, None if there is none.

        caps (M,): the most of each objective. beyond (N, M): for each row the plan must be at or
        below it in at least one objective.
        """
        for _ in range(MOST_CUTS):
            model = self._limited(caps, beyond)
            cost = np.zeros(len(model.cost))
            cost[self._value] = weights * self.scale
            size = float(np.abs(cost).max()) or 1.0
            solver = Solver(replace(model, cost=cost / size), settings=self.settings)
            solution = solver.solve(warm=False)
            if solution.status in (Status.INFEASIBLE, Status.UNBOUNDED_OR_INFEASIBLE):
                return None
            if solution.status is not Status.OPTIMAL:
                raise SolverError(f"exact optimum: HiGHS stopped ({solution.status.value})")
            counts = self._counts(solution.x)
            if not self._cut_overfull(counts, solution.x):
                return self._checked(counts, solution, weights, size)
        raise SolverError(f"exact optimum: cells still overfull after {MOST_CUTS} cuts")

    def _checked(
        self, counts: Longs, solution: Solution, weights: Floats, size: float
    ) -> ExactPlan:
        """The plan, if the evaluator gives what the program says."""
        group, placement = np.nonzero(counts)
        plan = np.repeat(placement, counts[group, placement]).astype(np.int16)
        found = self.evaluator.evaluate(plan[None, :])
        values, said = found.F[0], solution.x[self._value] * self.scale
        # Grid energy and largest totals are free to be too high where nothing weighs them.
        room = AGREEMENT * np.maximum(self.scale, np.abs(values))
        apart = product(weights, said - values) > product(weights, room)
        if found.G[0] > 0 or apart or (values > said + room).any():
            raise SolverError(f"exact optimum: {said.tolist()}, evaluated {values.tolist()}")
        return ExactPlan(plan, values, float(product(weights, values)), solution.mip_bound * size)

    def _limited(self, caps: Floats | None, beyond: Floats | None) -> LinearModel:
        """The program with caps, and for each row of `beyond` a choice of what is at least met."""
        model, value = self._model, self._value
        upper = model.upper.copy()
        if caps is not None:
            upper[value] = np.minimum(upper[value], caps / self.scale)
        model = replace(model, upper=upper)
        if beyond is None or not len(beyond):
            return model
        points, objectives = beyond.shape
        every = np.arange(points * objectives)
        choice, one = len(model.cost) + every, np.ones(len(every))
        limit, most = (beyond / self.scale).ravel(), np.tile(upper[value], points)
        rows = EntryRows()
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

    def _cut_overfull(self, counts: Longs, x: Floats) -> bool:
        """Cut off cells with more work than their nodes take, by less than the solver's tolerance.

        As many chunks of each group or more need one node more. Only counts can be overfull;
        states have the nodes of the exact work.
        """
        problem, cells = self.problem, self._cells
        if self._tabulated:
            return False
        found, served = False, sparse.coo_array(cells.chunks)
        for k in np.flatnonzero(cells.nodes > 0):
            t, p = cells.epoch[k], cells.placement[k]
            here = counts[:, p] * (problem.group_epoch == t)
            work = int(here @ problem.chunk[:, p, 0])
            if -(-work // problem.node_ticks) <= round(x[k]):
                continue
            found = True
            groups = np.flatnonzero(here)
            mine = (cells.placement[served.col] == p) & (here[served.row] > 0)
            column = served.col[mine][np.argsort(served.row[mine])]
            every, one = np.arange(len(groups)), np.ones(len(groups))
            choice = len(self._model.cost) + every
            rows = EntryRows()
            rows.add(
                (every, column, one),
                (every, choice, here[groups] - 1.0 - problem.group_chunks[groups]),
                lower=np.full(len(groups), -np.inf),
                upper=here[groups] - 1.0,
            )
            rows.add(
                (np.zeros(len(groups), np.int64), choice, -one),
                (np.zeros(1, np.int64), np.array([k]), np.ones(1)),
                lower=np.array([round(x[k]) + 1.0 - len(groups)]),
                upper=np.array([np.inf]),
            )
            self._model = with_choices(self._model, rows, len(groups))
        return found

    def _sizes(self) -> Floats:
        """(M,): how large the objectives get, over plans that favor one placement each."""
        problem = self.problem
        first = problem.allowed.argmax(axis=1)
        favored = [np.where(column, p, first) for p, column in enumerate(problem.allowed.T)]
        plans = np.array(favored)[:, problem.gene_group].astype(np.int16)
        sizes = np.abs(self.evaluator.evaluate(plans).F).max(axis=0)
        return np.where(sizes > TINY_SIZE, sizes, 1.0)

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


def exact_front(
    problem: Problem,
    scenario: Scenario,
    objectives: Sequence[Objective],
    *,
    resolution: float = 1e-4,
    most_points: int = 1000,
    most_columns: int = MOST_COLUMNS,
) -> ExactFront:
    """All efficient plans, up to `resolution` of each objective's range over the extremes.

    Finds the plan with the least weighted sum that no plan found so far comes near to, until there
    is none (Sylva and Crema 2004). Raises SlitError for objectives it does not cover and problems
    that are too large, InfeasibleError if no plan is feasible.
    """
    program = ExactProgram(problem, scenario, objectives, most_columns=most_columns)
    count = len(objectives)
    extremes = []
    for unit in np.eye(count):
        found = program.minimize(unit)
        if found is None:
            raise InfeasibleError("demand: no plan in whole nodes, expected room in the pools")
        extremes.append(found.objectives)
    span = np.ptp(extremes, axis=0)
    span = np.where(span > FLAT * program.scale, span, program.scale)
    step = np.maximum(resolution * span, FLAT * program.scale)
    plans: list[Genes] = []
    values = np.zeros((0, count))
    while len(plans) < most_points:
        found = program.minimize(1.0 / span, beyond=values - step)
        if found is None:
            break
        plans.append(found.plan)
        values = np.vstack([values, found.objectives])
    return ExactFront(
        X=np.array(plans),
        F=values,
        names=program.evaluator.names,
        resolution=step,
        complete=len(plans) < most_points,
    )
