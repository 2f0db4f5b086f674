"""Request groups split by variant, so that places can be chosen where variants are given."""

from typing import Any

import numpy as np

from operators.types import Genes, Longs
from slit.arrays import frozen
from slit.problem.arrays import Problem
from slit.problem.compile import gene_arrays
from slit.problem.groups import Groups
from slit.problem.shares import counts_of, whole_chunks

TAKEN_BY_GROUP = (
    "chunk",
    "chunk_size",
    "chunk_requests",
    "node_seconds",
    "base_ttft",
    "service",
)
"""Arrays of a problem whose rows are what one chunk or request of a group needs."""


def variant_chunks(problem: Problem, plan: Genes) -> Longs:
    """Chunks (J, V) of each group for each variant: in every epoch and class the shares of
    variants that `plan` (G,) has there, the same for each group as far as it may be served so.

    What rounding to whole chunks leaves of a group is made up by the next ones of its class.
    """
    variants = int(problem.placement_variant.max()) + 1
    at_variant = np.eye(variants)[problem.placement_variant]
    requests = counts_of(problem, plan) @ at_variant * problem.chunk_requests[:, None]
    served = problem.allowed @ at_variant > 0
    chunks = np.zeros(served.shape, np.int64)
    cells = np.stack([problem.group_epoch, problem.group_class], axis=1)
    for cell in np.unique(cells, axis=0):
        groups = np.flatnonzero((cells == cell).all(axis=1))
        mix = requests[groups].sum(axis=0) / requests[groups].sum()
        owed = np.zeros(variants)
        # Those with the least choice first, so that others can make up for them.
        for j in groups[np.argsort(served[groups].sum(axis=1), kind="stable")]:
            each = problem.chunk_requests[j]
            owed += mix * each * problem.group_chunks[j]
            wanted = np.maximum(owed, 0.0) * served[j]
            wanted = wanted if wanted.any() else served[j].astype(float)
            chunks[j] = whole_chunks(wanted[None] / wanted.sum(), problem.group_chunks[[j]])[0]
            owed -= chunks[j] * each
    return chunks


def split_by_variant(problem: Problem, chunks: Longs) -> Problem:
    """The problem whose groups are those of `problem` by variant, with so many `chunks` (J, V) and
    no placement of another variant. Nothing is known of the epoch before, nor of reroutes."""
    group, variant = np.nonzero(chunks)
    count = chunks[group, variant].astype(np.int32)
    groups = Groups(
        epoch=problem.group_epoch[group].astype(np.int64),
        origin=problem.group_origin[group].astype(np.int64),
        request_class=problem.group_class[group].astype(np.int64),
        requests=problem.chunk_requests[group] * count,
        prompt=problem.group_prompt[group],
        output=problem.group_output[group],
    )
    allowed = problem.allowed[group] & (problem.placement_variant == variant[:, None])
    taken: dict[str, Any] = {
        name: frozen(rows := getattr(problem, name)[group], rows.dtype) for name in TAKEN_BY_GROUP
    }
    return problem._replace(
        **gene_arrays(groups, count, allowed, problem.epochs, cyclic=False),
        **taken,
        today_chunks=frozen(np.zeros((0, problem.placements)), np.int64),
    )


def joined_plan(problem: Problem, plan: Genes) -> Genes:
    """A plan (G,) of a problem split by variant as one of `problem`, in canonical form."""
    return np.asarray(plan[np.lexsort((plan, problem.gene_group))])
