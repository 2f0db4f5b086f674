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
def measure_seams(plans: Genes, known: int, problem: Problem, seams: Floats) -> None:
    """Requests that are rerouted in an epoch of one of the plans (K, G) after the epoch before of
    another, into `seams` (T + 1, K, K): those of the first `known` plans are there already.

    seams[t, b, c]: epoch t of plan c after epoch t - 1 of plan b, the first epoch after the last
    one where the horizon is cyclic. seams[T, 0, c]: the first epoch after today's routing.
    """
    n_plans, n_epochs = plans.shape[0], seams.shape[0] - 1
    difference = np.zeros(problem.placement_pool.shape[0], np.int64)
    edges = problem.epoch_group
    for c in range(n_plans):
        if c >= known:
            seams[n_epochs, 0, c] = rerouted_from_today(plans[c], problem, difference)
        for b in range(n_plans):
            if b < known and c < known:
                continue
            for t in range(n_epochs):
                seams[t, b, c] = rerouted_requests(
                    plans[b], plans[c], edges[t], edges[t + 1], problem.group_first,
                    problem.group_previous, problem.group_requests, difference,
                )  # fmt: skip


def best_chain(seams: Floats, costs: Floats, price: float) -> tuple[Longs, float]:
    """The plan of each epoch, (T,), such that costs and seams are least, and the requests rerouted.

    `seams` as in `measure_seams`; `costs` (T, K) are what the epochs of the plans weigh; `price` is
    what a rerouted request weighs. The first epoch counts against today's routing; the seam of a
    cyclic horizon is counted, but not looked for.
    """
    n_epochs, n_plans = costs.shape
    every = np.arange(n_plans)
    total = costs[0] + price * seams[n_epochs, 0]
    reach = np.zeros((n_epochs, n_plans), np.int64)
    for t in range(1, n_epochs):
        values = total[:, None] + price * seams[t]
        reach[t] = values.argmin(axis=0)
        total = values[reach[t], every] + costs[t]
    choice = np.empty(n_epochs, np.int64)
    choice[-1] = total.argmin()
    for t in range(n_epochs - 1, 0, -1):
        choice[t - 1] = reach[t, choice[t]]
    rerouted = seams[np.arange(n_epochs), np.roll(choice, 1), choice].sum()
    return choice, float(rerouted + seams[n_epochs, 0, choice[0]])
