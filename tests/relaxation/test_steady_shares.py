"""One epoch near the epoch before and near another plan, within a slack of the optimum."""

import numpy as np
import pytest

from slit.arrays import product
from slit.objectives import find
from slit.problem import compile_problem
from slit.problem.shares import round_shares, shares_in_plan
from slit.relaxation import Relaxation
from slit.relaxation.rounding import shares_of
from slit.relaxation.steady_shares import Steadiness, continued_genes, steady_shares
from slit.scenario.load import load_scenario

TINY = load_scenario("tiny")
PROBLEM = compile_problem(TINY)
RELAXATION = Relaxation(PROBLEM, TINY, find(["carbon", "quality"]))
CLEAN, GOOD = RELAXATION.minimize_many([[1.0, 0.0], [0.0, 1.0]])
WEIGHTS = np.array([1.0, 1e-6])
PROGRAM = RELAXATION.programs[1]
GROUPS = np.arange(PROBLEM.epoch_group[1], PROBLEM.epoch_group[2])
BEFORE = shares_of(RELAXATION, GOOD)[PROBLEM.group_previous[GROUPS]]
OWN = shares_of(RELAXATION, CLEAN)[GROUPS]
REQUESTS = PROBLEM.group_requests[GROUPS]


def moved(shares: np.ndarray, others: np.ndarray) -> float:
    return float((np.abs(shares - others).sum(axis=1) / 2 * REQUESTS).sum())


def weighed(shares: np.ndarray) -> float:
    """The weighted sum of an epoch's shares, to a constant."""
    place = PROGRAM.placement[: len(PROGRAM.group)]
    cost = product(WEIGHTS, PROGRAM.values)[: len(PROGRAM.group)]
    return float(product(cost, shares[PROGRAM.group, place]))


def shares(*, price: float = 0.0, own_price: float = 0.0, slack: float = np.inf) -> np.ndarray:
    found = steady_shares(
        PROGRAM,
        OWN,
        BEFORE,
        weights=WEIGHTS,
        price=price * REQUESTS,
        own_price=own_price * REQUESTS,
        slack=slack,
    )
    assert found is not None
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    return found


LEAST = moved(shares(price=100.0), BEFORE)  # more requests than before do not fit there


def test_a_price_keeps_requests_where_they_were() -> None:
    assert moved(shares(), BEFORE) > moved(shares(price=1.0), BEFORE) + 1.0
    assert moved(shares(price=1.0), BEFORE) == pytest.approx(LEAST, rel=1e-3)


def test_the_plan_that_is_followed_draws_where_it_weighs_more() -> None:
    assert moved(shares(price=1.0, own_price=2.0), OWN) == pytest.approx(0.0, abs=1e-3)
    assert moved(shares(price=2.0, own_price=1.0), BEFORE) == pytest.approx(LEAST, rel=1e-3)


def test_steadiness_costs_no_more_than_the_slack() -> None:
    best = weighed(shares())
    steady = weighed(shares(price=1.0))
    slack = 0.3 * (steady - best)
    assert slack > 0
    between = shares(price=1.0, own_price=0.5, slack=slack)
    assert best - 1e-6 <= weighed(between) <= best + slack * 1.001
    assert moved(between, BEFORE) < moved(shares(), BEFORE)


def test_an_epoch_follows_in_whole_chunks() -> None:
    good = round_shares(PROBLEM, shares_of(RELAXATION, GOOD))
    clean = round_shares(PROBLEM, shares_of(RELAXATION, CLEAN))
    steadiness = Steadiness(WEIGHTS, 1.0, own_price=2.0)
    genes = continued_genes(PROBLEM, PROGRAM, good, clean, steadiness)
    plan = good.copy()
    plan[PROBLEM.epoch_gene[1] : PROBLEM.epoch_gene[2]] = genes
    own = shares_in_plan(PROBLEM, clean, GROUPS)
    np.testing.assert_allclose(shares_in_plan(PROBLEM, plan, GROUPS), own)
