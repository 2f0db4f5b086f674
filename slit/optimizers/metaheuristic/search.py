"""`slit`: local search where it promises most, recombined epoch by epoch.

A reconstruction of the metaheuristic of SLIT (arXiv 2505.23554): what the paper does not disclose
is ours. Its skeleton is kept: initial plans, starts chosen from what earlier searches taught, local
search on a weighted sum, an evolutionary step between searched and unsearched plans, and an archive
of what is not dominated. What fills it won on measurements (benchmarks/RESULTS.md).
"""

from typing import Any

import numpy as np

from operators.directions import das_dennis
from operators.sampling import uniform
from operators.types import Floats, Genes, Longs
from slit.evaluator import Evaluation
from slit.optimizers.metaheuristic.evolution import Population
from slit.optimizers.metaheuristic.family import Family
from slit.optimizers.metaheuristic.incumbents import Incumbents
from slit.optimizers.metaheuristic.local_search import LocalOptimum, local_searches
from slit.optimizers.metaheuristic.multipliers import Multipliers, Steered, counts_reroutes
from slit.optimizers.metaheuristic.pool import EpochPool
from slit.optimizers.metaheuristic.recombination import affordable, first_plans, mutants, recombined
from slit.optimizers.metaheuristic.relaxed import RelaxedStarts, relaxed_starts
from slit.optimizers.metaheuristic.settings import Settings, Starts
from slit.optimizers.metaheuristic.weight_selection import WeightSelection, floored
from slit.optimizers.protocol import AskTellGuard, Optimizer, Plans, Resumable, Setup, State
from slit.optimizers.single import SinglePlan
from slit.problem.binding import options_of
from slit.sandwich import lattice

MUTANTS = 4
"""One mutated child of the archive for so many recombined plans."""
COPIES = 4
"""Plans in memory for each weight vector: two recombinations, twice while they are put together."""


