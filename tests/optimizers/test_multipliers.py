"""Steering by limits: recombinations on both sides of them, and local search that keeps to them."""

import numpy as np
import pytest

from slit.evaluator import Evaluator
from slit.objectives import find
from slit.objectives.limits import Limit
from slit.optimizers.metaheuristic.multipliers import ROUNDS, Multipliers
from slit.optimizers.metaheuristic.pool import EpochPool
from slit.optimizers.metaheuristic.relaxed import relaxed_starts
from slit.optimizers.metaheuristic.weight_selection import floored
from slit.optimizers.protocol import Task
from slit.optimizers.registry import make_optimizer
from slit.plans import continue_epoch
from slit.problem import compile_problem
from slit.run import run
from slit.scenario.load import load_scenario
from slit.stop import Stop
from tests.cases import make_case

TINY = load_scenario("tiny")
PROBLEM = compile_problem(TINY)
NAMES = ["carbon", "quality"]


def limited(name: str, most: float) -> Evaluator:
    limits = [Limit(find([name])[0], most)]
    return Evaluator(PROBLEM, TINY, objectives=find(NAMES), limits=limits)


def test_a_pool_is_recombined_on_both_sides_of_a_limit() -> None:
    evaluator = limited("answer_loss", 0.33)
    pool = EpochPool(PROBLEM, measures=3, capacity=50)
    rng = np.random.default_rng(0)
    plans = np.array(
        [[rng.choice(PROBLEM.options[r, : PROBLEM.option_count[r]]) for r in PROBLEM.gene_row]
         for _ in range(30)], dtype=np.int16,
    )  # fmt: skip
    found = evaluator.evaluate(plans)
    pool.add(plans, found.parts, found.excess, weights=np.ones((1, 3)))
    multipliers = Multipliers(Task.of(evaluator), pool)
    assert multipliers.limited
    assert not multipliers.calming
    span = np.ptp(found.F, axis=0)
    steered = multipliers.steer(floored(np.array([[1.0, 0.0], [0.5, 0.5]])), span)
    assert steered.tried.shape == (2 * ROUNDS, PROBLEM.epochs)
    values = evaluator.evaluate(pool.build(steered.tried)).limited[:, 0]
    assert values.min() <= 0.33 < values.max()
    assert (values[steered.best] <= 0.33).all()
    assert (steered.priced.weights[:, 2] > 0).all()


@pytest.mark.parametrize(("name", "most"), [("quality", 0.33), ("reroute", 0.2), ("ttft", 0.3)])
def test_every_plan_of_a_search_keeps_to_the_limit(name: str, most: float) -> None:
    evaluator = limited(name, most)
    optimizer = make_optimizer("slit", Task.of(evaluator), rng=np.random.default_rng(1))
    found = run(optimizer, evaluator, stop=Stop(moves=20_000))
    assert found.feasible
    assert (evaluator.evaluate(found.front.X).limited <= most).all()


def test_relaxed_starts_lie_within_the_limit_and_price_it() -> None:
    free = relaxed_starts(Task.of(Evaluator(PROBLEM, TINY, objectives=find(NAMES))), CORNERS)
    within = relaxed_starts(Task.of(limited("quality", 0.25)), CORNERS)
    assert free is not None
    assert within is not None
    assert free.prices.shape == (2, 0)
    assert within.low[0] > free.low[0] + 1e-6  # less carbon is not to be had
    assert within.prices[0, 0] > 0  # it binds where carbon counts
    assert within.prices[1, 0] == 0  # and not where quality does
    assert within.near(CORNERS).same.all()
    assert not within.near(np.array([[0.6, 0.4]])).same.any()


CORNERS = floored(np.eye(2))


def test_an_epoch_continues_the_one_before() -> None:
    case = make_case(3, epochs=3, plans=1)
    problem, plan = case.problem, case.plans[0].copy()
    before = plan.copy()
    continue_epoch(plan, 1, problem)
    evaluator = Evaluator(problem, case.scenario, objectives=find(["reroute"]))
    least, first = evaluator.evaluate(np.stack([plan, before])).parts[:, 1, 0]
    assert least <= first
    epoch = slice(problem.epoch_gene[1], problem.epoch_gene[2])
    outside = np.delete(np.arange(problem.genes), np.r_[epoch])
    assert (plan[outside] == before[outside]).all()
    same = [
        j
        for j in range(problem.epoch_group[1], problem.epoch_group[2])
        if problem.group_previous[j] >= 0
        and problem.group_chunks[j] == problem.group_chunks[problem.group_previous[j]]
    ]
    for j in same:
        own = plan[problem.group_first[j] : problem.group_first[j + 1]]
        earlier = problem.group_previous[j]
        there = plan[problem.group_first[earlier] : problem.group_first[earlier + 1]]
        assert sorted(own) == sorted(there)
