"""How an epoch begins where rerouting is limited: near the epoch before, and near another plan.

From the one-epoch relaxation: what is good for the weights, with a price on each request that is
not served as before, and a lower one on what is not served as in the plan that is followed.
"""

from typing import NamedTuple

from operators.types import Floats, Genes
from slit.optimizers.protocol import Task
from slit.plans import continue_epoch
from slit.problem import Problem
from slit.relaxation import Relaxation
from slit.relaxation.relaxation import LARGEST_PROGRAM
from slit.relaxation.steady_shares import Steadiness, continued_genes
from slit.relaxation.subproblem import Subproblem

SLACK = 0.01
"""What steadiness may cost before chunks and nodes are whole, in prices of rerouting everything."""
LIKENESS = 0.5
"""What serving a request otherwise than in the plan that is followed weighs, in prices of a
rerouted one."""


class Continuation(NamedTuple):
    """The programs of all epochs, none where these are too large, and how epochs follow each other
    in them."""

    problem: Problem
    programs: tuple[Subproblem, ...]
    steadiness: Steadiness

    def apply(self, plan: Genes, own: Genes, t: int) -> None:
        """Let epoch t of `plan` (G,) follow the epoch before it, about like that of `own` (G,), in
        place."""
        problem = self.problem
        if self.programs:
            genes = slice(problem.epoch_gene[t], problem.epoch_gene[t + 1])
            found = continued_genes(problem, self.programs[t], plan, own, self.steadiness)
            plan[genes] = found
        elif t > 0 or len(problem.today_chunks):
            continue_epoch(plan, t, problem)


def continuations(
    task: Task, weights: Floats, prices: Floats, *, alike: bool
) -> list[Continuation]:
    """One for each of the weights (N, E) of all that is measured, with prices (N,) of a rerouted
    request; `alike` says whether the plan that is followed counts."""
    relaxation, problem = small_relaxation(task), task.problem
    programs = () if relaxation is None else relaxation.programs
    names = [objective.name for objective in task.measured]
    bounded = [] if relaxation is None else [names.index(name) for name in relaxation.names]
    compared = float(problem.group_requests[problem.compared].sum())
    likeness = LIKENESS if alike else 0.0
    return [
        Continuation(
            problem,
            programs,
            Steadiness(
                row[bounded], price, own_price=likeness * price, slack=SLACK * price * compared
            ),
        )
        for row, price in zip(weights, prices.tolist(), strict=True)
    ]


def small_relaxation(task: Task) -> Relaxation | None:
    """The relaxation of all that is measured; None if there is none, or its programs are too large
    to be solved in a search."""
    problem = task.problem
    if problem.groups * problem.placements > LARGEST_PROGRAM or not task.bounded:
        return None
    return task.measured_relaxation
