"""An archive of non-dominated points that keeps what it promises to keep."""

import numpy as np
from numpy.typing import ArrayLike

from operators.arrays import (
    check_length,
    check_positive,
    read_floats,
    read_genes,
    read_longs,
    read_violation,
)
from operators.compiling import kernel
from operators.types import Bools, Floats, Genes, Longs

SMALLEST_STEP = 256
"""Points of a large batch that are added to a bounded archive at once, at least."""


class Archive:
    """Mutually non-dominated feasible points, with the chromosome and a label of each.

    Without `capacity`, every point ever offered is in the archive or (weakly) dominated by one that
    is. With it, these promises are kept whatever is offered:

    - The smallest value ever offered of each objective, and of each weighted sum in `weights`
      (W, M; applied to the objectives as they are), is held by a point of the archive.
    - A point leaves only if a new one dominates it or the archive is above its capacity. Then the
      most crowded goes, one at a time: the point with the nearest neighbor (equals: the nearest
      second neighbor, then the youngest), in objectives scaled to the archive's range. Points that
      hold a promise do not go.

    Of points with equal objectives the first stays. Rows are in the order of their arrival. The
    state is these rows and nothing else: adding them, in their order, to a new archive of the same
    settings restores it. ValueError if the capacity is smaller than the number of promises.
    """

    def __init__(
        self,
        *,
        genes: int,
        objectives: int,
        capacity: int | None = None,
        weights: ArrayLike | None = None,
    ) -> None:
        check_positive(genes, name="genes", smallest=0)
        check_positive(objectives, name="objectives")
        sums = read_floats(
            np.zeros((0, objectives)) if weights is None else weights, name="weights"
        )
        if sums.shape[1] != objectives:
            raise ValueError(f"weights: {sums.shape[1]} columns, expected {objectives}")
        self._promises = np.concatenate([np.eye(objectives), sums])
        if capacity is not None and capacity < len(self._promises):
            raise ValueError(
                f"capacity: {capacity}, expected {len(self._promises)} or more"
                " (objectives and weights)"
            )
        self._capacity = capacity
        self._objectives = np.zeros((0, objectives))
        self._labels = np.zeros(0, np.int64)
        self._slots = np.zeros(0, np.int64)
        self._genes = np.zeros((0, genes), np.int16)
        self._free = np.zeros(0, np.int64)

    def __len__(self) -> int:
        """Number of points n."""
        return len(self._objectives)

    @property
    def capacity(self) -> int | None:
        """Largest number of points, None for any."""
        return self._capacity

    @property
    def objectives(self) -> Floats:
        """A copy of the objectives (n, M)."""
        return self._objectives.copy()

    @property
    def population(self) -> Genes:
        """A copy of the chromosomes (n, G)."""
        return self._genes[self._slots]

    @property
    def labels(self) -> Longs:
        """A copy of the labels (n,)."""
        return self._labels.copy()

    def add(
        self,
        population: ArrayLike,
        objectives: ArrayLike,
        *,
        violation: ArrayLike | None = None,
        labels: ArrayLike | None = None,
    ) -> Bools:
        """Offer chromosomes (K, G) with objectives (K, M); returns which are in afterwards (K,).

        Points of a positive violation (K,) are refused. Labels (K,) are integers >= 0 that stay
        with the points (0 where not given). Adding many points in one call is faster than one by
        one. ValueError if shapes do not fit or an objective is not finite.
        """
        rows, values = read_genes(population), read_floats(objectives)
        marks = read_longs(
            np.zeros(len(rows), np.int64) if labels is None else labels, name="labels"
        )
        self._check(rows, values)
        check_length(marks, len(rows), name="labels", meaning="one a chromosome")
        feasible = np.flatnonzero(read_violation(violation, points=len(rows)) == 0.0)
        step = len(rows) if self._capacity is None else max(self._capacity, SMALLEST_STEP)
        origin = np.full(len(self), -1)
        for start in range(0, len(feasible), max(step, 1)):
            offered = feasible[start : start + step]
            alive = self._alive(values[offered])
            held, entering = alive[: len(self)], offered[alive[len(self) :]]
            origin = np.concatenate([origin[held], entering])
            self._replace(held, rows[entering], values[entering], marks[entering])
        inside = np.zeros(len(rows), np.bool_)
        inside[origin[origin >= 0]] = True
        return inside

    def _check(self, rows: Genes, values: Floats) -> None:
        if rows.shape[1] != self._genes.shape[1]:
            raise ValueError(f"population: {rows.shape[1]} genes, expected {self._genes.shape[1]}")
        check_length(values, len(rows), name="objectives", meaning="one row a chromosome")
        if values.shape[1] != self._objectives.shape[1]:
            raise ValueError(
                f"objectives: {values.shape[1]} columns, expected {self._objectives.shape[1]}"
            )
        if not np.isfinite(values).all():
            raise ValueError("objectives: infinite, expected finite numbers")

    def _alive(self, offered: Floats) -> Bools:
        """Which of the n archived and then the offered points are to stay."""
        merged = np.concatenate([self._objectives, offered])
        alive = _screen(np.ascontiguousarray(merged.T), len(self))
        if self._capacity is not None and np.count_nonzero(alive) > self._capacity:
            points = np.ascontiguousarray(merged[alive])
            low, span = points.min(axis=0), np.ptp(points, axis=0)
            scaled = (points - low) / np.where(span > 0.0, span, 1.0)
            protected = _champions(points, self._promises)
            alive[alive] = _thin(np.ascontiguousarray(scaled.T), protected, self._capacity)
        return alive

    def _replace(self, held: Bools, rows: Genes, values: Floats, labels: Longs) -> None:
        free = np.concatenate([self._free, self._slots[~held]])
        missing = len(rows) - len(free)
        if missing > 0:
            size = len(self._genes)
            grown = np.empty((max(size + missing, 2 * size), self._genes.shape[1]), np.int16)
            grown[:size] = self._genes
            self._genes = grown
            free = np.concatenate([free, np.arange(size, len(grown))])
        taken, self._free = free[: len(rows)], free[len(rows) :]
        self._genes[taken] = rows
        self._slots = np.concatenate([self._slots[held], taken])
        self._objectives = np.concatenate([self._objectives[held], values])
        self._labels = np.concatenate([self._labels[held], labels])


