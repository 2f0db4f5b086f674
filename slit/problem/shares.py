"""From shares of request groups to whole chunks."""

import numpy as np

from operators.types import Floats, Genes, Integers, Ints, Longs
from slit.errors import SlitError
from slit.problem.arrays import Problem

TINY_SHARE = 1e-9


def round_shares(problem: Problem, shares: Floats) -> Genes:
    """A plan (G,) in canonical form from the shares (J, P) of each group at each placement."""
    counts = whole_chunks(shares, problem.group_chunks)
    group, placement = np.nonzero(counts)
    return np.repeat(placement, counts[group, placement]).astype(np.int16)


def counts_of(problem: Problem, plan: Genes) -> Longs:
    """The chunks (J, P) of each group at each placement."""
    counts = np.zeros((problem.groups, problem.placements), np.int64)
    np.add.at(counts, (problem.gene_group, plan), 1)
    return counts


def shares_in_plan(problem: Problem, plan: Genes, groups: Integers) -> Floats:
    """(I, P): the shares of groups (I,) of a plan (G,), zero for a group of -1."""
    first, placements = problem.group_first, problem.placements
    shares = np.zeros((len(groups), placements))
    for i, group in enumerate(groups):
        if group >= 0:
            genes = plan[first[group] : first[group + 1]]
            shares[i] = np.bincount(genes, minlength=placements) / len(genes)
    return shares


def whole_chunks(shares: Floats, chunks: Ints) -> Longs:
    """The chunks (J, P) of each group at each placement from shares (J, P), by largest remainder:
    each placement gets the whole chunks of its share, and those left go to the largest remainders.

    chunks: of each group, (J,).
    """
    group, placement = np.nonzero(shares > TINY_SHARE)
    share = shares[group, placement]
    total = np.bincount(group, share, minlength=len(chunks))
    if (total <= 0).any():
        empty = int(np.flatnonzero(total <= 0)[0])
        raise SlitError(f"shares: group {empty} has none, expected a sum of 1 (share of requests)")
    wanted = share / total[group] * chunks[group]
    whole = np.floor(wanted + TINY_SHARE).astype(np.int64)
    missing = chunks - np.bincount(group, whole, minlength=len(chunks))
    order = np.lexsort((-(wanted - whole), group))
    first = np.searchsorted(group, np.arange(len(chunks)))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - first[group[order]]
    counts = np.zeros(shares.shape, np.int64)
    counts[group, placement] = whole + (rank < missing[group])
    return counts
