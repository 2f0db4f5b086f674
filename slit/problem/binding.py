"""A problem's arrays under the names that the functions of `operators/` give them."""

from typing import Any

import numpy as np

from slit.problem.arrays import Problem


def options_of(problem: Problem) -> dict[str, Any]:
    """Which placements each gene may take."""
    return {
        "gene_row": problem.gene_row,
        "options": problem.options,
        "option_count": problem.option_count,
    }


def loads_of(problem: Problem) -> dict[str, Any]:
    """Work of the genes, and the nodes of each pool in each epoch, for `operators.repair`."""
    return {
        "block_first": problem.epoch_gene,
        "load_row": problem.gene_group,
        "load": np.ascontiguousarray(problem.chunk[:, :, 0]),
        "resource": problem.placement_pool,
        "quantum": problem.node_ticks,
        "least": problem.warm_nodes,
        "limits": np.repeat(problem.pool_nodes[None, :], problem.epochs, axis=0),
    }
