"""Nodes that may not stop or start yet: minimum times up and down, a forward pass per placement.

A node that starts stays active for the minimum time up, with or without requests. Nodes that stop
are to stay down for the minimum time: as many starts within it as stopped are refused, and counted
as violation. Before the horizon nobody started or stopped; over the seam of a cyclic one the
windows do not reach: its first epoch follows the nodes that work or warmth asks for in the last.
"""

import numpy as np

from operators.compiling import kernel
from operators.types import Genes, Longs
from slit.kernels.model import loading_nodes, running_nodes
from slit.kernels.transitions import UNKNOWN
from slit.problem.arrays import Problem


@kernel
def times_matter(problem: Problem) -> bool:
    """Whether any node has to stay up or down for longer than an epoch."""
    return bool(np.any(problem.min_up > 1) or np.any(problem.min_down > 1))


@kernel
def follow_times(
    plan: Genes, problem: Problem, before: Longs, nodes: Longs, least: Longs, refused: Longs
) -> None:
    """Active nodes of a plan (G,), those that are active whatever the work, and
    starts that are refused, (T, P) each; into arrays of zeros. before (P,): of the epoch before."""
    ticks, warm = problem.node_ticks, problem.warm_nodes
    up, down = problem.min_up, problem.min_down
    gene_group, chunk, group_epoch = problem.gene_group, problem.chunk, problem.group_epoch
    for g in range(plan.shape[0]):
        j, p = gene_group[g], plan[g]
        nodes[group_epoch[j], p] += chunk[j, p, 0]
    for p in range(nodes.shape[1]):
        for t in range(nodes.shape[0]):
            earlier = before[p] if t == 0 else nodes[t - 1, p]
            bound = 0
            for s in range(max(0, t - up[p] + 1), t):
                bound += loading_nodes(nodes[s, p], before[p] if s == 0 else nodes[s - 1, p])
            least[t, p] = max(warm[p], bound)
            nodes[t, p] = running_nodes(nodes[t, p], ticks, least[t, p])
            started = loading_nodes(nodes[t, p], earlier)
            if started == 0 or down[p] <= 1:
                continue
            stopped = 0
            for s in range(max(0, t - down[p] + 1), t):
                previous = before[p] if s == 0 else nodes[s - 1, p]
                if previous != UNKNOWN:
                    stopped += loading_nodes(previous, nodes[s, p])
            refused[t, p] = min(started, stopped)
