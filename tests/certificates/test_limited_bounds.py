"""Certificates within limits: no feasible plan within them is better than the bound."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from slit.certificates.bounds import Within, certify
from slit.certificates.normalization import NO_RANGE, limited_box, reference_box
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.objectives.limits import Limit
from slit.optimizers.exact.front import ExactProgram
from slit.problem import compile_problem
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import CapsUnmet
from slit.scenario.load import load_scenario
from tests.cases import Case, cases

NAMES = ["carbon", "water", "quality"]


@settings(max_examples=40)
@given(cases(plans=12), st.integers(0, 2), st.floats(0.01, 1.0))
def test_no_plan_within_the_limits_beats_the_bound(case: Case, column: int, share: float) -> None:
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(NAMES))
    found = evaluator.evaluate(case.plans)
    relaxation = Relaxation.of(evaluator)
    box = reference_box(relaxation)
    assume(box.kept[column])
    caps = np.full(3, np.inf)
    caps[column] = box.ideal[column] + share * box.range[column]
    within = found.F[(found.G == 0) & (caps >= found.F).all(axis=1)]
    try:
        limited = limited_box(relaxation, caps)
    except CapsUnmet:
        assert not len(within)
        return
    size = np.maximum(np.abs(box.ideal), box.range)
    assert (limited.ideal >= box.ideal - 1e-6 * size).all()
    assert (limited.reference <= np.maximum(caps, limited.ideal) + 1e-6 * size).all()
    assert (within >= limited.ideal - 1e-6 * size).all()
    if limited.kept.sum() < 2:
        return
    certificate = certify(
        relaxation, rng=np.random.default_rng(0), weights=10, refined=0, box=limited
    )
    scaled = limited.scaled(within)
    assert (scaled @ certificate.weights.T >= certificate.offsets - 1e-6).all()
    if len(within):
        assert certificate.share(within) <= 1 + 1e-6


def test_a_limit_that_leaves_no_range_drops_its_objective() -> None:
    scenario = load_scenario("tiny")
    evaluator = Evaluator(compile_problem(scenario), scenario, objectives=find(NAMES))
    relaxation = Relaxation.of(evaluator)
    box = reference_box(relaxation)
    free = limited_box(relaxation, np.full(3, np.inf))
    assert free.ideal.tolist() == box.ideal.tolist()
    caps = np.array([np.inf, np.inf, box.ideal[2] * (1 + 0.1 * NO_RANGE)])
    limited = limited_box(relaxation, caps)
    assert not limited.kept[2]
    assert limited.left_out["quality"] == "has no range within the limits"
    with pytest.raises(CapsUnmet):
        limited_box(relaxation, np.array([np.inf, np.inf, 0.9 * box.ideal[2]]))


@settings(max_examples=30)
@given(cases(plans=12), st.sampled_from(["answer_loss", "slo_violation", "ttft"]), st.data())
def test_limits_on_what_is_not_minimized_hold_for_plans_within_them(
    case: Case, limited: str, data: st.DataObject
) -> None:
    """The limit is what some plan has: the bound holds for all plans within, and is no looser."""
    measured = find(["carbon", "water", limited])
    found = Evaluator(case.problem, case.scenario, objectives=measured).evaluate(case.plans)
    feasible = found.F[found.G == 0]
    assume(len(feasible))
    most = feasible[data.draw(st.integers(0, len(feasible) - 1)), 2]
    within = feasible[feasible[:, 2] <= most, :2]
    relaxation = Relaxation(case.problem, case.scenario, measured[:2])
    caps = np.array([np.inf, np.inf, most])
    limits = Within(Relaxation(case.problem, case.scenario, measured), caps)
    free = reference_box(relaxation)
    assume(free.kept.all())
    box = limited_box(relaxation, caps, within=limits.relaxation)
    size = np.maximum(np.abs(free.ideal), free.range)
    assert (box.ideal >= free.ideal - 1e-6 * size).all()
    assert (within >= box.ideal - 1e-6 * size).all()
    rng = np.random.default_rng(0)
    certificate = certify(relaxation, rng=rng, weights=6, refined=0, box=free, within=limits)
    without = certify(relaxation, rng=rng, weights=6, refined=0, box=free)
    np.testing.assert_array_equal(certificate.weights, without.weights)
    assert (certificate.offsets >= without.offsets - 1e-6).all()
    assert (free.scaled(within) @ certificate.weights.T >= certificate.offsets - 1e-6).all()


def test_on_tiny_a_floor_under_accuracy_lifts_the_bound() -> None:
    """Least carbon at the accuracy of the best half: by an exact program, above the bound."""
    scenario = load_scenario("tiny")
    problem = compile_problem(scenario)
    [carbon, cost, loss] = find(["carbon", "cost", "answer_loss"])
    relaxation = Relaxation(problem, scenario, [carbon, cost, loss])
    low, high = reference_box(relaxation).ideal[2], reference_box(relaxation).nadir[2]
    limit = Limit(loss, (low + high) / 2)
    judge = Evaluator(problem, scenario, objectives=[carbon, cost], limits=[limit])
    least = ExactProgram(judge).minimize(np.array([1.0, 0.0]))
    assert least is not None
    caps = np.array([np.inf, np.inf, limit.most])
    free = reference_box(Relaxation.of(judge))
    box = limited_box(Relaxation.of(judge), caps, within=relaxation)
    assert free.ideal[0] * 1.01 < box.ideal[0] <= least.objectives[0]
