"""Power of the last, partly filled node of a cell: by a stated curve, or by smaller batches."""

import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from slit.arrays import frozen
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.ledger import write_ledger
from slit.objectives import find
from slit.optimizers.exact.front import ExactProgram
from slit.problem import compile_problem
from slit.problem.arrays import MICROTICKS
from slit.relaxation import Relaxation
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from tests.cases import Case, random_plans
from tests.optimizers.test_exact import all_plans
from tests.weighed import Weighed

KWH = 3.6e6


@pytest.fixture
def tiny() -> Scenario:
    return load_scenario("tiny")


def curved(tiny: Scenario, *points: tuple[float, float], service: int = 0) -> Scenario:
    """`tiny` with a curve of one service; its nodes draw 2,600 W idle and 3,800 W full."""
    services = list(tiny.services)
    services[service] = services[service].model_copy(update={"power_curve": points})
    return replace(tiny, services=tuple(services))


def with_batch_8(tiny: Scenario, watts: float) -> Scenario:
    """`tiny`, whose small variant also runs at batch 8, with power by batch."""
    small, large = tiny.services
    fast = small.model_copy(update={"batch": 8, "decode_w": watts})
    accounting = tiny.accounting.model_copy(update={"power_by_batch": True})
    return replace(tiny, services=(small, large, fast), accounting=accounting)


def above_line(scenario: Scenario, plan: np.ndarray) -> np.ndarray:
    """(T, D): kWh of IT that the curve of a scenario adds to a plan."""
    straight = replace(
        scenario,
        services=tuple(s.model_copy(update={"power_curve": ()}) for s in scenario.services),
        accounting=scenario.accounting.model_copy(update={"power_by_batch": False}),
    )
    found, line = (
        write_ledger(plan, compile_problem(each), each).it_kwh for each in (scenario, straight)
    )
    return np.asarray(found - line)


def test_by_hand_the_rest_of_the_work_draws_by_the_curve(tiny: Scenario) -> None:
    """At load 0.5 the straight line is 3,200 W, the curve 3,600 W; from there to a full node the
    400 W above it vanish, as they do to an idle one."""
    scenario = curved(tiny, (0.5, 3600.0))
    problem = compile_problem(scenario)
    plan = np.zeros(problem.genes, np.int16)
    found = above_line(scenario, plan)
    busy = scenario.accounting.utilization * scenario.horizon.epoch_seconds
    for t in range(problem.epochs):
        groups = slice(problem.epoch_group[t], problem.epoch_group[t + 1])
        work = (problem.group_chunks[groups] * problem.chunk[groups, 0, 0]).sum() / MICROTICKS
        load = work / busy % 1.0
        watts = 800 * load if load <= 0.5 else 800 * (1 - load)
        assert found[t, 0] == pytest.approx(watts * busy / KWH, rel=1e-6)
    assert (found[:, 0] > 0.01).all()
    assert (found[:, 1] == 0).all()


def test_by_hand_smaller_batches_are_the_points_of_a_curve(tiny: Scenario) -> None:
    """By Little's law batch 8 runs where the rate is that of batch 8: 8 / 9.04 ms of 32 / 12.16 ms,
    a load of 0.336. The smallest batch itself knows no smaller one."""
    scenario = with_batch_8(tiny, 3300.0)
    load = (8 / 0.00904) / (32 / 0.01216)
    stated = scenario.accounting.model_copy(update={"power_by_batch": False})
    by_hand = curved(replace(scenario, accounting=stated), (load, 3300.0))
    problem, wanted = compile_problem(scenario), compile_problem(by_hand)
    assert_allclose(problem.last_node[1], wanted.last_node[1])
    assert problem.last_node[0, :, 1].tolist() == [0.0, 0.0]
    above = 3300 - 2600 - load * 1200
    most = above * scenario.accounting.utilization * scenario.horizon.epoch_seconds
    assert problem.most_last_node[1] / problem.energy_scale == pytest.approx(most)


def test_a_stated_curve_comes_before_smaller_batches(tiny: Scenario) -> None:
    scenario = curved(with_batch_8(tiny, 3300.0), (0.5, 3600.0))
    problem = compile_problem(scenario)
    busy = scenario.accounting.utilization * scenario.horizon.epoch_seconds
    assert problem.last_node[1, 1, 0] == pytest.approx(0.5 * busy * MICROTICKS)


