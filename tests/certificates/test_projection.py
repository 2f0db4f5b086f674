"""The edge of the relaxation below a plan: by hand, and that nothing reaches beyond it."""

import numpy as np
import pytest

from slit.certificates.projection import edge_below
from slit.certificates.tradeoff import allowance_curves, marginal_rates, tradeoff
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.relaxation import Relaxation
from tests.certificates.test_tradeoff import busy_case
from tests.relaxation.plans import feasible_objectives
from tests.test_lexicographic import two_sites


def test_edge_by_hand() -> None:
    """Between two sites cost and carbon trade along a line; the ideal point takes both minima."""
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon"]))
    cheap, clean = (relaxation.minimize(unit).objectives for unit in np.eye(2))
    ideal = np.array([cheap[0], clean[1]])
    width = np.array([clean[0], cheap[1]]) - ideal
    found = edge_below(relaxation, ideal + width)
    np.testing.assert_allclose(found.ideal, ideal, rtol=1e-6)
    assert found.share == pytest.approx(0.5, abs=1e-5)
    np.testing.assert_allclose(found.point, ideal + 0.5 * width, rtol=1e-5)
    # A fifth of the way in cost and a full one in carbon: s + s / 5 = 1 ends at 5 / 6.
    flat = edge_below(relaxation, ideal + width * [0.2, 1.0])
    assert flat.share == pytest.approx(1 / 1.2, abs=1e-5)
    np.testing.assert_allclose(flat.point, ideal + width * [1 / 6, 5 / 6], rtol=1e-5)


@pytest.mark.parametrize(
    "names", [["carbon", "water", "cost", "quality"], ["carbon", "cost", "carbon_equity"]]
)
def test_the_edge_is_attainable_and_nothing_is_beyond(names: list[str]) -> None:
    case = busy_case()
    objectives = find(names)
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    plan = feasible_objectives(case, evaluator, rng=np.random.default_rng(0))[0]
    found = edge_below(relaxation, plan)
    assert 0 <= found.share <= 1
    way = plan - found.ideal
    assert (found.point <= found.ideal + (found.share + 1e-5) * way).all()
    # Attainable: with the others at the point no objective needs more than the point's.
    rates = marginal_rates(relaxation, found.point)
    assert (rates.least <= found.point * (1 + 1e-6)).all()
    # On the edge: what is at its share of the way cannot be lower while the others stay.
    binding = found.point >= found.ideal + (found.share - 1e-5) * way
    assert binding.any()
    np.testing.assert_allclose(rates.least[binding], found.point[binding], rtol=1e-4)
    assert (rates.rate[binding].max(axis=1) > 0).all()


def test_trades_start_at_the_edge() -> None:
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon"]))
    cheap, clean = (relaxation.minimize(unit).objectives for unit in np.eye(2))
    ideal = np.array([cheap[0], clean[1]])
    width = np.array([clean[0], cheap[1]]) - ideal
    front = np.array([ideal + width, ideal + width * [1.2, 0.9]])
    edge = edge_below(relaxation, front[0]).point
    allow = {"cost": 0.2 * width[0]}
    # At the plan's own values carbon is free to be at its least; at the edge it has a price.
    (free,) = tradeoff(relaxation, front, plan=0, allow=allow)
    assert free.relaxed_gain == pytest.approx(0, abs=1e-6 * width[1])
    (bought,) = tradeoff(relaxation, front, plan=0, allow=allow, relaxed=edge)
    assert bought.relaxed_before == pytest.approx(ideal[1] + 0.5 * width[1], rel=1e-4)
    assert bought.relaxed_gain == pytest.approx(0.2 * width[1], rel=1e-4)
    assert bought.attained_gain == pytest.approx(0.1 * width[1])
    assert bought.row == 1
    curves = allowance_curves(
        relaxation, front, plan=0, allow=allow, shares=[0.0, 0.5, 1.0], relaxed=edge
    )
    assert (curves.names, curves.allow) == (("carbon",), allow)
    falls = ideal[1] + width[1] * np.array([0.5, 0.4, 0.3])
    np.testing.assert_allclose(curves.relaxed[:, 0], falls, rtol=1e-4)
    np.testing.assert_allclose(curves.attained[:, 0], front[[0, 0, 1], 1])
