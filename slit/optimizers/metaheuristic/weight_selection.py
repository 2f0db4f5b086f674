"""Which weight vectors and epochs to search next."""

import numpy as np
from numpy.random import Generator

from operators.directions import das_dennis
from operators.types import Bools, Floats, Genes, Longs
from slit.arrays import product
from slit.optimizers.metaheuristic.evolution import RANDOM_ROUNDS, Population
from slit.optimizers.metaheuristic.pool import EpochPool
from slit.optimizers.metaheuristic.settings import Guidance, Settings, Starts
from slit.optimizers.metaheuristic.surrogate import Surrogate
from slit.optimizers.protocol import State
from slit.problem import Problem
from slit.sandwich import lattice, loosest, points_within, unlike

SMALLEST_WEIGHT = 1e-5
"""Every objective keeps this weight, so that ties are broken and ends of the front are clean."""
CANDIDATES = 200
"""Weight vectors that are compared when the next ones are chosen."""
MOST_SCORES = 20_000_000
"""Plans times epochs times candidates that one choice may look at."""
SPACING = 0.08
"""Distance below which two weight vectors of one batch count as the same search."""
WORTHWHILE = 0.25
"""An epoch is searched if its expected gain is at least this share of the mean."""
EPOCH_FEATURES = 5
LATTICE = 1000
"""Weight vectors among which those are found where the front is loosest."""
EDGE, POWER = 1.1, 12
"""The box in which looseness is counted, in widths of the front, and its points: 2**POWER."""


