"""The random scenarios of the tests keep what they promise."""

import numpy as np
import pytest

from slit.evaluator import Evaluator
from slit.objectives.registry import find
from slit.problem import compile_problem
from tests import builders


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("begins", ["free", "given", "cyclic"])
def test_the_home_plan_is_feasible(seed: int, begins: str, monkeypatch: pytest.MonkeyPatch) -> None:
    homes: dict[tuple[int, int], tuple[int, int]] = {}
    original = builders._homes

    def remember(*args: object) -> dict[tuple[int, int], tuple[int, int]]:
        homes.update(original(*args))  # type: ignore[arg-type]
        return homes

    monkeypatch.setattr(builders, "_homes", remember)
    rng = np.random.default_rng(seed)
    scenario = builders.random_scenario(
        rng, begins=begins, nodes_per_group=(0.3, 1.5, 6.0)[seed % 3]
    )
    problem = compile_problem(scenario)
    places = list(
        zip(problem.placement_pool.tolist(), problem.placement_variant.tolist(), strict=True)
    )
    groups = zip(problem.group_origin.tolist(), problem.group_class.tolist(), strict=True)
    wanted = np.array([places.index(homes[group]) for group in groups])
    plan = wanted[problem.gene_group][None, :].astype(np.int16)
    found = Evaluator(problem, scenario, objectives=find(("carbon",))).evaluate(plan)
    assert found.G[0] == 0


def test_corner_cases_occur() -> None:
    scenarios = [builders.random_scenario(np.random.default_rng(seed)) for seed in range(20)]
    assert all((scenario.signals.price < 0).any() for scenario in scenarios)
    assert any((scenario.demand.requests == 0).any() for scenario in scenarios)
    assert all(scenario.residency for scenario in scenarios)
    assert any(node.standby_w > 0 for s in scenarios for node in s.node_types)
    services = [s for scenario in scenarios for s in scenario.services]
    assert len(services) < 20 * 6  # some node types lack a service
    plain = builders.random_scenario(
        np.random.default_rng(3), negative_prices=False, renewables=False, standby=False,
        residency=False, empty_groups=False, extras=False,
    )  # fmt: skip
    assert (plain.signals.price >= 0).all()
    assert (plain.signals.renewable == 0).all()
    assert (plain.demand.requests > 0).all()
    assert plain.residency == ()
    assert all(node.standby_w == 0 for node in plain.node_types)
