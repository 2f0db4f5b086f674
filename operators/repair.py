"""Capacity repair: move genes off overloaded resources.

The genes of a chromosome lie in contiguous blocks (say, hours). A gene g of block b at value v adds
load[load_row[g], v] to the work of (b, v). That work takes nodes = ceil(work / quantum[v]) of
resource[v], or least[v] if more, and the nodes of all values of resource r may not exceed limits[b,
r]. With a quantum of 1, least 0 and one value a resource this is the plain "sum of loads <= limit".

Work is an exact integer sum. Blocks are independent of one another.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from operators.allowed import Allowed, check_allowed, read_allowed
from operators.arrays import (
    check_length,
    check_positive,
    read_first,
    read_genes,
    read_ints,
    read_longs,
)
from operators.compiling import kernel, kernel_of_types
from operators.types import Bools, Floats, Genes, Ints, Longs

WORK, NODES, QUANTUM, RESOURCE, LEAST = 0, 1, 2, 3, 4
"""Rows of `values` (5, P): what a block puts on each value, and what the value is."""
USED, LIMIT = 0, 1
"""Rows of `pools` (2, R): nodes of each resource in a block."""


class Repaired(NamedTuple):
    """A repaired population and what is left to wish for."""

    population: Genes  # (N, G)
    excess: Longs  # (N,) nodes above the limits, summed over blocks and resources; 0 = feasible


class Loads(NamedTuple):
    """The arrays of the module's description, checked: G genes, L rows, P values, R resources."""

    block_first: Ints  # (B + 1,)
    load_row: Ints  # (G,)
    load: Longs  # (L, P)
    resource: Ints  # (P,)
    quantum: Longs  # (P,)
    limits: Longs  # (B, R)
    least: Longs  # (P,)


class Block(NamedTuple):
    """The genes of a block that are repaired, and what it takes to move them."""

    genes: Genes
    allowed: Allowed  # of these genes
    rows: Ints  # their rows of `load`
    load: Longs  # (L, P)
    values: Longs  # (5, P)
    pools: Longs  # (2, R)
    share: Floats  # (P,) of a resource that a unit of work takes
    order: Longs  # in which genes are tried
    turn: int  # of the options


def repair(
    population: ArrayLike,
    *,
    gene_row: ArrayLike,
    options: ArrayLike,
    option_count: ArrayLike,
    block_first: ArrayLike,
    load_row: ArrayLike,
    load: ArrayLike,
    resource: ArrayLike,
    quantum: ArrayLike,
    limits: ArrayLike,
    rng: Generator,
    least: ArrayLike = 0,
    passes: int = 4,
) -> Repaired:
    """Chromosomes (N, G) whose overloaded blocks are changed until they fit, if they can be.

    Nodes are taken from an overloaded resource one at a time, the cheapest to empty first, by
    moving the genes that fill it to allowed values: into room on nodes that run anyway, else onto
    new nodes of resources with room. A node is emptied whole or not at all, so no block gets
    worse. Where that is not enough, a further pass (up to `passes`, 0 only counts the excess) first
    makes room on all resources: nodes are emptied into others, and genes move to where they take a
    smaller share of a resource. Blocks that fit are left as they are and draw no random numbers;
    the others start from a random order of genes and options.

    `quantum` and `least` are a number or one a value (P,). ValueError if shapes do not fit or a
    value of the population is not allowed.
    """
    rows = read_genes(population)
    allowed = read_allowed(gene_row, options, option_count, genes=rows.shape[1])
    loads = read_loads(rows.shape[1], block_first, load_row, load, resource, quantum, limits, least)
    check_allowed(rows, **allowed._asdict())
    check_positive(passes, name="passes", smallest=0)
    if allowed.options.max() >= len(loads.resource):
        raise ValueError(
            f"options: {allowed.options.max()}, expected below {len(loads.resource)} (values)"
        )
    repaired = rows.copy()
    excess = np.zeros(len(rows), np.int64)
    repair_rows(repaired, allowed, loads, passes, excess, rng)
    return Repaired(repaired, excess)


def read_loads(
    genes: int,
    block_first: ArrayLike,
    load_row: ArrayLike,
    load: ArrayLike,
    resource: ArrayLike,
    quantum: ArrayLike,
    limits: ArrayLike,
    least: ArrayLike = 0,
) -> Loads:
    """Check the arrays of the module's description. ValueError if they do not fit."""
    table = read_longs(load, name="load", dimensions=2)
    values = table.shape[1]
    blocks = read_first(block_first, genes=genes)
    room = read_longs(limits, name="limits", dimensions=2)
    check_length(room, len(blocks) - 1, name="limits", meaning="one row a block")
    rows = read_ints(load_row, name="load_row", below=len(table))
    check_length(rows, genes, name="load_row", meaning="one a gene")
    places = read_ints(resource, name="resource", below=room.shape[1])
    check_length(places, values, name="resource", meaning="one a value")
    node = read_longs(np.broadcast_to(np.asarray(quantum), values), name="quantum", smallest=1)
    always = read_longs(np.broadcast_to(np.asarray(least), values), name="least", smallest=0)
    return Loads(blocks, rows, table, places, node, room, always)


