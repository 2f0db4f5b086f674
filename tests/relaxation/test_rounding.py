"""Rounding of shares to chunks, repair, and seeds along weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.canonical import is_canonical
from operators.types import Genes, Longs
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.problem import Problem
from slit.problem.shares import round_shares
from slit.relaxation import Relaxation
from slit.relaxation.rounding import (
    Descent,
    LimitMultipliers,
    fit_capacity,
    shares_of,
)
from tests.cases import Case, cases, make_case


def counts_of(problem: Problem, plan: Genes) -> Longs:
    counts = np.zeros((problem.groups, problem.placements), dtype=np.int64)
    np.add.at(counts, (problem.gene_group, plan), 1)
    return counts


@settings(max_examples=60)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_every_count_is_within_one_of_its_share(case: Case, seed: int) -> None:
    problem, rng = case.problem, np.random.default_rng(seed)
    shares = np.where(problem.allowed, rng.exponential(size=problem.allowed.shape), 0.0)
    shares[rng.random(shares.shape) < 0.5] = 0.0
    shares[np.arange(problem.groups), problem.allowed.argmax(axis=1)] += 0.1
    shares /= shares.sum(axis=1, keepdims=True)
    plan = round_shares(problem, shares)
    counts = counts_of(problem, plan)
    np.testing.assert_array_equal(counts.sum(axis=1), problem.group_chunks)
    assert (np.abs(counts - shares * problem.group_chunks[:, None]) < 1 + 1e-6).all()
    assert not counts[shares == 0].any()
    assert is_canonical(plan[None, :], group_first=problem.group_first).all()


def test_largest_remainder_by_hand() -> None:
    """5 chunks at shares 0.5, 0.3, 0.2: 2.5, 1.5 and 1.0, the half chunk to the first of equals."""
    case = make_case(0, genes=40)
    problem = case.problem
    j = int(np.argmax((problem.group_chunks >= 3) & (problem.allowed.sum(axis=1) >= 3)))
    chunks, options = int(problem.group_chunks[j]), np.flatnonzero(problem.allowed[j])[:3]
    shares = np.zeros(problem.allowed.shape)
    shares[np.arange(problem.groups), problem.allowed.argmax(axis=1)] = 1.0
    shares[j] = 0.0
    shares[j, options] = np.array([chunks - 2 + 0.2, 1.1, 0.7]) / chunks
    counts = counts_of(problem, round_shares(problem, shares))
    assert counts[j, options].tolist() == [chunks - 2, 1, 1]


def test_refuses_a_group_without_shares() -> None:
    case = make_case(1)
    with pytest.raises(SlitError, match="shares: group 0 has none"):
        round_shares(case.problem, np.zeros(case.problem.allowed.shape))


def test_rounded_optima_are_feasible_and_near_the_bound() -> None:
    case = make_case(
        8, origins=3, genes=200, nodes_per_group=8.0, spare_nodes=20, residency=False, extras=False
    )
    objectives = find(["carbon", "cost", "quality"])
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    ideal = [relaxation.minimize(unit).objectives for unit in np.eye(3)]
    weights = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]) / np.ptp(ideal, axis=0)
    optima = relaxation.minimize_many(weights)
    bounds = np.array([relaxed.bound for relaxed in optima])
    rounded = [round_shares(case.problem, shares_of(relaxation, relaxed)) for relaxed in optima]
    plans = fit_capacity(case.problem, np.array(rounded), rng=np.random.default_rng(0))
    found = evaluator.evaluate(plans)
    assert not found.G.any()
    values = (found.F * weights).sum(axis=1)
    improve = Descent(case.problem, evaluator.terms)
    better = evaluator.evaluate(improve(plans, weights))
    assert not better.G.any()
    best = (better.F * weights).sum(axis=1)
    assert (bounds <= best).all()
    assert (best <= values + 1e-12).all()
    assert (best < values - 1e-6).any()
    assert (values - bounds < 0.5).all()


def test_fitted_plans_do_not_exceed_more() -> None:
    case = make_case(9, plans=30)
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(["cost"]))
    fitted = fit_capacity(case.problem, case.plans, rng=np.random.default_rng(0))
    before, after = evaluator.evaluate(case.plans).G, evaluator.evaluate(fitted).G
    assert (after <= before).all()
    assert after.sum() < before.sum()
    assert is_canonical(fitted, group_first=case.problem.group_first).all()


def test_multipliers_close_in_on_the_price_of_a_limit() -> None:
    """An answer that holds the limit exactly from a price of 37 on, begun far from it."""
    limits, weights = np.array([np.inf, 1.0]), np.array([1.0, 0.0])
    for first in (1.0, 37.0, 4000.0):
        multipliers = LimitMultipliers(np.array([0.0, first]))
        for _ in range(60):
            over = multipliers.values[1] < 37.0
            assert multipliers.update(np.array([5.0, 2.0 if over else 0.5]), limits, weights)
        assert multipliers.values[1] == pytest.approx(37.0, rel=1e-6)
        assert multipliers.values[0] == 0.0


def test_multipliers_rise_above_a_limit_and_fall_below_it() -> None:
    """By 2, 4 and 16, until the side changes; from then on by half in logarithms."""
    limits, weights = np.array([1.0]), np.array([0.0])
    multipliers = LimitMultipliers(np.array([1.0]))
    factors = []
    for value in (2.0, 2.0, 2.0, 2.0, 0.5, 0.5, 2.0):
        before = multipliers.values[0]
        multipliers.update(np.array([value]), limits, weights)
        factors.append(multipliers.values[0] / before)
    assert factors == pytest.approx([2, 4, 16, 16, 1 / 4, 1 / 4, 2])


def test_a_limit_that_cost_nothing_begins_with_a_tenth_of_the_sum() -> None:
    limits, weights = np.array([np.inf, 3.0]), np.array([2.0, 0.0])
    multipliers = LimitMultipliers(np.zeros(2))
    assert not multipliers.update(np.array([5.0, 2.0]), limits, weights)
    assert multipliers.values.tolist() == [0.0, 0.0]
    assert multipliers.update(np.array([5.0, 4.0]), limits, weights)
    assert multipliers.values.tolist() == [0.0, pytest.approx(0.1 * 2.0 * 5.0 / 4.0)]
