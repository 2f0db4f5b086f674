"""The relaxation with whole nodes lies between the relaxation and every plan."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slit.certificates.integrality_gap import whole_node_bound
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.objectives.builtin import BUILT_IN
from slit.relaxation import Relaxation
from tests.cases import Case, cases, make_case
from tests.relaxation.plans import feasible_objectives, linear_objectives


@settings(max_examples=40)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_no_feasible_plan_is_below_the_bound(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    objectives = linear_objectives(BUILT_IN)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    values = feasible_objectives(case, evaluator, rng=rng)
    if not len(values):
        return
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    scale = np.abs(values).max(axis=0)
    weights = rng.exponential(size=len(objectives)) / np.where(scale > 1e-6, scale, np.inf)
    weights[rng.random(len(weights)) < 0.5] = 0.0
    found = whole_node_bound(relaxation, weights, mip_gap=0.0)
    size = np.abs(values * weights).sum(axis=1)
    assert found.complete
    assert found.bound >= found.relaxed - 1e-12 * size.max()
    assert (values @ weights >= found.bound - 1e-6 * size).all()


def test_one_node_too_few_by_hand() -> None:
    """One group at one placement: idle power of the whole node counts, not of a part."""
    case = make_case(
        2, epochs=1, origins=1, classes=1, datacenters=1, pools_per_datacenter=1, variants=1,
        renewables=False, negative_prices=False, standby=False, extras=False, residency=False,
        empty_groups=False, genes=1, nodes_per_group=0.3,
    )  # fmt: skip
    problem = case.problem
    relaxation = Relaxation(problem, case.scenario, find(["energy"]))
    found = whole_node_bound(relaxation, [1.0])
    work, energy = (int(x) * int(problem.group_chunks[0]) for x in problem.chunk[0, 0])
    kwh = problem.pue[0, 0] * problem.kwh_per_energy_tick
    nodes = -(-work // problem.node_ticks)
    assert nodes > work / problem.node_ticks
    assert found.relaxed == pytest.approx(
        kwh * (energy + work / problem.node_ticks * problem.idle_energy[0])
    )
    assert found.bound == pytest.approx(kwh * (energy + nodes * problem.idle_energy[0]))