@kernel
def repair_rows(
    population: Genes, allowed: Allowed, loads: Loads, passes: int, excess: Longs, rng: Generator
) -> None:
    """Repair chromosomes in place and write their excess (N,); checks nothing."""
    block_first, load_row, load, limits = (
        loads.block_first,
        loads.load_row,
        loads.load,
        loads.limits,
    )
    values = np.zeros((5, loads.quantum.shape[0]), np.int64)
    for v in range(values.shape[1]):
        values[QUANTUM, v], values[RESOURCE, v] = loads.quantum[v], loads.resource[v]
        values[LEAST, v] = loads.least[v]
    pools = np.zeros((2, limits.shape[1]), np.int64)
    for i in range(population.shape[0]):
        excess[i] = 0
        for b in range(limits.shape[0]):
            start, end = block_first[b], block_first[b + 1]
            genes, rows = population[i, start:end], load_row[start:end]
            for r in range(limits.shape[1]):
                pools[LIMIT, r] = limits[b, r]
            _add_up(genes, rows, load, values, pools)
            if passes > 0 and _excess(pools) > 0:
                own = Allowed(allowed.gene_row[start:end], allowed.options, allowed.option_count)
                _repair_block(genes, own, rows, load, values, pools, passes, rng)
            excess[i] += _excess(pools)


@kernel
def _add_up(genes: Genes, rows: Ints, load: Longs, values: Longs, pools: Longs) -> None:
    """Work and nodes of each value, nodes used of each resource."""
    # Rows of their own: the compiler makes vectors of the loops; nothing waits for a division.
    work, nodes, quantum, resource = values[WORK], values[NODES], values[QUANTUM], values[RESOURCE]
    least, used = values[LEAST], pools[USED]
    work[:], used[:] = 0, 0
    for g in range(genes.shape[0]):
        value = np.uint16(genes[g])
        work[value] += load[rows[g], value]
    for v in range(work.shape[0]):
        full = int(work[v] / quantum[v])  # as doubles: up to one too few
        rest = work[v] - full * quantum[v]
        needed = full + (1 if rest > 0 else 0) + (1 if rest > quantum[v] else 0)
        nodes[v] = max(needed, least[v])
    for v in range(nodes.shape[0]):
        used[np.uint64(resource[v])] += nodes[v]


@kernel
def _excess(pools: Longs) -> int:
    over = 0
    for r in range(pools.shape[1]):
        over += max(pools[USED, r] - pools[LIMIT, r], 0)
    return over


@kernel
def _repair_block(
    genes: Genes,
    allowed: Allowed,
    rows: Ints,
    load: Longs,
    values: Longs,
    pools: Longs,
    passes: int,
    rng: Generator,
) -> None:
    order = np.arange(genes.shape[0])
    for k in range(order.shape[0] - 1, 0, -1):
        j = int(rng.random() * (k + 1))
        order[k], order[j] = order[j], order[k]
    turn = int(rng.random() * allowed.options.shape[1])
    share = np.empty(values.shape[1])
    for v in range(values.shape[1]):
        share[v] = 1.0 / values[QUANTUM, v] / max(pools[LIMIT, values[RESOURCE, v]], 1)
    block = Block(genes, allowed, rows, load, values, pools, share, order, turn)
    for attempt in range(passes):
        if attempt > 0:
            moves = 0
            for r in range(pools.shape[1]):
                moves += _empty_nodes(r, 0, False, block)
            moves += _economize(block)
            if moves == 0:
                return
        for r in range(pools.shape[1]):
            for fresh in (False, True):
                _empty_nodes(r, pools[LIMIT, r], fresh, block)
        if _excess(pools) == 0:
            return


@kernel_of_types
def _empty_nodes(r: int, enough: int, fresh: bool, block: Block) -> int:
    """Empty nodes of a resource until it uses `enough` or no other can be; returns how many."""
    values, pools = block.values, block.pools
    tried = np.zeros(values.shape[1], np.bool_)
    before = pools[USED, r]
    while pools[USED, r] > enough:
        v = _cheapest(r, values, tried)
        if v < 0:
            break
        tried[v] = not _empty_node(v, fresh, block)
    return int(before - pools[USED, r])


