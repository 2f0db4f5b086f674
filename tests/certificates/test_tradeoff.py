"""Marginal rates against slopes, and what allowances buy."""

import numpy as np
import pytest

from slit.certificates.projection import edge_below
from slit.certificates.tradeoff import allowance_curves, marginal_rates, tradeoff
from slit.errors import InfeasibleError, SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import minimize_capped
from tests.cases import Case, make_case
from tests.relaxation.plans import feasible_objectives
from tests.test_lexicographic import two_sites


def busy_case() -> Case:
    return make_case(
        8, origins=3, genes=60, nodes_per_group=3.0, spare_nodes=3, residency=False, extras=False
    )


def test_rates_by_hand() -> None:
    """Between two sites cost and carbon trade along a line: its slope, both ways."""
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon"]))
    cheap, clean = (relaxation.minimize(unit).objectives for unit in np.eye(2))
    rates = marginal_rates(relaxation, 0.5 * (cheap + clean))
    slope = (clean[0] - cheap[0]) / (cheap[1] - clean[1])
    assert rates.rate[0, 1] == pytest.approx(slope)
    assert rates.rate[1, 0] == pytest.approx(1 / slope)
    np.testing.assert_allclose(rates.least, 0.5 * (cheap + clean), rtol=1e-6)
    assert not rates.rate.diagonal().any()


def test_rates_are_slopes_of_the_relaxed_minimum() -> None:
    case = busy_case()
    objectives = find(["carbon", "water", "cost", "quality"])
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    rng = np.random.default_rng(0)
    plan = feasible_objectives(case, evaluator, rng=rng)[0]
    rates = marginal_rates(relaxation, plan)
    assert (rates.least <= plan).all()
    assert (rates.rate > 0).any()
    for a in range(4):
        for b in np.flatnonzero(rates.rate[a] > 0):
            minima = []
            for step in (-1e-4, 1e-4):
                caps = plan.copy()
                caps[a], caps[b] = np.inf, plan[b] * (1 + step)
                minima.append(minimize_capped(relaxation, np.eye(4)[a], caps).value)
            low, high = (
                (minima[0] - rates.least[a]) / (1e-4 * plan[b]),
                (rates.least[a] - minima[1]) / (1e-4 * plan[b]),
            )
            # Convex: the rate lies between the slopes on both sides.
            assert high * (1 - 1e-3) <= rates.rate[a, b] <= low * (1 + 1e-3)


def test_worth_of_capacity_under_caps_is_a_slope() -> None:
    case = busy_case()
    objectives = find(["cost", "quality"])
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    cheap = relaxation.minimize([1.0, 0.0]).objectives
    good = relaxation.minimize([0.0, 1.0]).objectives
    plan = np.array([cheap[0], 0.5 * (cheap[1] + good[1])])
    rates = marginal_rates(relaxation, [good[0], plan[1]])
    q = int(np.argmax(rates.capacity[0].sum(axis=0)))
    worth = rates.capacity[0].sum(axis=0)[q]
    assert worth > 0
    caps = np.array([np.inf, plan[1]])

    def least(nodes: float) -> float:
        pools = case.problem.pool_nodes.astype(np.float64)
        pools[q] += nodes
        # Fractions of nodes, to see the slope: capacity enters as a number.
        problem = case.problem._replace(pool_nodes=pools)  # type: ignore[arg-type]
        changed = Relaxation(problem, case.scenario, objectives)
        return minimize_capped(changed, np.array([1.0, 0.0]), caps).value

    step = 1e-3
    assert (least(0) - least(step)) / step <= worth * (1 + 1e-3) + 1e-9
    assert (least(-step) - least(0)) / step >= worth * (1 - 1e-3) - 1e-9


def test_allowances_by_hand() -> None:
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon"]))
    cheap, clean = (relaxation.minimize(unit).objectives for unit in np.eye(2))
    width = clean - cheap
    front = np.array([cheap + 0.5 * width, cheap + 0.7 * width, cheap + 0.95 * width])
    (bought,) = tradeoff(relaxation, front, plan=0, allow={"cost": 0.3 * width[0]})
    assert bought.name == "carbon"
    assert bought.relaxed_gain == pytest.approx(-0.3 * width[1], rel=1e-6)
    assert bought.attained == pytest.approx(front[1, 1])
    assert bought.attained_gain == pytest.approx(-0.2 * width[1])
    (tighter,) = tradeoff(relaxation, front, plan=1, allow={"cost": -0.2 * width[0]})
    assert tighter.relaxed_gain == pytest.approx(0.2 * width[1], rel=1e-6)
    assert tighter.attained == pytest.approx(front[0, 1])
    allow, shares = {"cost": width[0]}, [-1.0, 0.0, 0.25, 5.0]
    curve = allowance_curves(relaxation, front, plan=0, allow=allow, shares=shares).relaxed[:, 0]
    assert np.isnan(curve[0])
    expected = [front[0, 1], front[0, 1] + 0.25 * width[1], clean[1]]
    np.testing.assert_allclose(curve[1:], expected, rtol=1e-6)


