"""`slit`: local search where it promises most, recombined epoch by epoch.

A reconstruction of the metaheuristic of SLIT (arXiv 2505.23554): what the paper does not disclose
is ours. Its skeleton is kept: initial plans, starts chosen from what earlier searches taught, local
search on a weighted sum, an evolutionary step between searched and unsearched plans, and an archive
of what is not dominated. What fills it won on measurements (benchmarks/RESULTS.md).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from operators.archive import Archive
from operators.canonical import canonical
from operators.crossover import by_block
from operators.directions import das_dennis
from operators.mutation import reset
from operators.sampling import extremes, uniform
from slit.evaluator import Evaluation
from slit.optimizers.metaheuristic.choice import Choice, nearest_other, spread_weights
from slit.optimizers.metaheuristic.descent import Descent, descend_all
from slit.optimizers.metaheuristic.evolution import Population
from slit.optimizers.metaheuristic.pool import EpochPool
from slit.optimizers.metaheuristic.relaxed import RelaxedStarts, relaxed_starts
from slit.optimizers.metaheuristic.settings import Settings, Starts
from slit.optimizers.protocol import Plans, Setup, State, Turn, stacked
from slit.problem.binding import options_of

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Genes = NDArray[np.int16]
Longs = NDArray[np.int64]

MOST_EXTREMES = 40
"""Placements that get an initial plan of their own."""
MUTANTS = 4
"""One mutated child of the archive for so many recombined plans."""
MUTATED_GENES = 1.5
"""Genes that a mutated child changes, on average."""


class Metaheuristic:
    """Asks for locally searched plans and their recombinations, batch by batch."""

    def __init__(self, setup: Setup) -> None:
        self.name = setup.name
        self.moves = 0
        self._task = setup.task
        self._settings: Settings = setup.settings
        self._rng = setup.rng
        self._given = setup.start
        self._turn = Turn(objectives=len(setup.task.objectives))
        problem, n_objectives = setup.task.problem, len(setup.task.objectives)
        self._archive = Archive(
            genes=problem.genes, objectives=n_objectives, capacity=self._settings.capacity
        )
        self._pool = EpochPool(problem, objectives=n_objectives, capacity=self._settings.pool)
        self._choice = Choice(problem, n_objectives, self._settings, rng=self._rng)
        self._relaxed: RelaxedStarts | None = None
        self._population: Population | None = None
        if self._settings.evolution:
            cells = spread_weights(n_objectives, count=self._settings.population)
            self._population = Population(problem, cells)
        self._low, self._span = np.zeros(n_objectives), np.ones(n_objectives)
        self._least: Plans | None = None
        self._step = 0
        self._descents: list[Descent] = []
        self._targets: Longs = np.zeros(0, np.int64)

    def ask(self) -> Genes:
        """The next batch (N, G): locally searched plans first, then their relatives."""
        self._turn.asking()
        if self._step == 0:
            return self._turn.asks(self._sample())
        weights, epochs = self._choice.next_batch(self._pool, self._span)
        starts = self._starts(weights)
        self._descents = descend_all(
            starts,
            weights / self._span,
            self._task.problem,
            self._task.terms,
            swaps=self._settings.swaps,
            epochs=epochs,
            threads=self._task.threads,
        )
        self.moves += sum(descent.moves for descent in self._descents)
        searched = np.array([descent.plan for descent in self._descents])
        return self._turn.asks(np.concatenate([searched, self._relatives()]))

    def tell(self, evaluation: Evaluation) -> None:
        """The values of the batch."""
        plans = self._turn.tells(evaluation)
        self._archive.add(plans.X, plans.F, violation=plans.G)
        self._keep_least(plans)
        if self._step == 0:
            self._begin(plans, evaluation)
        else:
            searched = slice(0, len(self._descents))
            self._pool.add(
                plans.X[searched],
                evaluation.parts[searched],
                evaluation.excess[searched],
                weights=self._choice.voters / self._span,
            )
            gains = np.array([descent.gains for descent in self._descents])
            self._choice.learn(gains)
            if self._step <= self._choice.corner_batches and self._relaxed is None:
                self._rescale()
            if self._population is not None:
                self._evolve(plans, len(self._descents))
        self._step += 1

    def front(self) -> Plans:
        """The archive, or the plan of least violation as long as none is feasible."""
        if len(self._archive):
            values = self._archive.objectives
            return Plans(self._archive.population, values, np.zeros(len(values)))
        if self._least is not None:
            return self._least
        empty = np.empty((0, self._task.problem.genes), np.int16)
        return Plans(empty, np.empty((0, self._turn.objectives)), np.empty(0))

    def _sample(self) -> Genes:
        """Initial plans: given ones, relaxed optima, everything at one placement, random ones."""
        problem, rng = self._task.problem, self._rng
        count = min(MOST_EXTREMES, problem.placements)
        everywhere = np.linspace(0, problem.placements - 1, count).astype(np.int32)
        allowed = options_of(problem)
        parts = [
            extremes(values=everywhere, rng=rng, **allowed),
            uniform(self._settings.population, rng=rng, **allowed),
        ]
        if self._settings.lp_partitions:
            weights = self._choice.floor(
                das_dennis(self._turn.objectives, self._settings.lp_partitions)
            )
            self._relaxed = relaxed_starts(self._task, weights)
        if self._relaxed is not None:
            parts.insert(0, self._relaxed.plans)
        if self._given is not None:
            parts.insert(0, self._given)
        return np.concatenate(parts)

    def _begin(self, plans: Plans, evaluation: Evaluation) -> None:
        """Take the initial plans into the pool, and the scale of the objectives from them."""
        if self._relaxed is not None:
            self._low, self._span = self._relaxed.low, self._relaxed.span
        else:
            self._low = plans.F.min(axis=0)
            self._span = _width(plans.F)
        self._pool.add(
            plans.X,
            evaluation.parts,
            evaluation.excess,
            weights=self._choice.voters / self._span,
        )
        if self._population is not None:
            count = len(self._population.weights)
            values = (plans.F[-count:] - self._low) / self._span
            self._population.fill(plans.X[-count:], values + plans.G[-count:, None])

    def _starts(self, weights: Floats) -> Genes:
        """Where the searches for weights (N, M) start: (N, G)."""
        if self._settings.starts is Starts.RANDOM:
            return uniform(len(weights), rng=self._rng, **options_of(self._task.problem))
        if self._settings.starts is Starts.LEARNED and self._population is not None:
            return self._choice.learned_starts(self._population, weights)
        starts = self._pool.build(self._pool.choose(weights / self._span))
        if self._relaxed is not None:
            for n, vector in enumerate(weights):
                same = np.flatnonzero((np.abs(self._relaxed.weights - vector) < 1e-9).all(axis=1))
                if len(same):
                    starts[n] = self._relaxed.plans[same[0]]
        return starts

    def _relatives(self) -> Genes:
        """Recombinations of the pool by epochs, or children of the population."""
        if self._population is not None:
            children, self._targets = self._population.offspring(self._rng)
            return children
        if not self._settings.children:
            return np.empty((0, self._task.problem.genes), np.int16)
        vectors = self._choice.recombination_weights(self._settings.children)
        chosen = self._pool.choose(vectors / self._span)
        # Path relinking: between the best plans of two near weight vectors, epoch by epoch.
        nearest = nearest_other(vectors)
        mixed = np.where(
            self._rng.random(chosen.shape) < self._rng.random((len(chosen), 1)),
            chosen,
            chosen[nearest],
        )
        combined = self._pool.build(np.unique(np.concatenate([chosen, mixed]), axis=0))
        return np.concatenate([combined, self._mutants(self._settings.children // MUTANTS)])

    def _mutants(self, count: int) -> Genes:
        """Children of pairs of archived plans, a few genes changed: what weighted sums miss."""
        problem, parents = self._task.problem, self._archive.population
        if not len(parents) or not count:
            return np.empty((0, problem.genes), np.int16)
        mothers, fathers = self._rng.integers(len(parents), size=(2, -(-count // 2)))
        pairs = by_block(
            parents[mothers], parents[fathers], block_first=problem.epoch_gene, rng=self._rng
        )
        rate = min(1.0, MUTATED_GENES / problem.genes)
        mutated = reset(pairs[:count], rate=rate, rng=self._rng, **options_of(problem))
        return canonical(mutated, group_first=problem.group_first)

    def _evolve(self, plans: Plans, searched: int) -> None:
        assert self._population is not None
        values = (plans.F - self._low) / self._span + plans.G[:, None]
        targets = self._choice.targets(self._population)
        self._population.replace(plans.X[:searched], values[:searched], targets, searched=True)
        self._population.replace(
            plans.X[searched:], values[searched:], self._targets, searched=False
        )
        self._choice.learn_ends(values[:searched])

    def _rescale(self) -> None:
        """The box of the front found so far, once its corners were searched."""
        values = self._archive.objectives
        if len(values) > 1:
            self._low, self._span = values.min(axis=0), _width(values)

    def _keep_least(self, plans: Plans) -> None:
        if len(self._archive):
            self._least = None
            return
        rows = plans if self._least is None else stacked([self._least, plans])
        best = [int(rows.G.argmin())]
        self._least = Plans(rows.X[best], rows.F[best], rows.G[best])

    def state(self) -> State:
        """Everything that the next step depends on."""
        self._turn.settled()
        relaxed, population, least = self._relaxed, self._population, self._least
        state: dict[str, Any] = {
            "step": self._step,
            "moves": self.moves,
            "rng": self._rng.bit_generator.state,
            "low": self._low,
            "span": self._span,
            "archive_plans": self._archive.population,
            "archive_values": self._archive.objectives,
            "pool_plans": self._pool.plans,
            "pool_parts": self._pool.parts,
            "pool_excess": self._pool.excess,
            **self._choice.state(),
        }
        if relaxed is not None:
            state["relaxed_weights"], state["relaxed_plans"] = relaxed.weights, relaxed.plans
        if population is not None:
            state["population_plans"] = population.plans
            state["population_values"] = population.values
            state["population_searched"] = population.searched
        if least is not None:
            state["least_plans"], state["least_values"], state["least_violation"] = least
        return state

    def restore(self, state: State) -> None:
        """Continue where another process stopped."""
        self._step, self.moves = state["step"], state["moves"]
        self._rng.bit_generator.state = state["rng"]
        self._low, self._span = state["low"], state["span"]
        self._archive.add(state["archive_plans"], state["archive_values"])
        self._pool.plans = state["pool_plans"]
        self._pool.parts = state["pool_parts"]
        self._pool.excess = state["pool_excess"]
        self._choice.restore(state)
        if "relaxed_plans" in state:
            self._relaxed = RelaxedStarts(
                self._low, self._span, state["relaxed_weights"], state["relaxed_plans"]
            )
        if self._population is not None:
            self._population.plans = state["population_plans"]
            self._population.values = state["population_values"]
            self._population.searched = state["population_searched"]
        if "least_plans" in state:
            self._least = Plans(
                state["least_plans"], state["least_values"], state["least_violation"]
            )


def build(setup: Setup) -> Metaheuristic:
    """The optimizer for a task."""
    return Metaheuristic(setup)


def _width(values: Floats) -> Floats:
    span = np.ptp(values, axis=0)
    return np.asarray(np.where(span > 0, span, np.maximum(np.abs(values[0]), 1.0)))