@kernel
def _cheapest(r: int, values: Longs, tried: Bools) -> int:
    """The untried value of a resource with the least work on a last node that work alone keeps
    active, -1 if there is none."""
    best, least = -1, 0
    for v in range(values.shape[1]):
        spared = values[NODES, v] > values[LEAST, v]
        if values[RESOURCE, v] == r and spared and not tried[v]:
            last = values[WORK, v] - (values[NODES, v] - 1) * values[QUANTUM, v]
            if best < 0 or last < least:
                best, least = v, last
    return best


@kernel_of_types
def _empty_node(v: int, fresh: bool, block: Block) -> bool:
    """Move genes off value v until one node less will do; undone if that fails.

    The smallest gene that does it alone goes first, else the largest.
    """
    genes, allowed, rows, load = block.genes, block.allowed, block.rows, block.load
    values, pools, share, order = block.values, block.pools, block.share, block.order
    here, moved = np.empty(order.shape[0], np.int64), np.empty(order.shape[0], np.int64)
    done, left = 0, 0
    for g in order:
        if genes[g] == v:
            here[left] = g
            left += 1
    enough = values[NODES, v] - 1
    while values[NODES, v] > enough and left > 0:
        need = values[WORK, v] - enough * values[QUANTUM, v]
        k = _next_gene(here[:left], rows, load, v, need)
        g = here[k]
        left -= 1
        here[k] = here[left]
        choices = allowed.options[allowed.gene_row[g], : allowed.option_count[allowed.gene_row[g]]]
        u = _target(v, fresh, choices, load[rows[g]], values, pools, share, block.turn)
        if u >= 0:
            _move(genes, g, u, load[rows[g]], values, pools)
            moved[done] = g
            done += 1
    if values[NODES, v] <= enough:
        return True
    for k in range(done):
        _move(genes, moved[k], v, load[rows[moved[k]]], values, pools)
    return False


@kernel
def _next_gene(here: Longs, rows: Ints, load: Longs, v: int, need: int) -> int:
    """Place of the smallest gene with a load of `need` or more, else of the largest."""
    best, best_load = 0, load[rows[here[0]], v]
    for k in range(1, here.shape[0]):
        weight = load[rows[here[k]], v]
        if best_load >= need:
            better = need <= weight < best_load
        else:
            better = weight > best_load
        if better:
            best, best_load = k, weight
    return best


@kernel_of_types
def _target(
    v: int | np.int64,
    fresh: bool,
    choices: Genes,
    load: Longs,
    values: Longs,
    pools: Longs,
    share: Floats,
    turn: int,
) -> np.int64:
    """Where a gene of value v takes the smallest share of a resource, -1 if it fits nowhere.

    Nodes that run anyway come before new ones, which only `fresh` allows, on other resources.
    """
    best, least = np.int64(-1), np.inf
    for k in range(choices.shape[0]):
        u = np.int64(choices[(k + turn) % choices.shape[0]])
        if u == v:
            continue
        r = values[RESOURCE, u]
        needed = -(-(values[WORK, u] + load[u]) // values[QUANTUM, u])
        new = max(needed - values[NODES, u], 0)
        if new > 0:
            full = pools[USED, r] + new > pools[LIMIT, r]
            if full or not fresh or r == values[RESOURCE, v]:
                continue
        cost = 2.0 * new + load[u] * share[u]
        if cost < least:
            best, least = u, cost
    return best


@kernel
def _economize(block: Block) -> int:
    """Move each gene that fits where it takes a smaller share of a resource; returns how many."""
    genes, allowed, values, pools = block.genes, block.allowed, block.values, block.pools
    share = block.share
    moves = 0
    for g in block.order:
        v = np.int64(genes[g])
        choices = allowed.options[allowed.gene_row[g], : allowed.option_count[allowed.gene_row[g]]]
        cost = block.load[block.rows[g]]
        u = _target(v, True, choices, cost, values, pools, share, block.turn)
        if u >= 0 and cost[u] * share[u] < cost[v] * share[v]:
            _move(genes, g, u, cost, values, pools)
            moves += 1
    return moves


@kernel
def _move(
    genes: Genes, g: int, u: int | np.int64, load: Longs, values: Longs, pools: Longs
) -> None:
    v = np.int64(genes[g])
    genes[g] = u
    values[WORK, v] -= load[v]
    values[WORK, u] += load[u]
    for w in (v, u):
        nodes = max(-(-values[WORK, w] // values[QUANTUM, w]), values[LEAST, w])
        pools[USED, values[RESOURCE, w]] += nodes - values[NODES, w]
        values[NODES, w] = nodes
