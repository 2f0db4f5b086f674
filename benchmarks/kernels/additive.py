"""Problems that add up: costs of choices, loads on resources, and what loads cost."""

import numpy as np
from numpy.typing import NDArray

from operators.compiling import kernel

Floats = NDArray[np.float64]
Genes = NDArray[np.int16]
Ints = NDArray[np.int32]
Singles = NDArray[np.float32]

BLOCK = 32
"""Plans that go through the genes together: what a gene's choices cost is read once for all."""


@kernel
def evaluate_additive(
    plans: Genes,
    cost: Singles,
    paid: Ints,
    load: Singles,
    resource: Genes,
    capacity: Floats,
    price: Floats,
    curvature: Floats,
    F: Floats,
    G: Floats,
) -> None:
    """Objectives F (N, M) and violation G (N,) of plans (N, G).

    Gene g that takes value p adds cost[g, k, p] to the objectives paid[k] and loads
    resource[g, p] by load[g, p]. A resource's load l adds price[:, r] * l + curvature[:, r] * l^2
    to all objectives; beyond its capacity it violates.
    """
    n_plans, n_genes = plans.shape
    n_objectives, n_resources = F.shape[1], capacity.shape[0]
    values, loads = np.empty((n_objectives, BLOCK)), np.empty((n_resources, BLOCK))
    by_gene = np.empty((n_genes, BLOCK), np.int16)
    for start in range(0, n_plans, BLOCK):
        count = min(BLOCK, n_plans - start)
        values[:], loads[:] = 0.0, 0.0
        for i in range(count):
            for g in range(n_genes):
                by_gene[g, i] = plans[start + i, g]
        for g in range(n_genes):
            chosen = by_gene[g]
            for k in range(paid.shape[0]):
                of_choice, total = cost[g, k], values[paid[k]]
                for i in range(count):
                    total[i] += of_choice[chosen[i]]
            own_load, own_resource = load[g], resource[g]
            for i in range(count):
                loads[own_resource[chosen[i]], i] += own_load[chosen[i]]
        G[start : start + count] = 0.0
        for r in range(n_resources):
            of_resource = loads[r]
            for m in range(n_objectives):
                total, slope, bend = values[m], price[m, r], curvature[m, r]
                for i in range(count):
                    total[i] += (slope + bend * of_resource[i]) * of_resource[i]
            if capacity[r] < np.inf:
                for i in range(count):
                    G[start + i] += max(0.0, of_resource[i] - capacity[r])
        for i in range(count):
            for m in range(n_objectives):
                F[start + i, m] = values[m, i]
