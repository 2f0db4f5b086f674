"""Feasible plans of random problems, and cheap ones: what bounds are tested against."""

import numpy as np

from operators.repair import repair
from operators.types import Floats, Genes
from slit.evaluator import Evaluator
from slit.objectives import Objective
from slit.problem import Problem
from tests.cases import Case, random_plans

Rng = np.random.Generator


def repaired(problem: Problem, plans: Genes, *, rng: Rng) -> Genes:
    """Plans changed towards capacity."""
    return repair(
        plans,
        gene_row=problem.gene_row,
        options=problem.options,
        option_count=problem.option_count,
        block_first=problem.epoch_gene,
        load_row=problem.gene_group,
        load=problem.chunk[:, :, 0],
        resource=problem.placement_pool,
        quantum=problem.node_ticks,
        least=problem.warm_nodes,
        limits=np.repeat(problem.pool_nodes[None, :], problem.epochs, axis=0),
        rng=rng,
    ).population


def feasible_objectives(case: Case, evaluator: Evaluator, *, rng: Rng, count: int = 40) -> Floats:
    """Objectives (n, M) of feasible plans of every style; n may be 0."""
    plans = np.concatenate([case.plans, random_plans(case.problem, count, rng=rng)])
    found = evaluator.evaluate(np.concatenate([plans, repaired(case.problem, plans, rng=rng)]))
    return np.asarray(found.F[found.G == 0])


def pushed_down(
    case: Case,
    evaluator: Evaluator,
    weights: Floats,
    *,
    rng: Rng,
    rounds: int = 12,
    size: int = 24,
) -> Floats | None:
    """Objectives (M,) of a feasible plan with a low weighted sum, by mutation and selection."""
    problem = case.problem
    plans = repaired(problem, random_plans(problem, size, rng=rng), rng=rng)
    best: Floats | None = None
    for _ in range(rounds):
        evaluation = evaluator.evaluate(plans)
        score = np.where(evaluation.G > 0, 1e30 * (1 + evaluation.G), evaluation.F @ weights)
        order = np.argsort(score, kind="stable")[: size // 3]
        if evaluation.G[order[0]] == 0:
            best = np.asarray(evaluation.F[order[0]])
        plans = mutated(problem, np.concatenate([plans[order]] * 3), rng=rng)
        plans[: len(order)] = plans[-len(order) :] if best is None else plans[: len(order)]
    return best


def mutated(problem: Problem, plans: Genes, *, rng: Rng) -> Genes:
    """Plans of which the last two thirds have had genes, groups or placements changed."""
    changed = plans.copy()
    for n in range(len(plans) // 3, len(plans)):
        for _ in range(int(rng.integers(1, 4))):
            g = int(rng.integers(problem.genes))
            row = problem.gene_row[g]
            value = problem.options[row, int(rng.integers(problem.option_count[row]))]
            if rng.random() < 0.5:
                changed[n, g] = value
            else:
                j = problem.gene_group[g]
                changed[n, problem.group_first[j] : problem.group_first[j + 1]] = value
    return np.ascontiguousarray(changed)


def linear_objectives(objectives: tuple[Objective, ...]) -> tuple[Objective, ...]:
    """Those that are sums over epochs."""
    return tuple(o for o in objectives if not o.name.endswith("_equity"))
