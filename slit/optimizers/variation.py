"""How the population searches make plans: `operators/` bound to one problem.

All of them (native, pymoo, DEAP) vary plans in the same way, so that comparisons are about
selection. Plans are in canonical form: the chunks of a group are sorted (model.md section 1).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from operators import crossover, mutation, sampling
from operators.canonical import canonical
from operators.dominance import distinct_rows
from operators.repair import repair
from operators.types import Floats, Genes, Integers, Longs
from slit.errors import SlitError
from slit.front import kept_rows
from slit.optimizers.protocol import Plans, State
from slit.problem import Problem
from slit.problem.binding import loads_of, options_of

ATTEMPTS = 10
"""Times that children are made anew where some repeat what is known."""


LARGEST_POPULATION = 100_000


@dataclass(frozen=True, slots=True)
class VariationSettings:
    """How children are made.

    `population`: plans of a generation. `crossover`: probability that a pair is crossed.
    `block_share`: of the crossed pairs, those that exchange whole epochs; the others exchange
    single chunks. `mutations`: mean number of chunks that a child moves elsewhere. `repair`:
    whether overloaded pools are relieved before a plan is evaluated.
    """

    population: int = 100
    crossover: float = 0.9
    block_share: float = 0.5
    mutations: float = 1.0
    repair: bool = True

    def __post_init__(self) -> None:
        if self.population < 4:
            raise SlitError(f"population: {self.population}, expected at least 4 (plans)")
        if self.population > LARGEST_POPULATION:
            raise SlitError(
                f"population: {self.population}, expected at most {LARGEST_POPULATION} (plans)"
            )
        for name in ("crossover", "block_share"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise SlitError(f"{name}: {value}, expected 0 to 1 (probability)")
        if not self.mutations >= 0:
            raise SlitError(f"mutations: {self.mutations}, expected 0 or more (chunks a child)")


class Variation:
    """Sampling, crossover, mutation and repair of plans (N, G) of one problem."""

    def __init__(self, problem: Problem, settings: VariationSettings) -> None:
        self.settings = settings
        self._genes = problem.genes
        self._group_first = problem.group_first
        self._epoch_gene = problem.epoch_gene
        self._rate = min(1.0, settings.mutations / problem.genes)
        self._options = options_of(problem)
        self._loads = loads_of(problem)

    def sample(self, count: int, *, rng: Generator, start: Genes | None = None) -> Genes:
        """`count` plans: those of `start` first, the others random."""
        given = np.empty((0, self._genes), np.int16)
        if start is not None:
            given = canonical(start[:count], group_first=self._group_first)
        random = sampling.uniform(count - len(given), **self._options, rng=rng)
        return np.concatenate([given, self.finished(random, rng=rng)])

    def cross(self, first: Genes, second: Genes, *, rng: Generator) -> Genes:
        """Children (2K, G) of K pairs of plans; those of pair k are 2k and 2k + 1."""
        settings = self.settings
        blocks = rng.random(len(first)) < settings.block_share
        children = np.empty((len(first), 2, first.shape[1]), np.int16)
        shape = (-1, 2, first.shape[1])
        children[blocks] = crossover.by_block(
            first[blocks],
            second[blocks],
            block_first=self._epoch_gene,
            probability=settings.crossover,
            rng=rng,
        ).reshape(shape)
        children[~blocks] = crossover.uniform(
            first[~blocks], second[~blocks], probability=settings.crossover, rng=rng
        ).reshape(shape)
        return children.reshape(-1, first.shape[1])

    def mutate(self, plans: Genes, *, rng: Generator) -> Genes:
        """The plans, each with a few chunks elsewhere."""
        return mutation.reset(plans, **self._options, rate=self._rate, rng=rng)

    def children(
        self, population: Genes, *, parents: Callable[[int], Longs], rng: Generator
    ) -> Genes:
        """As many new plans as there are in `population` (N, G), all distinct from it and each
        other as far as `ATTEMPTS` allow; `parents(n)` draws n rows."""
        found = population[:0]
        for _ in range(ATTEMPTS):
            missing = len(population) - len(found)
            rows = parents(missing + missing % 2)
            first, second = population[rows[0::2]], population[rows[1::2]]
            plans = self.mutate(self.cross(first, second, rng=rng)[:missing], rng=rng)
            plans = self.finished(plans, rng=rng)
            known = np.concatenate([population, found])
            found = np.concatenate([found, plans[distinct_rows(plans, known=known)]])
            if len(found) == len(population):
                break
        return found

    def finished(self, plans: Integers, *, rng: Generator) -> Genes:
        """The plans as they are evaluated: repaired, if the settings say so, and canonical."""
        if self.settings.repair and len(plans):
            plans = repair(plans, **self._options, **self._loads, rng=rng).population
        return canonical(plans, group_first=self._group_first)


@dataclass(slots=True)
class RankedPopulation:
    """A population with what selection knows of it: front (N,) and crowding distance (N,)."""

    plans: Plans
    rank: Longs
    crowding: Floats

    def state(self, rng: Generator) -> State:
        """The population and the random numbers to come, for a checkpoint."""
        return {
            **self.plans._asdict(),
            "rank": self.rank,
            "crowding": self.crowding,
            "rng": rng.bit_generator.state,
        }

    @classmethod
    def restored(cls, state: State, rng: Generator) -> "RankedPopulation":
        """The population of a state, in arrays of its own; `rng` goes on as it says."""
        rng.bit_generator.state = state["rng"]
        X, F, G, rank, crowding = (
            np.array(state[name]) for name in ("X", "F", "G", "rank", "crowding")
        )
        return cls(Plans(X, F, G), rank, crowding)


def kept_plans(X: Genes, F: Floats, G: Floats) -> Plans:
    """What a search keeps of its plans: the best rows, one of those with equal objectives."""
    return Plans(X, F, G).rows(kept_rows(F, G))


def no_plans(genes: int, objectives: int) -> Plans:
    """What a search has before it was told anything."""
    return Plans(np.empty((0, genes), np.int16), np.empty((0, objectives)), np.empty(0))
