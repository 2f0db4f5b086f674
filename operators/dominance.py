"""Who dominates whom, and which points or chromosomes occur twice.

Objectives (N, M) are minimized. Constraint domination (Deb et al. 2002, section VI): the smaller
violation wins whatever the objectives; points of equal violation, feasible (0) or not, are
compared by their objectives. Equal points do not dominate one another.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from operators.arrays import read_floats, read_genes, read_violation
from operators.compiling import kernel
from operators.nsga2_survival import lexicographic_order, rank_points
from operators.types import Bools, Floats, Genes, Longs

STRETCH = 256
"""Points compared without a branch before looking whether one of them dominates."""


def front_ranks(
    objectives: ArrayLike, *, violation: ArrayLike | None = None, distinct: bool = False
) -> Longs:
    """Front of each point (N,), 0 = non-dominated: the efficient non-dominated sort.

    With `distinct` all but the first of points equal in violation and objectives get rank N.
    Time grows with N^2 M, at some 10^10 comparisons a second. ValueError on NaN or a violation < 0.
    """
    values = read_floats(objectives)
    return rank_points(values, read_violation(violation, points=len(values)), distinct)


def nondominated(objectives: ArrayLike, *, violation: ArrayLike | None = None) -> Bools:
    """Whether each point (N,) is dominated by none; equal points all stay.

    ValueError on NaN or a violation < 0.
    """
    values = read_floats(objectives)
    excess = read_violation(violation, points=len(values))
    mask = np.zeros(len(values), np.bool_)
    if len(values):
        level = np.flatnonzero(excess == excess.min())
        points = values[level]
        order = lexicographic_order(points, np.zeros(len(points)))
        mask[level[order]] = _undominated(np.ascontiguousarray(points[order].T))
    return mask


@kernel
def _undominated(columns: Floats) -> Bools:
    """Mask of points in lexicographic order, given by column (M, N)."""
    m, n = columns.shape
    kept = np.empty((m, n))
    mask = np.zeros(n, np.bool_)
    count = 0
    below = np.empty(STRETCH, np.int64)
    for s in range(n):
        equal = s > 0
        for column in range(m):
            equal = equal and columns[column, s] == columns[column, s - 1]
        if equal:
            mask[s] = mask[s - 1]
            continue
        dominated = False
        for start in range(0, count, STRETCH):
            length = min(STRETCH, count - start)
            below[:length] = 1
            for column in range(1, m):
                value = columns[column, s]
                values = kept[column][start : start + length]
                for j in range(length):
                    below[j] &= 1 if values[j] <= value else 0
            hits = 0
            for j in range(length):
                hits += below[j]
            if hits > 0:
                dominated = True
                break
        if not dominated:
            mask[s] = True
            for column in range(m):
                kept[column, count] = columns[column, s]
            count += 1
    return mask


def distinct_rows(population: ArrayLike, *, known: ArrayLike | None = None) -> Longs:
    """Indices, ascending, of the first of each group of equal chromosomes (N, G).

    Those that occur in `known` (K, G) are left out. Bring interchangeable genes into canonical
    form first (`canonical.canonical`).
    """
    rows = read_genes(population)
    before = read_genes(known, name="known") if known is not None else rows[:0]
    if before.shape[1] != rows.shape[1]:
        raise ValueError(f"known: {before.shape[1]} genes, expected {rows.shape[1]}")
    merged = np.concatenate([before, rows])
    hashes = row_hashes(merged)
    order = np.argsort(hashes, kind="stable")
    repeats = np.flatnonzero(hashes[order][1:] == hashes[order][:-1])
    if (merged[order[repeats]] == merged[order[repeats + 1]]).all():
        first = np.setdiff1d(order, order[repeats + 1])
    else:
        first = np.sort(np.unique(merged, axis=0, return_index=True)[1])
    return first[first >= len(before)] - len(before)


def distinct_objectives(objectives: ArrayLike) -> Longs:
    """Indices, ascending, of the first of each group of equal points (N, M)."""
    values = read_floats(objectives)
    return np.sort(np.unique(values, axis=0, return_index=True)[1])


def row_hashes(population: ArrayLike) -> Longs:
    """A 62-bit hash of each chromosome (N,), the same on every machine and in every session."""
    rows = read_genes(population)
    return _hash_rows(rows, _hash_weights(rows.shape[1]))


@lru_cache(maxsize=8)
def _hash_weights(genes: int) -> Longs:
    """Odd numbers below 2^47 (splitmix64, Steele et al. 2014): products with int16 stay exact."""
    words = np.arange(1, genes + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        words = (words ^ (words >> np.uint64(shift))) * np.uint64(factor)
    weights = ((words >> np.uint64(17)) | np.uint64(1)).astype(np.int64)
    weights.setflags(write=False)
    return weights


@kernel
def _hash_rows(rows: Genes, weights: Longs) -> Longs:
    n, genes = rows.shape
    hashes = np.zeros(n, np.int64)
    for i in range(n):
        mixed = np.int64(0)
        row = rows[i]
        for g in range(genes):
            mixed ^= row[g] * weights[g]
        hashes[i] = mixed
    return hashes
