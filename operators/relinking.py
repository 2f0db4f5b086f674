"""Path relinking and recombination of chromosomes by contiguous blocks of genes.

Block b of a chromosome (G,) holds the genes block_first[b] .. block_first[b + 1] - 1 (B + 1
offsets that cover all genes). Where objectives are sums over blocks, the best child of K parents
is a choice of one parent for each block: `best_blocks`, or `best_chain` where neighboring blocks
depend on one another.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from operators.arrays import (
    check_length,
    check_positive,
    read_first,
    read_floats,
    read_genes,
    read_longs,
)
from operators.compiling import kernel
from operators.types import Floats, Genes, Ints, Longs


def differing_blocks(start: ArrayLike, guide: ArrayLike, *, block_first: ArrayLike) -> Longs:
    """Indices, ascending, of the blocks in which two chromosomes (G,) differ."""
    mover, target, first = _pair(start, guide, block_first)
    return _differing(mover, target, first)


def relink(
    start: ArrayLike,
    guide: ArrayLike,
    *,
    block_first: ArrayLike,
    rng: Generator | None = None,
    limit: int | None = None,
) -> Genes:
    """The path from `start` to `guide` (G,), one more differing block at each step: (C, G).

    The steps take the blocks from the guide in their order, or in a random order drawn with `rng`.
    Both ends are left out: D differing blocks give D - 1 children, of which at most `limit`, spread
    evenly along the path, are made. ValueError if the shapes do not fit.
    """
    mover, target, first = _pair(start, guide, block_first)
    blocks = _differing(mover, target, first)
    if rng is not None:
        blocks = rng.permutation(blocks)
    steps = np.arange(1, len(blocks))
    if limit is not None:
        check_positive(limit, name="limit", smallest=0)
        if len(steps) > limit:
            steps = len(blocks) * np.arange(1, limit + 1) // (limit + 1)
    children = np.empty((len(steps), len(mover)), np.int16)
    _walk(mover, target, first, blocks, steps, children)
    return children


def take_blocks(
    start: ArrayLike, guide: ArrayLike, blocks: ArrayLike, *, block_first: ArrayLike
) -> Genes:
    """The chromosome (G,) `start` with the named blocks taken from `guide`.

    ValueError if the shapes do not fit or a block does not exist.
    """
    mover, target, first = _pair(start, guide, block_first)
    taken = read_longs(blocks, name="blocks")
    if len(taken) and taken.max() >= len(first) - 1:
        raise ValueError(f"blocks: {taken.max()}, expected below {len(first) - 1} (blocks)")
    child: Genes = np.empty(len(mover), np.int16)
    _walk(mover, target, first, taken, np.array([len(taken)]), child.reshape(1, -1))
    return child


def recombine(parents: ArrayLike, choice: ArrayLike, *, block_first: ArrayLike) -> Genes:
    """Children that take block b from parent choice[..., b]: (B,) -> (G,), (C, B) -> (C, G).

    `parents` is (K, G). ValueError if the shapes do not fit or a parent does not exist.
    """
    rows = read_genes(parents, name="parents")
    first = read_first(block_first, genes=rows.shape[1])
    choices = np.asarray(choice)
    table = read_longs(np.atleast_2d(choices), name="choice", dimensions=2)
    if table.shape[1] != len(first) - 1:
        raise ValueError(f"choice: {table.shape[1]} blocks, expected {len(first) - 1}")
    if table.size and table.max() >= len(rows):
        raise ValueError(f"choice: {table.max()}, expected below {len(rows)} (parents)")
    children: Genes = np.empty((len(table), rows.shape[1]), np.int16)
    _gather(rows, table, first, children)
    return children if choices.ndim == 2 else children[0]


def best_blocks(scores: ArrayLike) -> Longs:
    """The parent of the smallest score for each block: (K, B) -> (B,), the first of equals.

    Where a scalarized objective is a sum of independent blocks, no choice has a smaller sum.
    ValueError without parents or on NaN.
    """
    table = read_floats(scores, name="scores")
    check_positive(len(table), name="scores (parents)")
    best: Longs = np.argmin(table, axis=0)
    return best


def best_blocks_by_weight(partials: ArrayLike, weights: ArrayLike) -> Longs:
    """`best_blocks` for many weighted sums at once: partials (K, B, M), weights (W, M) -> (W, B).

    ValueError if the shapes do not fit, without parents or on NaN.
    """
    sums = read_floats(partials, name="partials", dimensions=3)
    vectors = read_floats(weights, name="weights")
    check_positive(len(sums), name="partials (parents)")
    if sums.shape[2] != vectors.shape[1]:
        raise ValueError(f"weights: {vectors.shape[1]} columns, expected {sums.shape[2]}")
    best: Longs = np.argmin(np.einsum("kbm,wm->wkb", sums, vectors), axis=1)
    return best


def best_chain(scores: ArrayLike, links: ArrayLike) -> Longs:
    """The parent of each block (B,) with the smallest sum where neighboring blocks interact.

    `scores` (K, B) is what block b costs from parent k; links[b, j, k] (B - 1, K, K) what is added
    when block b comes from parent j and block b + 1 from parent k. Exact by dynamic programming
    (Viterbi 1967), in B K^2 steps; the first of equals. ValueError if the shapes do not fit or
    there are no parents or blocks.
    """
    table = read_floats(scores, name="scores")
    between = read_floats(links, name="links", dimensions=3)
    parents, blocks = table.shape
    check_positive(parents, name="scores (parents)")
    check_positive(blocks, name="scores (blocks)")
    if between.shape != (blocks - 1, parents, parents):
        expected = (blocks - 1, parents, parents)
        raise ValueError(f"links: shape {between.shape}, expected {expected}")
    return _chain(table, between)


def _pair(start: ArrayLike, guide: ArrayLike, block_first: ArrayLike) -> tuple[Genes, Genes, Ints]:
    mover = read_genes(start, name="start", dimensions=1)
    target = read_genes(guide, name="guide", dimensions=1)
    check_length(target, len(mover), name="guide", meaning="genes of start")
    return mover, target, read_first(block_first, genes=len(mover))


@kernel
def _differing(start: Genes, guide: Genes, block_first: Ints) -> Longs:
    blocks = block_first.shape[0] - 1
    differs = np.zeros(blocks, np.bool_)
    for b in range(blocks):
        for g in range(block_first[b], block_first[b + 1]):
            if start[g] != guide[g]:
                differs[b] = True
                break
    return np.flatnonzero(differs)


@kernel
def _walk(
    start: Genes, guide: Genes, block_first: Ints, blocks: Longs, steps: Longs, children: Genes
) -> None:
    """Child c has the first steps[c] (not falling) of `blocks` from the guide."""
    taken = 0
    for c in range(steps.shape[0]):
        for g in range(start.shape[0]):
            children[c, g] = start[g] if c == 0 else children[c - 1, g]
        while taken < steps[c]:
            block = blocks[taken]
            for g in range(block_first[block], block_first[block + 1]):
                children[c, g] = guide[g]
            taken += 1


@kernel
def _gather(parents: Genes, choice: Longs, block_first: Ints, children: Genes) -> None:
    for c in range(choice.shape[0]):
        for b in range(choice.shape[1]):
            parent = choice[c, b]
            for g in range(block_first[b], block_first[b + 1]):
                children[c, g] = parents[parent, g]


@kernel
def _chain(scores: Floats, links: Floats) -> Longs:
    parents, blocks = scores.shape
    cost = scores[:, 0].copy()
    source = np.zeros((blocks, parents), np.int64)
    for b in range(1, blocks):
        extended = np.empty(parents)
        for k in range(parents):
            best = 0
            for j in range(1, parents):
                if cost[j] + links[b - 1, j, k] < cost[best] + links[b - 1, best, k]:
                    best = j
            source[b, k] = best
            extended[k] = cost[best] + links[b - 1, best, k] + scores[k, b]
        cost = extended
    choice = np.empty(blocks, np.int64)
    choice[blocks - 1] = np.argmin(cost)
    for b in range(blocks - 1, 0, -1):
        choice[b - 1] = source[b, choice[b]]
    return choice
