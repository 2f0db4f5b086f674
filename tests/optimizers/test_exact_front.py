"""On `tiny` the front of all plans is known: NSGA-II finds it, all of it, and nothing else."""

import numpy as np
import pytest

import slit
from operators.dominance import nondominated
from slit.evaluator import Evaluator
from slit.objectives import DEFAULT, find
from slit.problem import compile_problem
from slit.scenario.load import load_scenario


@pytest.fixture(scope="module")
def exact() -> np.ndarray:
    scenario = load_scenario("tiny")
    problem = compile_problem(scenario)
    choices = (problem.options[row, : problem.option_count[row]] for row in problem.gene_row)
    plans = np.stack([axis.ravel() for axis in np.meshgrid(*choices)], axis=1)
    found = Evaluator(problem, scenario, objectives=find(DEFAULT)).evaluate(plans)
    feasible = found.F[found.G == 0]
    return np.unique(feasible[nondominated(feasible)], axis=0)


@pytest.mark.parametrize("optimizer", ["nsga2", "pymoo-nsga2"])
def test_nsga2_ends_on_the_exact_front(optimizer: str, exact: np.ndarray) -> None:
    result = slit.optimize(
        "tiny", optimizer=optimizer, evaluations=40_000, population=200, baselines=False, seed=1
    )
    front = result.front.F[result.front.on_front]
    assert np.unique(front, axis=0).tolist() == exact.tolist()