def test_more_of_one_never_buys_less() -> None:
    case = busy_case()
    objectives = find(["carbon", "cost", "ttft", "quality"])
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    front = feasible_objectives(case, evaluator, rng=np.random.default_rng(1))
    bought = tradeoff(relaxation, front, plan=0, allow={"ttft": 0.05})
    assert [purchase.name for purchase in bought] == ["carbon", "cost", "quality"]
    for purchase in bought:
        assert purchase.relaxed_gain >= -1e-9
        assert purchase.relaxed_before <= purchase.plan
        assert purchase.relaxed_after <= purchase.attained <= purchase.plan
    allow, shares = {"ttft": 0.05}, [0.0, 0.2, 0.4, 1.0]
    curve = allowance_curves(relaxation, front, plan=0, allow=allow, shares=shares).relaxed[:, 0]
    assert (np.diff(curve) <= 1e-9).all()
    assert curve[-1] == pytest.approx(bought[0].relaxed_after, rel=1e-6)


def test_wrong_input_is_one_message() -> None:
    case = busy_case()
    relaxation = Relaxation(case.problem, case.scenario, find(["carbon", "cost"]))
    front = np.array([[1e9, 1e9]])
    with pytest.raises(SlitError, match="plan: 1, expected a row of the front"):
        tradeoff(relaxation, front, plan=1, allow={"cost": 1.0})
    with pytest.raises(SlitError, match="allow: 'ttft', expected one of carbon, cost"):
        tradeoff(relaxation, front, plan=0, allow={"ttft": 1.0})
    with pytest.raises(SlitError, match="allow: none"):
        tradeoff(relaxation, front, plan=0, allow={})
    with pytest.raises(SlitError, match="expected a finite number"):
        tradeoff(relaxation, front, plan=0, allow={"cost": np.nan})
    with pytest.raises(SlitError, match=r"objectives: shape \(1, 3\)"):
        marginal_rates(relaxation, [1.0, 2.0, 3.0])
    with pytest.raises(InfeasibleError, match=r"allow: cost <= .* no plan is that good"):
        tradeoff(relaxation, front, plan=0, allow={"cost": -2e9})


def test_a_limit_cuts_an_allowance_and_what_binds_is_named() -> None:
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon"]))
    cheap, clean = (relaxation.minimize(unit).objectives for unit in np.eye(2))
    width = clean - cheap
    front = np.array([cheap + 0.5 * width, cheap + 0.55 * width, cheap + 0.95 * width])
    allow = {"cost": 0.3 * width[0]}
    limits = np.array([front[0, 0] + 0.1 * width[0], np.inf])
    (bought,) = tradeoff(relaxation, front, plan=0, allow=allow, limits=limits)
    assert bought.relaxed_gain == pytest.approx(-0.1 * width[1], rel=1e-6)
    assert bought.attained == front[1, 1]
    assert (bought.binding, bought.holding) == (("cost",), ("cost",))
    curves = allowance_curves(
        relaxation, front, plan=0, allow=allow, shares=[0.0, 1.0, 2.0], limits=limits
    )
    assert curves.relaxed[1, 0] == curves.relaxed[2, 0] == pytest.approx(bought.relaxed_after)
    # At the clean end nothing is left to buy, and nothing holds it.
    (bought,) = tradeoff(relaxation, clean[None, :], plan=0, allow=allow)
    assert bought.relaxed_gain == pytest.approx(0.0, abs=1e-6 * clean[1])
    assert (bought.binding, bought.holding) == ((), ())


def test_what_is_only_limited_may_rise_to_its_limit() -> None:
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon", "energy"]))
    cheap, clean = (relaxation.minimize(unit).objectives for unit in np.eye(3)[:2])
    width = clean - cheap
    assert width[2] > 0
    front = np.array([cheap + 0.2 * width])
    kept = np.array([True, True, False])
    allow = {"cost": width[0]}
    for share in (0.2, 0.6, 1.0):
        limits = np.array([np.inf, np.inf, (cheap + share * width)[2]])
        (bought,) = tradeoff(relaxation, front, plan=0, allow=allow, limits=limits, kept=kept)
        after = (cheap + share * width)[1]
        assert bought.relaxed_after == pytest.approx(after, rel=1e-6)
        assert bought.binding == (("energy",) if share < 1 else bought.binding)


def test_the_edge_keeps_to_limits_and_its_weights_support_it() -> None:
    case = busy_case()
    names = ["carbon", "cost", "quality", "ttft"]
    relaxation = Relaxation(case.problem, case.scenario, find(names))
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(names))
    plan = feasible_objectives(case, evaluator, rng=np.random.default_rng(3))[0]
    kept = np.array([True, True, True, False])
    free = edge_below(relaxation, plan, kept=kept)
    least = relaxation.minimize(np.eye(4)[3]).objectives[3]
    limits = np.array([np.inf, np.inf, np.inf, 0.5 * (least + free.point[3])])
    edge = edge_below(relaxation, plan, limits=limits, kept=kept)
    assert edge.point[3] <= limits[3] * (1 + 1e-6) < free.point[3]
    assert free.share <= edge.share <= 1
    assert (edge.weights >= 0).all()
    assert edge.weights[3] == 0
    for each, caps in ((free, np.full(4, np.inf)), (edge, limits)):
        best = minimize_capped(relaxation, each.weights, caps)
        assert each.weights @ each.point == pytest.approx(best.value, rel=1e-4)
    assert (edge.point[:3] <= plan[:3] * (1 + 1e-6)).all()
