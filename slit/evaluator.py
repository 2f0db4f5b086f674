"""Chromosomes -> objectives and violation: the one place that checks and counts."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from operators.types import Floats, Genes, Integers, Longs
from slit.arrays import frozen
from slit.compute import map_items
from slit.errors import SlitError
from slit.kernels.cell_objectives import CellObjectives
from slit.kernels.evaluation import SITE_FIELDS, evaluate_population
from slit.kernels.objective_terms import ObjectiveTerms
from slit.ledger import Ledger, write_ledger
from slit.objectives import CellWise, Coefficients, LedgerWise, Objective
from slit.objectives.cellwise import CellSum, joined_cell_objectives
from slit.objectives.define import call_function
from slit.objectives.limits import Limit, excess_over, measured_by
from slit.objectives.terms import lower_parts, read_linear, terms_of
from slit.plans import check_plans
from slit.problem import Problem
from slit.scenario.scenario import Scenario

SLICE = 256
"""Plans whose datacenter-hours are held at a time for objectives that are not linear."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Objectives F (N, M), minimized, and constraint violation (CV) G (N,): nodes beyond
    capacity, plus a number below 1 for what exceeds the L limits; 0 = feasible.

    `parts` (N, T, E) is what each epoch adds to F and then to what is only limited, `excess`
    (N, T) its nodes beyond capacity; an objective that is not a sum over epochs, and what is
    constant in one, has no part (0). `limited` (N, L) are the values of what is limited.
    """

    F: Floats
    G: Floats
    parts: Floats
    excess: Longs
    limited: Floats = field(default_factory=lambda: np.zeros((0, 0)))


class Evaluator:
    """Evaluates plans of one problem on a fixed list of objectives, and counts them.

    `limits` make plans beyond them infeasible; `measured` are the objectives and, after them, what
    is only limited.
    `threads` spreads the plans over cores; the bits do not depend on it. `evaluations` counts full
    evaluations and `moves` the incremental ones that a search reports with `count_moves`.
    """

    def __init__(
        self,
        problem: Problem,
        scenario: Scenario,
        *,
        objectives: Sequence[Objective],
        limits: Sequence[Limit] = (),
        threads: int = 1,
    ) -> None:
        if threads < 1:
            raise SlitError(f"threads: {threads}, expected at least 1")
        self.problem = problem
        self.scenario = scenario
        self.objectives = tuple(objectives)
        self.limits = tuple(limits)
        self.measured = measured_by(objectives, limits)
        self._linear = read_linear(self.measured, problem, scenario)
        self.measured_terms: ObjectiveTerms = terms_of(self.measured, self._linear, problem)
        self.terms = self.measured_terms
        if len(self.measured) > len(self.objectives):
            self.terms = terms_of(objectives, self._linear[: len(self.objectives)], problem)
        self._limited = [
            [objective.name for objective in self.measured].index(limit.objective.name)
            for limit in limits
        ]
        self.threads = threads
        self.evaluations = 0
        self.moves = 0
        self._cell_sums: dict[int, CellSum] = {}
        self._ledger_wise: dict[int, tuple[str, Callable[[Ledger], float]]] = {}
        for m, objective in enumerate(self.measured):
            if isinstance(objective.measure, CellWise):
                self._cell_sums[m] = CellSum(objective.name, objective.measure, problem, scenario)
            elif isinstance(objective.measure, LedgerWise):
                self._ledger_wise[m] = (objective.name, objective.measure.function)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the objectives."""
        return tuple(objective.name for objective in self.objectives)

    @property
    def linear(self) -> bool:
        """Whether every objective is linear."""
        return not self._cell_sums and not self._ledger_wise

    @cached_property
    def cell_objectives(self) -> CellObjectives:
        """The cell-wise objectives as kernels take them."""
        return joined_cell_objectives(self._cell_sums, self.problem)

    @cached_property
    def linear_parts(self) -> tuple[Coefficients | None, ...]:
        """Coefficients that bound each measured objective from below, None where it has none: read
        once."""
        return lower_parts(self.measured, self._linear, self.problem, self.scenario)

    def limited_by(self, limits: Sequence[Limit]) -> "Evaluator":
        """An evaluator of the same objectives under other limits, which counts apart."""
        return Evaluator(
            self.problem,
            self.scenario,
            objectives=self.objectives,
            limits=limits,
            threads=self.threads,
        )

    def apart(self, problem: Problem | None = None) -> "Evaluator":
        """An evaluator of the same objectives, as read, that counts apart.

        Args:
            problem: to evaluate on, instead of the same: it differs in waits alone, on which no
                coefficient depends.
        """
        other = copy(self)
        other.evaluations = other.moves = 0
        other.problem = self.problem if problem is None else problem
        return other

    def evaluate(self, population: Integers) -> Evaluation:
        """Evaluate plans (N, G) of placement indices.

        Raises SlitError for a wrong shape or a placement that is not allowed for its group.
        """
        plans = self.check(population)
        values = np.full((len(plans), len(self.measured)), np.nan)
        parts = np.full((len(plans), self.problem.epochs, len(self.measured)), np.nan)
        excess = np.full(parts.shape[:2], -1, dtype=np.int64)
        rows = np.array_split(np.arange(len(plans)), self.threads)
        jobs = [slice(part[0], part[-1] + 1) for part in rows if len(part)]
        map_items(
            lambda job: self._evaluate_slice(plans, values, parts, excess, job),
            jobs,
            threads=self.threads,
        )
        self.evaluations += len(plans)
        limited = values[:, self._limited]
        violation = excess.sum(axis=1) + (excess_over(self.limits, limited) if self.limits else 0.0)
        return Evaluation(
            F=frozen(values[:, : len(self.objectives)], np.float64),
            G=frozen(violation, np.float64),
            parts=frozen(parts, np.float64),
            excess=frozen(excess, np.int64),
            limited=frozen(limited, np.float64),
        )

    def check(self, population: Integers) -> Genes:
        """`population` as (N, G) genes; SlitError if it is not one of this problem."""
        return check_plans(self.problem, population)

    def count_moves(self, moves: int) -> None:
        """Count incremental evaluations made by a search."""
        self.moves += moves

    def ledger(self, plan: Integers) -> Ledger:
        """The ledger of one plan (G,)."""
        return write_ledger(plan, self.problem, self.scenario)

    def _ledger_values(self, plan: Genes) -> dict[int, float]:
        """The objectives that are functions of the ledger, by their place; of a checked plan."""
        if not self._ledger_wise:
            return {}
        ledger = write_ledger(plan, self.problem, self.scenario)
        return {
            m: _number(name, call_function(name, function, ledger))
            for m, (name, function) in self._ledger_wise.items()
        }

    def _evaluate_slice(
        self, plans: Genes, values: Floats, parts: Floats, excess: Longs, rows: slice
    ) -> None:
        step = SLICE if self._cell_sums else len(plans)
        for first in range(rows.start, rows.stop, step):
            part = slice(first, min(first + step, rows.stop))
            shape = (part.stop - first, self.problem.epochs, self.problem.datacenters, SITE_FIELDS)
            sites = np.full(shape if self._cell_sums else (0, 0, 0, 0), np.nan)
            evaluate_population(
                plans[part],
                self.problem,
                self.measured_terms,
                values[part],
                parts[part],
                excess[part],
                sites,
            )
            for m, add_up in self._cell_sums.items():
                parts[part, :, m] = add_up(sites)
                # One after the other, as kernels add.
                values[part, m] = np.cumsum(parts[part, :, m], axis=1)[:, -1]
        for n in range(rows.start, rows.stop) if self._ledger_wise else ():
            for m, value in self._ledger_values(plans[n]).items():
                values[n, m] = value


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise SlitError(f"objective {name}: {value!r}, expected a finite number")
    return number
