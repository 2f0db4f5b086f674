"""`world-choices`: world-day as a plain choice problem, for frameworks that know nothing of it."""

import numpy as np

from benchmarks.measuring.choices import Choices
from benchmarks.registry import Case
from operators.types import Floats, Genes
from slit.evaluator import Evaluator
from slit.objectives import DEFAULT, find
from slit.problem import compile_problem
from slit.scenario.load import load_scenario


def build() -> Choices:
    """Genes, allowed placements and evaluation of world-day; no repair, no canonical order."""
    scenario = load_scenario("world-day")
    problem = compile_problem(scenario)
    evaluator = Evaluator(problem, scenario, objectives=find(DEFAULT))

    def evaluate(plans: Genes) -> tuple[Floats, Floats]:
        evaluation = evaluator.evaluate(plans)
        return evaluation.F, evaluation.G

    return Choices(
        name="world-choices",
        gene_row=problem.gene_row,
        options=problem.options,
        option_count=problem.option_count,
        names=evaluator.names,
        evaluate=evaluate,
        ideal=np.zeros(len(evaluator.names)),
    )


WORLD_CHOICES = Case(
    "world-choices",
    "world-day as a plain choice problem (for other frameworks)",
    build,
    frozenset({"evolve"}),
)
