"""Whether plans are plans of a problem, in the one type that kernels take."""

import numpy as np

from operators.types import Genes, Integers
from slit.errors import SlitError
from slit.kernels.checking import first_refused
from slit.problem import Problem


def check_plans(problem: Problem, population: Integers) -> Genes:
    """`population` as (N, G) genes; SlitError if it is not one of the problem."""
    plans = np.asarray(population)
    if plans.ndim != 2 or plans.shape[1] != problem.genes:
        raise SlitError(f"plans: shape {plans.shape}, expected (N, {problem.genes})")
    if not np.issubdtype(plans.dtype, np.integer):
        raise SlitError(f"plans: {plans.dtype}, expected integers (placement indices)")
    # Always the same type for the compiler: read-only or not is a difference to it.
    genes = np.require(plans, np.int16, ["C_CONTIGUOUS", "ALIGNED"]).view()
    genes.setflags(write=False)
    if genes.dtype != plans.dtype and plans.size and (genes != plans).any():
        raise _out_of_range(problem, plans)
    n, g = first_refused(genes, problem.group_first, problem.allowed)
    if n >= 0:
        if not 0 <= genes[n, g] < problem.placements:
            raise _out_of_range(problem, plans)
        raise SlitError(
            f"plans[{n}, {g}]: placement {genes[n, g]}, expected one that is allowed for its "
            "group (residency, memory, token rate)"
        )
    return genes


def _out_of_range(problem: Problem, plans: Integers) -> SlitError:
    return SlitError(
        f"plans: {plans.min()} to {plans.max()}, expected placements in "
        f"[0, {problem.placements - 1}]"
    )


def continue_epoch(plan: Genes, t: int, problem: Problem) -> None:
    """Let epoch t of a plan (G,) serve requests where epoch t - 1 does, the first one where today's
    routing does, in place."""
    for j in range(problem.epoch_group[t], problem.epoch_group[t + 1]):
        if t == 0 and problem.today_chunks[j].any():
            own = slice(problem.group_first[j], problem.group_first[j + 1])
            plan[own] = np.repeat(np.arange(problem.placements), problem.today_chunks[j])
        earlier = problem.group_previous[j]
        if earlier >= 0:
            genes = plan[problem.group_first[earlier] : problem.group_first[earlier + 1]]
            chunks = int(problem.group_chunks[j])
            middle = (np.arange(chunks) + 0.5) * (len(genes) / chunks)
            first = problem.group_first[j]
            plan[first : first + chunks] = np.sort(genes)[middle.astype(np.int64)]
