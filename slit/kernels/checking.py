"""Whether plans are plans of a problem."""

from operators.compiling import kernel
from operators.types import Bools, Genes, Ints


@kernel
def first_refused(population: Genes, group_first: Ints, allowed: Bools) -> tuple[int, int]:
    """Plan and gene of the first placement that is not allowed for its group, or (-1, -1).

    population (N, G), group_first (J + 1,), allowed (J, P).
    """
    n_placements = allowed.shape[1]
    for n in range(population.shape[0]):
        plan = population[n]
        for j in range(allowed.shape[0]):
            fits = allowed[j]
            for g in range(group_first[j], group_first[j + 1]):
                p = plan[g]
                if p < 0 or p >= n_placements or not fits[p]:
                    return n, g
    return -1, -1
