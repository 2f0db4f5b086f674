"""What plans about as good as a pick reroute at least: never more than the pick does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.drivers.least_rerouting import Day
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.objectives.builtin import reroute
from slit.relaxation import Relaxation
from tests.cases import Case, cases, make_case


@settings(max_examples=15)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_no_plan_as_good_reroutes_less(case: Case, seed: int) -> None:
    objectives = find(["energy", "carbon"])
    evaluator = Evaluator(case.problem, case.scenario, objectives=[*objectives, reroute])
    if not case.problem.compared.any():
        return
    found = evaluator.evaluate(case.plans)
    day = Day(Relaxation(case.problem, case.scenario, objectives))
    for row in np.flatnonzero(found.G == 0)[:2]:
        values, rerouted = found.F[row, :2], found.F[row, 2]
        exact, loose = (day.least(case.plans[row], values, each) for each in (0.0, 10.0))
        assert exact <= rerouted + 1e-6
        assert -1e-9 <= loose <= exact + 1e-6


def test_an_optimum_that_moves_has_to_be_followed() -> None:
    """One group an epoch whose best place changes: staying costs more than is allowed."""
    case = make_case(
        3, epochs=2, origins=1, classes=1, datacenters=2, pools_per_datacenter=1, variants=1,
        renewables=False, negative_prices=False, standby=False, extras=False, residency=False,
        empty_groups=False, genes=2, nodes_per_group=0.3,
    )  # fmt: skip
    objectives = find(["carbon"])
    problem = case.problem
    evaluator = Evaluator(problem, case.scenario, objectives=[*objectives, reroute])
    every = np.array([np.repeat([a, b], problem.group_chunks) for a in (0, 1) for b in (0, 1)])
    found = evaluator.evaluate(every)
    best = int(np.argmin(found.F[:, 0]))
    day = Day(Relaxation(problem, case.scenario, objectives))
    stays = found.F[found.F[:, 1] == 0, 0].min()
    allowed = stays / found.F[best, 0] - 1
    assert day.least(every[best], found.F[best, :1], allowed + 0.01) == pytest.approx(0.0, abs=1e-6)