class Metaheuristic:
    """Asks for locally searched plans and their recombinations, batch by batch."""

    def __init__(self, setup: Setup) -> None:
        self.name = setup.name
        self.moves = 0
        self._task = setup.task
        self._settings: Settings = setup.settings
        self._rng = setup.rng
        self._given = setup.start
        self._guard = AskTellGuard(objectives=len(setup.task.objectives))
        problem, n_objectives = setup.task.problem, len(setup.task.objectives)
        most = affordable(self._settings.capacity, genes=problem.genes, least=n_objectives)
        self._incumbents = Incumbents(genes=problem.genes, objectives=n_objectives, capacity=most)
        most = affordable(self._settings.pool, genes=problem.genes)
        count, rerouting = len(setup.task.measured), counts_reroutes(setup.task.measured)
        self._pool = EpochPool(problem, measures=count, capacity=most, rerouting=rerouting)
        self._multipliers = Multipliers(setup.task, self._pool)
        self._related = self._multipliers.calming and not self._settings.evolution
        self._selection = WeightSelection(problem, n_objectives, self._settings, rng=self._rng)
        self._relaxed: RelaxedStarts | None = None
        self._population: Population | None = None
        if self._settings.evolution:
            self._population = Population(problem, lattice(n_objectives, self._settings.population))
        self._family = Family(setup.task)
        self._low, self._span = np.zeros(n_objectives), np.ones(n_objectives)
        self._step = 0
        self._optima: list[LocalOptimum] = []
        self._targets: Longs = np.zeros(0, np.int64)
        self._searched = np.zeros((0, n_objectives)), np.zeros(0)

    def ask(self) -> Genes:
        """The next batch (N, G): locally searched plans first, then their relatives."""
        self._guard.check_ask()
        if self._step == 0:
            return self._guard.record(self._sample())
        if self._related and not self._family.begun:
            weights, epochs = self._family.first_batch()
        else:
            weights, epochs = self._selection.next_batch(self._pool, self._low, self._span)
        steered = self._multipliers.steer(weights, self._span)
        self._searched = weights, steered.prices
        starts = self._starts(weights, steered)
        calming = self._multipliers.calming
        swaps = self._settings.swaps and self._selection.swaps_pay and not calming
        followed = self._family.continuations(*steered.priced) if calming else None
        self._optima = local_searches(
            starts, steered.priced, self._task, swaps=swaps, epochs=epochs, followed=followed
        )
        self.moves += sum(descent.moves for descent in self._optima)
        searched = np.array([descent.plan for descent in self._optima])
        return self._guard.record(np.concatenate([searched, self._relatives()]))

    def tell(self, evaluation: Evaluation) -> None:
        """The values of the batch."""
        plans = self._guard.match(evaluation)
        self._incumbents.add(plans)
        if self._step == 0:
            self._begin(plans, evaluation)
        else:
            count = len(self._optima)
            self._add_to_pool(plans, evaluation, count)
            gains = np.array([descent.gains for descent in self._optima])
            if self._family.begun or not self._related:
                self._selection.learn(gains, plans.F[:count][plans.G[:count] == 0])
            self._multipliers.learn(*self._searched, evaluation.limited[:count])
            if self._related:
                self._family.add(self._searched[0], plans.X[:count])
            if self._step <= self._selection.corner_batches and self._relaxed is None:
                found = self._incumbents.archive.objectives
                self._low, self._span = _box(found, self._low, self._span)
            if self._population is not None:
                values = _boxed(plans, self._low, self._span)
                self._selection.evolve(self._population, plans.X, values, self._targets)
        self._step += 1

    def front(self) -> Plans:
        """The archive, or the plan of least violation as long as none is feasible."""
        return self._incumbents.plans()

    def _sample(self) -> Genes:
        """Initial plans: given ones, relaxed optima, everything at one placement, random ones."""
        relaxed, count = None, self._settings.population
        if self._settings.lp_partitions:
            design = das_dennis(self._guard.objectives, self._settings.lp_partitions)
            relaxed = relaxed_starts(self._task, floored(design))
            self._multipliers.relaxed = self._relaxed = relaxed
        first = first_plans(self._task.problem, count=count, rng=self._rng)
        parts = self._given, None if relaxed is None else relaxed.plans, first
        return np.concatenate([part for part in parts if part is not None])

    def _begin(self, plans: Plans, evaluation: Evaluation) -> None:
        """Take the initial plans into the pool, and the scale of the objectives from them."""
        if self._relaxed is not None:
            first = 0 if self._given is None else len(self._given)
            values = plans.F[first : first + len(self._relaxed.plans)]
            self._low, self._span = self._relaxed.box(self._task.objectives, values)
        else:
            self._low, self._span = plans.F.min(axis=0), _width(plans.F)
        self._add_to_pool(plans, evaluation, len(plans.X))
        if self._population is not None:
            count = len(self._population.weights)
            self._population.fill(plans.X[-count:], _boxed(plans, self._low, self._span)[-count:])

    def _add_to_pool(self, plans: Plans, evaluation: Evaluation, count: int) -> None:
        """Take the first `count` plans into the pool."""
        parts, excess = evaluation.parts[:count], evaluation.excess[:count]
        voters = self._selection.voters / self._span
        self._pool.add(plans.X[:count], parts, excess, weights=voters)

    def _starts(self, weights: Floats, steered: Steered) -> Genes:
        """Where the searches for weights (N, M) start: (N, G)."""
        if self._population is not None and self._settings.starts is not Starts.BEST:
            return self._selection.population_starts(self._population, weights)
        if self._settings.starts is Starts.RANDOM:
            return uniform(len(weights), rng=self._rng, **options_of(self._task.problem))
        if self._family.begun:
            return self._family.nearest(weights)
        starts = self._pool.build(steered.tried[steered.best])
        if self._related:
            return self._family.first(starts)
        return starts if self._relaxed is None else self._relaxed.replace(starts, weights)

    def _relatives(self) -> Genes:
        """Recombinations of the pool by epochs, or children of the population."""
        if self._population is not None:
            children, self._targets = self._population.offspring(self._rng)
            return children
        problem, parents = self._task.problem, self._incumbents.archive.population
        count = affordable(self._settings.children, genes=COPIES * problem.genes)
        if not self._settings.children:
            return np.empty((0, problem.genes), np.int16)
        vectors = self._selection.recombination_weights(self._multipliers.vectors(count))
        crossed = recombined(self._pool, self._multipliers, vectors, self._span, rng=self._rng)
        mutated = mutants(problem, parents, count=count // MUTANTS, rng=self._rng)
        return np.concatenate([crossed, mutated])

    def _parts(self) -> tuple[Resumable, ...]:
        return self._incumbents, self._pool, self._selection, self._multipliers, self._family

    def state(self) -> State:
        """Everything that the next step depends on."""
        self._guard.check_state()
        state: dict[str, Any] = {
            "step": self._step,
            "moves": self.moves,
            "rng": self._rng.bit_generator.state,
            "low": self._low,
            "span": self._span,
        }
        for part in (*self._parts(), self._relaxed, self._population):
            state.update({} if part is None else part.state())
        return state

    def restore(self, state: State) -> None:
        """Continue where another process stopped."""
        self._step, self.moves = state["step"], state["moves"]
        self._rng.bit_generator.state = state["rng"]
        self._low, self._span = state["low"], state["span"]
        for part in self._parts():
            part.restore(state)
        relaxed = RelaxedStarts.of(state, self._low, self._span)
        self._multipliers.relaxed = self._relaxed = relaxed
        if self._population is not None:
            self._population.restore(state)


def build(setup: Setup) -> Optimizer:
    """The optimizer for a task; where no group has a choice, there is one plan to make."""
    problem = setup.task.problem
    if problem.option_count.max() == 1:
        return SinglePlan(setup, make=lambda: problem.options[problem.gene_row, 0])
    return Metaheuristic(setup)


def _boxed(plans: Plans, low: Floats, span: Floats) -> Floats:
    """Objectives in the unit box, nodes beyond capacity added to each."""
    return np.asarray((plans.F - low) / span + plans.G[:, None])


def _box(values: Floats, low: Floats, span: Floats) -> tuple[Floats, Floats]:
    """Low and span of the front found so far (N, M); those given where it is one plan at most."""
    return (values.min(axis=0), _width(values)) if len(values) > 1 else (low, span)


def _width(values: Floats) -> Floats:
    span = np.ptp(values, axis=0)
    return np.asarray(np.where(span > 0, span, np.maximum(np.abs(values[0]), 1.0)))