def test_a_curve_on_its_chord_changes_nothing(tiny: Scenario) -> None:
    scenario = curved(tiny, (0.25, 2900.0), (0.5, 3200.0))
    problem = compile_problem(scenario)
    plans = random_plans(problem, 20, rng=np.random.default_rng(3))
    for plan in plans:
        assert np.abs(above_line(scenario, plan)).max() == 0.0


@pytest.mark.parametrize("price", [1.0, -1.0])
def test_no_plan_is_below_the_bound(tiny: Scenario, price: float) -> None:
    """Also where energy earns money, and more of it is better."""
    scenario = curved(tiny, (0.1, 9000.0))
    signals = replace(
        scenario.signals, price=frozen(price * np.abs(scenario.signals.price), np.float64)
    )
    scenario = replace(scenario, signals=signals)
    objectives, problem = find(["cost", "quality"]), compile_problem(scenario)
    plans = random_plans(problem, 300, rng=np.random.default_rng(4))
    found = Evaluator(problem, scenario, objectives=objectives).evaluate(plans)
    feasible = found.F[found.G == 0]
    assert len(feasible) > 20
    for weights in ([1.0, 0.0], [1.0, 0.1]):
        bound = Relaxation(problem, scenario, objectives).minimize(weights).bound
        assert (feasible @ weights).min() >= bound


def test_local_search_reports_what_the_curve_changes(tiny: Scenario) -> None:
    scenario = curved(curved(tiny, (0.2, 6000.0)), (0.1, 4000.0), (0.6, 5000.0), service=1)
    problem = compile_problem(scenario)
    plans = random_plans(problem, 12, rng=np.random.default_rng(8))
    weighed = Weighed(
        Case(scenario, problem, plans), find(["cost", "quality"]), np.array([3.0, 2.0]), 10.0
    )
    gained = 0
    for plan in plans:
        better, _, change = weighed.improved(plan)
        really = weighed.value(better) - weighed.value(plan)
        assert change == pytest.approx(really, abs=weighed.tolerance(plan, better))
        gained += change < 0
    assert gained > 6


def test_the_exact_front_draws_by_the_curve(tiny: Scenario) -> None:
    scenario = curved(tiny, (0.1, 9000.0))
    problem = compile_problem(scenario)
    allowed = problem.allowed.copy()
    allowed[:, [1, 3]] = False  # few enough to try all plans
    problem = problem._replace(allowed=frozen(allowed, np.bool_))
    evaluator = Evaluator(problem, scenario, objectives=find(["cost", "carbon"]))
    plans = all_plans(problem, most=1_000)
    assert plans is not None
    found = evaluator.evaluate(plans)
    values = found.F[found.G == 0]
    for weights in np.array([[1.0, 0.0], [1.0, 0.1]]):
        plan = ExactProgram(evaluator).minimize(weights)
        assert plan is not None
        least = float((values @ weights).min())
        assert float(plan.objectives @ weights) == pytest.approx(least, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (
            [(0.5, 2500.0)],
            "services.small on h100x4 at batch 32.power_curve: 2500 at load 0.5, expected at least "
            "2600 (W of the whole node, idle_w of h100x4; GPUs alone draw less)",
        ),
        (
            [(0.5, 3000.0)],
            "services.small on h100x4 at batch 32.power_curve: 3000 at load 0.5, expected at least "
            "3200 (W, the straight line from idle to full; leave the point out or raise it: "
            "bounds take the chord)",
        ),
        (
            [(0.5, 3600.0), (0.2, 3600.0)],
            "services.small on h100x4 at batch 32.power_curve: loads 0.5, 0.2, expected ascending "
            "ones between 0 (idle_w) and 1 (decode_w)",
        ),
        (
            [(1.0, 3800.0)],
            "services.small on h100x4 at batch 32.power_curve: loads 1, expected ascending ones "
            "between 0 (idle_w) and 1 (decode_w)",
        ),
    ],
)
def test_impossible_curves_are_refused(
    tiny: Scenario, points: list[tuple[float, float]], message: str
) -> None:
    with pytest.raises(SlitError, match=re.escape(message)):
        curved(tiny, *points)


def test_a_smaller_batch_that_draws_too_little_is_refused(tiny: Scenario) -> None:
    message = (
        "services.small on h100x4 at batch 32.power_curve: 2900 at load 0.3363, expected at least "
        "3003.54 (W, the straight line from idle to full; state a power_curve, or leave "
        "power_by_batch off)"
    )
    with pytest.raises(SlitError, match=re.escape(message)):
        with_batch_8(tiny, 2900.0)