class WeightSelection:
    """Hands out designed weight vectors first; then those that promise most.

    That is what the surrogate predicts, or, without it, where the front is loosest; where that is
    nowhere, what is farthest from the weight vectors already searched.
    """

    def __init__(
        self, problem: Problem, n_objectives: int, settings: Settings, *, rng: Generator
    ) -> None:
        self._settings = settings
        self._guided = settings.guidance is not Guidance.OFF
        self._rng = rng
        self._n_objectives = n_objectives
        self._epochs = problem.epochs
        self._load = _epoch_load(problem)
        self._queue = _design(n_objectives, settings.partitions, rng)
        self._next = 0
        self.voters = floored(das_dennis(n_objectives, max(settings.partitions, 8)))
        self._tight = not settings.loosest  # looked for only until nothing is loose
        self._searched = np.zeros((0, n_objectives))
        self._reached = np.zeros((0, n_objectives))
        features = n_objectives + EPOCH_FEATURES
        self._surrogate = Surrogate(features=features, seed=int(rng.integers(2**31)))
        self._end_surrogate = Surrogate(features=2 * n_objectives, seed=int(rng.integers(2**31)))
        self._batch = np.zeros((0, n_objectives))
        self._batch_rows = np.zeros((0, self._epochs, features))
        self._batch_epochs = np.zeros((0, self._epochs), dtype=np.bool_)
        self._start_values = np.zeros((0, n_objectives))

    @property
    def corner_batches(self) -> int:
        """Batches until each objective was searched for itself."""
        return -(-self._n_objectives // self._settings.batch)

    @property
    def swaps_pay(self) -> bool:
        """Whether swaps are worth their moves in the last batch."""
        return self._tight or len(self._searched) <= self.corner_batches * self._settings.batch

    def next_batch(self, pool: EpochPool, low: Floats, span: Floats) -> tuple[Floats, Bools]:
        """Weight vectors (B, M) of the box `low` + `span`, and the epochs to search (B, T)."""
        count = self._settings.batch
        weights = self._queue[self._next : self._next + count]
        self._next += len(weights)
        if not (len(weights) or self._tight or self._guided):
            reached = (self._reached - low) / span
            weights = floored(loosest_weights(self._searched, reached, count=count))
        if len(weights):
            rows = self._features(weights, pool, span)
            epochs = np.ones((len(weights), self._epochs), dtype=np.bool_)
        else:
            self._tight = True
            weights, epochs, rows = self._promising(pool, span, count)
        self._batch, self._batch_rows, self._batch_epochs = weights, rows, epochs
        self._searched = np.concatenate([self._searched, weights])
        return weights, epochs

    def learn(self, gains: Floats, reached: Floats) -> None:
        """Gains of the last batch's epochs (B, T), and objectives of its feasible plans (n, M)."""
        self._reached = np.concatenate([self._reached, reached])
        if self._guided:
            marked = self._batch_epochs
            self._surrogate.learn(self._batch_rows[marked], gains[marked])

    def recombination_weights(self, count: int) -> Floats:
        """Weight vectors (count, M) all over the simplex, for recombination."""
        return _dirichlet(count, self._n_objectives, self._rng)

    def _promising(self, pool: EpochPool, span: Floats, count: int) -> tuple[Floats, Bools, Floats]:
        most = max(count, MOST_SCORES // (len(pool) * self._epochs))
        candidates = self.recombination_weights(min(CANDIDATES, most))
        distance = _distances(candidates, self._searched).min(axis=1)
        everything = np.ones((count, self._epochs), dtype=np.bool_)
        gains = None
        if self._guided:
            rows = self._features(candidates, pool, span)
            flat = self._surrogate.predict(rows.reshape(-1, rows.shape[2]))
            gains = None if flat is None else flat.reshape(rows.shape[:2])
        if gains is None:
            chosen = np.argsort(-distance, kind="stable")[:count]
            return candidates[chosen], everything, self._features(candidates[chosen], pool, span)
        promise = _promise(self._settings.guidance, gains.sum(axis=1), distance)
        chosen = _apart(candidates, promise, count)
        if self._settings.guidance is Guidance.WEIGHTS:
            return candidates[chosen], everything[: len(chosen)], rows[chosen]
        epochs = gains[chosen] >= WORTHWHILE * gains[chosen].mean(axis=1, keepdims=True)
        return candidates[chosen], epochs, rows[chosen]

    def _features(self, weights: Floats, pool: EpochPool, span: Floats) -> Floats:
        """(N, T, F): weights, hour, load, value of the start, distance to what was searched."""
        shape = (len(weights), self._epochs)
        if not self._guided:
            return np.zeros((*shape, self._n_objectives + EPOCH_FEATURES))
        chosen = pool.choose(weights / span)
        epochs = np.arange(self._epochs)
        parts = pool.parts[chosen, epochs[None, :], : self._n_objectives] / span
        value = np.einsum("ntm,nm->nt", parts, weights)
        distance = np.ones(len(weights))
        if len(self._searched):
            distance = _distances(weights, self._searched).min(axis=1)
        columns = [np.broadcast_to(column[:, None], shape) for column in weights.T]
        columns += [
            np.broadcast_to(np.sin(2 * np.pi * epochs / self._epochs), shape),
            np.broadcast_to(np.cos(2 * np.pi * epochs / self._epochs), shape),
            np.broadcast_to(self._load, shape),
            value,
            np.broadcast_to(distance[:, None], shape),
        ]
        return np.stack(columns, axis=-1)

    def population_starts(self, population: Population, weights: Floats) -> Genes:
        """For each weight vector the plan from which local search is expected to gain most.

        Random in the first rounds, as in MOELA, and always if starts are not to be learned.
        """
        count = len(population.plans)
        chosen = self._rng.integers(count, size=len(weights))
        learned = self._settings.starts is Starts.LEARNED
        if learned and len(self._searched) > RANDOM_ROUNDS * self._settings.batch:
            for n, vector in enumerate(weights):
                pairs = np.concatenate(
                    [population.values, np.repeat(vector[None, :], count, axis=0)], axis=1
                )
                gains = self._end_surrogate.predict(pairs)
                if gains is not None:
                    chosen[n] = int(gains.argmax())
        self._start_values = population.values[chosen]
        return population.plans[chosen]

    def evolve(self, population: Population, plans: Genes, values: Floats, targets: Longs) -> None:
        """Let the last batch into the population: the searched plans, then their children.

        `values` (N, M) are in the unit box; `targets` are the cells that the children are for.
        """
        searched = len(self._batch)
        cells = _distances(self._batch, population.weights).argmin(axis=1)
        population.replace(plans[:searched], values[:searched], cells, searched=True)
        population.replace(plans[searched:], values[searched:], targets, searched=False)
        if self._settings.starts is Starts.LEARNED:
            gains = ((self._start_values - values[:searched]) * self._batch).sum(axis=1)
            self._end_surrogate.learn(
                np.concatenate([self._start_values, self._batch], axis=1), gains
            )

    def state(self) -> State:
        """What the next choice depends on, besides the random numbers."""
        return {
            "queue": self._queue,
            "queue_next": self._next,
            "searched": self._searched,
            "reached": self._reached,
            "tight": self._tight,
            **{f"guide_{name}": value for name, value in self._surrogate.state().items()},
            **{f"ends_{name}": value for name, value in self._end_surrogate.state().items()},
        }

    def restore(self, state: State) -> None:
        """Take the state over."""
        self._queue, self._next = state["queue"], state["queue_next"]
        self._searched, self._tight = state["searched"], state["tight"]
        self._reached = state["reached"]
        for prefix, surrogate in (("guide_", self._surrogate), ("ends_", self._end_surrogate)):
            own = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
            surrogate.restore(own)


def floored(weights: Floats) -> Floats:
    """Weights (N, M) with a little of everything, summing to 1."""
    raised = np.maximum(weights, SMALLEST_WEIGHT)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def loosest_weights(searched: Floats, reached: Floats, *, count: int) -> Floats:
    """At most `count` weight vectors whose sums may fall most: none if there is no such place.

    What local search found for the weights `searched` (K, M), objectives `reached` (N, M) in the
    unit box, counts as the least there is.
    """
    objectives = searched.shape[1]
    if objectives < 2 or not len(reached):
        return np.empty((0, objectives))
    candidates = unlike(lattice(objectives, LATTICE), searched)
    if not len(candidates):
        return candidates
    least = product(reached, searched.T).min(axis=0)
    points = points_within(searched, least, edge=EDGE, power=POWER)
    return loosest(candidates, product(reached, candidates.T).min(axis=0), points, count=count)


def nearest_other(vectors: Floats) -> Longs:
    """For each of N vectors (N, M) the nearest of the others."""
    distance = _distances(vectors, vectors)
    np.fill_diagonal(distance, np.inf)
    return np.asarray(distance.argmin(axis=1), dtype=np.int64)


def _design(objectives: int, partitions: int, rng: Generator) -> Floats:
    """A lattice of weights (N, M), each objective for itself first, the others in any order."""
    designed = floored(das_dennis(objectives, partitions))
    corners = np.argsort(-designed.max(axis=1), kind="stable")[:objectives]
    inside = rng.permutation(np.setdiff1d(np.arange(len(designed)), corners))
    return np.concatenate([designed[corners], designed[inside]])


def _dirichlet(count: int, objectives: int, rng: Generator) -> Floats:
    """Random weights (count, M), half of them rather near the edges."""
    concentration = rng.choice([0.3, 1.0], size=count)
    shape = np.repeat(concentration[:, None], objectives, axis=1)
    drawn = rng.standard_gamma(shape) + 1e-12
    return floored(drawn / drawn.sum(axis=1, keepdims=True))


def _epoch_load(problem: Problem) -> Floats:
    """Requests of each epoch over the mean, (T,)."""
    load = np.bincount(
        problem.group_epoch, weights=problem.group_requests, minlength=problem.epochs
    )
    return np.asarray(load / load.mean())


def _distances(vectors: Floats, others: Floats) -> Floats:
    return np.asarray(np.abs(vectors[:, None, :] - others[None, :, :]).sum(axis=2))


def _promise(guidance: Guidance, gain: Floats, distance: Floats) -> Floats:
    """What counts for weight vectors (N,): expected gain, distance from others, or both."""
    if guidance is Guidance.EPOCHS:
        return distance
    return gain * distance if guidance is Guidance.NOVEL else gain


def _apart(candidates: Floats, promise: Floats, count: int) -> Longs:
    """The `count` most promising candidates that are not too close to each other."""
    left = promise.copy()
    chosen: list[int] = []
    for _ in range(min(count, len(candidates))):
        best = int(left.argmax())
        chosen.append(best)
        near = _distances(candidates, candidates[best : best + 1])[:, 0] < SPACING
        left[near] *= 0.1
        left[chosen] = -np.inf
    return np.array(chosen, dtype=np.int64)