@kernel
def _screen(columns: Floats, archived: int) -> Bools:
    """Who stays (n,) when points, by column (M, n), are added to the first `archived` of them.

    Those before do not dominate one another. The inner loops are without branches.
    """
    m, n = columns.shape
    alive = np.zeros(n, np.int64)
    for j in range(archived):
        alive[j] = 1
    covers, covered = np.empty(n, np.int64), np.empty(n, np.int64)
    for i in range(archived, n):
        for j in range(i):
            covers[j], covered[j] = alive[j], alive[j]
        for row in range(m):
            values, new = columns[row], columns[row, i]
            for j in range(i):
                covers[j] &= 1 if values[j] <= new else 0
                covered[j] &= 1 if new <= values[j] else 0
        covering = 0
        for j in range(i):
            covering += covers[j]
        if covering == 0:
            alive[i] = 1
            for j in range(i):
                alive[j] -= covered[j]
    stays: Bools = alive == 1
    return stays


@kernel
def _champions(values: Floats, weights: Floats) -> Bools:
    """Points (n,) that have the smallest of a weighted sum, the first of equals."""
    holds = np.zeros(values.shape[0], np.bool_)
    for w in range(weights.shape[0]):
        best, champion = np.inf, 0
        for i in range(values.shape[0]):
            total = 0.0
            for m in range(values.shape[1]):
                total += weights[w, m] * values[i, m]
            if total < best:
                best, champion = total, i
        holds[champion] = True
    return holds


@kernel
def _thin(columns: Floats, protected: Bools, capacity: int) -> Bools:
    """Drop the most crowded unprotected points, given by column (M, n), down to the capacity."""
    n = columns.shape[1]
    alive = np.ones(n, np.bool_)
    near, who = np.empty((n, 2)), np.empty((n, 2), np.int64)
    distance = np.empty(n)
    for i in range(n):
        _find_nearest(columns, alive, i, distance, near[i], who[i])
    for _ in range(n - capacity):
        victim = -1
        for i in range(n):
            if alive[i] and not protected[i]:
                tied = near[i, 0] == near[victim, 0] and near[i, 1] <= near[victim, 1]
                if victim < 0 or tied or near[i, 0] < near[victim, 0]:
                    victim = i
        alive[victim] = False
        for i in range(n):
            if alive[i] and (who[i, 0] == victim or who[i, 1] == victim):
                _find_nearest(columns, alive, i, distance, near[i], who[i])
    return alive


@kernel
def _find_nearest(
    columns: Floats, alive: Bools, i: int, distance: Floats, near: Floats, who: Longs
) -> None:
    """Squared distances to the two nearest living neighbors of point i, and who they are."""
    distance[:] = 0.0
    for m in range(columns.shape[0]):
        values, own = columns[m], columns[m, i]
        for j in range(values.shape[0]):
            distance[j] += (values[j] - own) * (values[j] - own)
    near[:] = np.inf
    who[:] = -1
    for j in range(distance.shape[0]):
        if distance[j] < near[1] and alive[j] and j != i:
            if distance[j] < near[0]:
                near[1], who[1] = near[0], who[0]
                near[0], who[0] = distance[j], j
            else:
                near[1], who[1] = distance[j], j
