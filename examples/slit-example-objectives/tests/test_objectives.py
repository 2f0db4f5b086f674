"""The contract suite of slit on both objectives, and what they should say of plans."""

import numpy as np
import pytest
from slit_example_objectives.air_health import USD_PER_KG, air_health, health_cost
from slit_example_objectives.sovereignty import sovereignty

from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.ledger import Ledger
from slit.objectives import Objective
from slit.problem import compile_problem
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.testing import ObjectiveContract


class TestAirHealth(ObjectiveContract):
    def objective(self) -> Objective:
        return air_health

    def expected(self, ledger: Ledger) -> float:
        known = health_cost()
        total = 0.0
        for d, center in enumerate(ledger.scenario.datacenters):
            grid, carbon = ledger.grid_kwh[:, d], ledger.problem.carbon[:, d]
            rate = known[center.zone] if center.zone in known else USD_PER_KG * carbon
            total += float((grid * rate).sum())
        return total


class TestSovereignty(ObjectiveContract):
    def objective(self) -> Objective:
        return sovereignty

    def scenarios(self) -> list[Scenario]:
        return [load_scenario("world-day", hours=2)]

    def expected(self, ledger: Ledger) -> float:
        problem, scenario = ledger.problem, ledger.scenario
        abroad = total = 0.0
        for j, p in zip(*np.nonzero(ledger.counts), strict=True):
            tokens = problem.group_prompt[j] + problem.group_output[j]
            sent = ledger.group_requests[j, p] * tokens
            origin = scenario.origins[problem.group_origin[j]]
            center = scenario.datacenters[problem.placement_datacenter[p]]
            total += sent
            abroad += sent if origin.jurisdiction != center.jurisdiction else 0.0
        return abroad / total


def test_every_zone_of_the_default_scenario_has_a_figure() -> None:
    zones = {center.zone for center in load_scenario("world-day", hours=1).datacenters}
    assert zones <= set(health_cost())
    assert all(0 < cost < 0.2 for cost in health_cost().values())


def test_everything_at_home_and_everything_in_one_country() -> None:
    scenario = load_scenario("world-day", hours=1)
    problem = compile_problem(scenario)
    home = np.array([origin.jurisdiction for origin in scenario.origins])
    law = np.array([center.jurisdiction for center in scenario.datacenters])
    at = law[problem.placement_datacenter]
    same = home[problem.group_origin][:, None] == at[None, :]
    allowed = problem.allowed & same
    assert allowed.any(axis=1).all()
    at_home = allowed.argmax(axis=1)[problem.gene_group]
    in_brazil = (problem.allowed & (at == "BR")).argmax(axis=1)[problem.gene_group]
    evaluator = Evaluator(problem, scenario, objectives=[sovereignty])
    [none], [most] = evaluator.evaluate(np.stack([at_home, in_brazil])).F
    tokens = problem.group_requests * (problem.group_prompt + problem.group_output)
    from_brazil = tokens[home[problem.group_origin] == "BR"].sum() / tokens.sum()
    assert none == 0.0
    assert most == pytest.approx(1 - from_brazil, rel=1e-12)


def test_a_scenario_without_jurisdictions_is_refused() -> None:
    scenario = load_scenario("tiny")
    with pytest.raises(SlitError, match=r"origin east has no jurisdiction, expected one in the"):
        Evaluator(compile_problem(scenario), scenario, objectives=[sovereignty])
