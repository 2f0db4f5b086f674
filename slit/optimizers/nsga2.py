"""`nsga2`: NSGA-II (Deb et al. 2002) in compiled code.

Variation, repair and survival are one kernel call each; evaluation is the caller's, so a generation
is one ask and one tell. It varies plans like `slit.optimizers.variation`, without checking them
again in every generation.
"""

import numpy as np
from numpy.random import Generator

from operators.allowed import Allowed
from operators.canonical import sort_groups
from operators.crossover import block_labels
from operators.mutation import count_table
from operators.nsga2 import Crossing, make_offspring, survive
from operators.repair import read_loads, repair_rows
from operators.types import Genes
from slit.evaluator import Evaluation
from slit.optimizers.protocol import AskTellGuard, Optimizer, Plans, Setup, State
from slit.optimizers.variation import (
    RankedPopulation,
    Variation,
    VariationSettings,
    kept_plans,
    no_plans,
)
from slit.problem.binding import loads_of

Settings = VariationSettings

PASSES = 4
"""Of the repair of a plan."""


def build(setup: Setup) -> Optimizer:
    """The optimizer for a task."""
    return Nsga2(setup)


class Nsga2:
    """NSGA-II on kernels. Repeats of a plan survive only when nothing else is left."""

    def __init__(self, setup: Setup) -> None:
        settings: VariationSettings = setup.settings
        problem, objectives = setup.task.problem, len(setup.task.objectives)
        self.name = setup.name
        self.moves = 0
        self._settings = settings
        self._start = setup.start
        self._rng: Generator = setup.rng
        self._guard = AskTellGuard(objectives=objectives)
        self._variation = Variation(problem, settings)
        self._allowed = Allowed(problem.gene_row, problem.options, problem.option_count)
        self._loads = read_loads(problem.genes, **loads_of(problem))
        self._group_first = problem.group_first
        self._crossing = Crossing(
            block_labels(problem.epoch_gene),
            problem.epochs,
            float(settings.crossover),
            float(settings.block_share),
        )
        self._counts = count_table(problem.genes, rate=min(1.0, settings.mutations / problem.genes))
        self._now = RankedPopulation(
            no_plans(problem.genes, objectives),
            np.zeros(settings.population, np.int64),
            np.zeros(settings.population),
        )

    def ask(self) -> Genes:
        """The first population, then the children of the present one (N, G)."""
        self._guard.check_ask()
        size = self._settings.population
        if not len(self._now.plans.G):
            return self._guard.record(
                self._variation.sample(size, rng=self._rng, start=self._start)
            )
        children = np.empty_like(self._now.plans.X)
        make_offspring(
            self._now.plans.X,
            self._now.rank,
            self._now.crowding,
            self._allowed,
            self._crossing,
            self._counts,
            children,
            self._rng,
        )
        if self._settings.repair:
            self._repair(children)
        sort_groups(children, self._group_first)
        return self._guard.record(children)

    def _repair(self, plans: Genes) -> None:
        excess = np.zeros(len(plans), np.int64)
        repair_rows(plans, self._allowed, self._loads, PASSES, excess, self._rng)

    def tell(self, evaluation: Evaluation) -> None:
        """The values of these plans; the best of parents and children survive."""
        told = self._guard.match(evaluation)
        now = self._now
        if not len(now.plans.G):
            # The kernels work in place and know writable arrays only.
            now.plans = Plans(told.X.copy(), told.F.copy(), told.G.copy())
            told = Plans(told.X[:0], told.F[:0], told.G[:0])
        survive(*now.plans, *told, now.rank, now.crowding, True)

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
