"""What a scheduler makes of the variants of another plan: who saves by place and time alone."""

import numpy as np

from operators.types import Genes
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.optimizers.protocol import Task
from slit.optimizers.registry import OptimizerKind, make_optimizer
from slit.optimizers.registry import find as find_optimizer
from slit.problem.shares import counts_of, round_shares
from slit.problem.variants import joined_plan, split_by_variant, variant_chunks
from slit.report.saving import variant_shares
from slit.scenario.routing import TODAY


def with_variants_of(
    plan: Genes, reference: Genes, *, name: str, evaluator: Evaluator, seed: int
) -> Genes | None:
    """The plan (G,) that the scheduler called `name` makes if in each epoch and class it must
    serve as many requests by each variant as `plan` (G,) does; where, is its own choice.

    Of today's routing: the plan's variants in the pools of `reference` (G,), its plan. None for
    what is no scheduler of one plan (a search, a reference that optimizes).
    """
    problem = evaluator.problem
    if name == TODAY:
        before, after = counts_of(problem, reference), counts_of(problem, plan)
        return round_shares(problem, variant_shares(problem, before, after))
    try:
        kind = find_optimizer(name).kind
    except SlitError:  # a scheduler of the user's own that is not loaded now
        return None
    if kind not in (OptimizerKind.BASELINE, OptimizerKind.RIVAL):
        return None
    split = split_by_variant(problem, variant_chunks(problem, plan))
    judge = Evaluator(split, evaluator.scenario, objectives=evaluator.objectives)
    optimizer = make_optimizer(name, Task.of(judge), rng=np.random.default_rng([seed, 1]))
    return joined_plan(problem, optimizer.ask()[0])
