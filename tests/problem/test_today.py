"""What follows today's routing: the first epoch, and what changes there."""

from dataclasses import replace

import numpy as np
import pytest

from slit.evaluator import Evaluator
from slit.objectives import find
from slit.plans import continue_epoch
from slit.problem import Start, compile_problem
from slit.problem.today import today_plan
from slit.scenario.routing_entry import RoutingEntry
from slit.scenario.scenario import Scenario
from tests.cases import make_case
from tests.hand import hand_scenario

CHANGES = "reroute", "starts", "switches"


def routed(scenario: Scenario, *shares: tuple[str, float]) -> Scenario:
    entries = [
        RoutingEntry(pool=f"{at} pool", variant="model", share=share) for at, share in shares
    ]
    return replace(scenario, today=tuple(entries))


@pytest.mark.parametrize("begins", ["free", "given", "cyclic"])
def test_the_first_hour_counts_against_today_by_hand(begins: str) -> None:
    """A chunk fills a node; today all are served there. With all of the first hour here, and half
    of the second: 1,800 of 1,800 and 1,800 of 3,600 requests are moved. Here starts in the first
    hour and there in the second; there stops in between."""
    scenario = routed(hand_scenario(begins=begins, held=2), ("there", 1.0))
    problem = compile_problem(scenario)
    assert problem.start == Start.GIVEN
    assert problem.initial_nodes.tolist() == [0, 1]
    assert problem.today_chunks.tolist() == [[0, 1]]
    evaluator = Evaluator(problem, scenario, objectives=find(CHANGES))
    found = evaluator.evaluate(np.array([[0, 0, 1], [1, 1, 1], [1, 0, 0]]))
    assert pytest.approx(np.array([[2 / 3, 2, 3], [0, 1, 0], [2 / 3, 2, 2]])) == found.F
    assert found.parts[:, 0, 0] == pytest.approx([1 / 3, 0, 0])
    for plan, values in zip([[0, 0, 1], [1, 1, 1], [1, 0, 0]], found.F, strict=True):
        totals = evaluator.ledger(np.array(plan)).totals()
        assert [totals[name] for name in CHANGES] == pytest.approx(values.tolist())


def test_today_kept_up_changes_nothing_at_first() -> None:
    for seed in range(6):
        case = make_case(seed, today=True, begins="cyclic", warm=True)
        plan = today_plan(case.problem, case.scenario)[None, :]
        judge = Evaluator(case.problem, case.scenario, objectives=find(CHANGES))
        assert not judge.evaluate(plan).parts[0, 0].any()
        other = case.plans[0].copy()
        continue_epoch(other, 0, case.problem)
        assert judge.evaluate(other[None, :]).parts[0, 0, 0] == 0
        first = slice(case.problem.epoch_gene[1])
        assert (other[first] == plan[0, first]).all()


def test_a_group_without_a_row_before_counts_nothing() -> None:
    """Rows of the horizon alone, from its second hour on: nothing is known of the time before."""
    scenario = hand_scenario()
    requests = scenario.demand.requests.copy()
    requests[0] = 0.0
    late = replace(scenario, demand=replace(scenario.demand, requests=requests))
    problem = compile_problem(routed(late, ("there", 1.0)))
    assert problem.today_chunks.shape == (0, 2)
    assert not problem.compared.any()
    judge = Evaluator(problem, late, objectives=find(["reroute"]))
    assert judge.evaluate(np.zeros((1, problem.genes), np.int16)).F[0, 0] == 0.0


def test_without_today_the_problem_is_what_it_was() -> None:
    problem = compile_problem(hand_scenario(begins="cyclic"))
    assert problem.start == Start.CYCLIC
    assert problem.today_chunks.shape == (0, 2)
    assert problem.compared.all()
