"""The best chain of epochs from several plans, where rerouting between two epochs costs.

Any epoch of a plan can follow any other, but the seam between them reroutes requests: a shortest
path over the epochs, whose edges hold what the seam weighs.
"""

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Genes, Longs
from slit.kernels.transitions import rerouted_from_today, rerouted_requests
from slit.problem.arrays import Problem


@kernel
def best_chain(
    plans: Genes, candidates: Longs, costs: Floats, price: float, problem: Problem, choice: Longs
) -> float:
    """The candidate of each epoch, into `choice` (T,), such that costs and seams are least.

    `plans` (K, G); `candidates` (T, C) are rows of it and `costs` (T, C) what their epochs weigh;
    `price` is what a rerouted request weighs. Returns the requests rerouted along the chain, the
    first epoch against today's routing; the seam of a cyclic horizon is counted, but not looked
    for.
    """
    n_epochs, width = candidates.shape
    group_first, previous = problem.group_first, problem.group_previous
    requests, edges = problem.group_requests, problem.epoch_group
    difference = np.zeros(problem.placement_pool.shape[0], np.int64)
    total, reach = costs[0].copy(), np.zeros((n_epochs, width), np.int64)
    for c in range(width):
        total[c] += price * rerouted_from_today(plans[candidates[0, c]], problem, difference)
    for t in range(1, n_epochs):
        better = np.empty(width)
        for c in range(width):
            plan = plans[candidates[t, c]]
            least, best = np.inf, 0
            for b in range(width):
                if total[b] >= least:
                    continue
                moved = rerouted_requests(
                    plans[candidates[t - 1, b]], plan, edges[t], edges[t + 1], group_first,
                    previous, requests, difference,
                )  # fmt: skip
                value = total[b] + price * moved
                if value < least:
                    least, best = value, b
            better[c] = least + costs[t, c]
            reach[t, c] = best
        total[:] = better
    c = int(np.argmin(total))
    for t in range(n_epochs - 1, -1, -1):
        choice[t] = candidates[t, c]
        c = reach[t, c]
    rerouted = rerouted_from_today(plans[choice[0]], problem, difference)
    for t in range(n_epochs):
        rerouted += rerouted_requests(
            plans[choice[t - 1]], plans[choice[t]], edges[t], edges[t + 1], group_first, previous,
            requests, difference,
        )  # fmt: skip
    return rerouted
