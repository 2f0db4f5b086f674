"""`deap-nsga2`: NSGA-II with DEAP's non-dominated sorting and crowding (Fortin et al. 2012, 2013).

Plans stay rows of one array: DEAP sees only their fitness, so no plan is ever a Python object.
Parents are drawn by the tournament of `operators/` (DEAP's uses the random state of the whole
process) and varied as in `slit.optimizers.variation`.
"""

from typing import Any

import numpy as np
from deap import base, tools
from numpy.random import Generator

from operators.selection import binary_tournament
from operators.types import Floats, Genes, Longs
from slit.evaluator import Evaluation
from slit.optimizers.protocol import AskTellGuard, Optimizer, Plans, Setup, State, stacked
from slit.optimizers.variation import (
    RankedPopulation,
    Variation,
    VariationSettings,
    kept_plans,
    no_plans,
)

Settings = VariationSettings


def build(setup: Setup) -> Optimizer:
    """The optimizer for a task."""
    return DeapNsga2(setup)


class DeapNsga2:
    """NSGA-II whose survivors DEAP selects."""

    def __init__(self, setup: Setup) -> None:
        settings: VariationSettings = setup.settings
        objectives = len(setup.task.objectives)
        self.name = setup.name
        self.moves = 0
        self._size = settings.population
        self._variation = Variation(setup.task.problem, settings)
        self._rng: Generator = setup.rng
        self._start = setup.start
        self._guard = AskTellGuard(objectives=objectives)
        self._weights = (-1.0,) * objectives
        none = no_plans(setup.task.problem.genes, objectives)
        self._now = RankedPopulation(none, np.empty(0, np.int64), np.empty(0))

    def ask(self) -> Genes:
        """The first population, then the children of the present one (N, G)."""
        self._guard.check_ask()
        if not len(self._now.rank):
            plans = self._variation.sample(self._size, rng=self._rng, start=self._start)
            return self._guard.record(plans)
        return self._guard.record(
            self._variation.children(self._now.plans.X, parents=self._parents, rng=self._rng)
        )

    def tell(self, evaluation: Evaluation) -> None:
        """The values of these plans; the best of parents and children survive."""
        merged = stacked([self._now.plans, self._guard.match(evaluation)])
        rows, rank, crowding = _survivors(
            merged.F, merged.G, size=self._size, weights=self._weights
        )
        self._now = RankedPopulation(merged.rows(rows), rank, crowding)

    def front(self) -> Plans:
        """The best plans of the population."""
        return kept_plans(*self._now.plans)

    def state(self) -> State:
        """The population and the random numbers to come."""
        self._guard.check_state()
        return self._now.state(self._rng)

    def restore(self, state: State) -> None:
        """Go on from `state`."""
        self._now = RankedPopulation.restored(state, self._rng)

    def _parents(self, count: int) -> Longs:
        return binary_tournament(self._now.rank, self._now.crowding, count=count, rng=self._rng)


class _Individual:
    """What DEAP selects: the row of a plan, and its fitness."""

    __slots__ = ("fitness", "row")

    def __init__(self, row: int, fitness: base.Fitness) -> None:
        self.row = row
        self.fitness = fitness


def _survivors(
    F: Floats, G: Floats, *, size: int, weights: tuple[float, ...]
) -> tuple[Longs, Longs, Floats]:
    """Rows of the `size` best plans, with their front and their crowding distance.

    DEAP sorts the feasible plans; the others follow by violation (Deb 2002, section VI).
    """
    kind: Any = type("Fitness", (base.Fitness,), {"weights": weights})
    feasible = [_Individual(int(n), kind(F[n].tolist())) for n in np.flatnonzero(G <= 0)]
    sort = tools.sortLogNondominated if len(weights) > 1 else tools.sortNondominated
    fronts = sort(feasible, min(size, len(feasible))) if feasible else []
    rows: list[int] = []
    rank: list[int] = []
    crowding: list[float] = []
    for level, front in enumerate(fronts):
        tools.emo.assignCrowdingDist(front)
        front.sort(key=lambda individual: -individual.fitness.crowding_dist)
        rows += [individual.row for individual in front]
        rank += [level] * len(front)
        crowding += [individual.fitness.crowding_dist for individual in front]
    others = np.flatnonzero(G > 0)
    levels = np.unique(G[others], return_inverse=True)[1]
    order = np.argsort(levels, kind="stable")
    rows += others[order].tolist()
    rank += (len(fronts) + levels[order]).tolist()
    crowding += [0.0] * len(others)
    return np.array(rows[:size]), np.array(rank[:size]), np.array(crowding[:size])
