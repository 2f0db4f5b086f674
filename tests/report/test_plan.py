"""The numbers of a plan's figures equal its ledger; waits are distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.graph_objects import Figure
from scipy.integrate import quad

from slit.evaluator import Evaluator
from slit.front import broken_by
from slit.ledger import Ledger, write_ledger
from slit.objectives.builtin import BUILT_IN
from slit.optimizers.protocol import Plans
from slit.problem import compile_problem
from slit.report.plan import (
    describe_plan,
    describe_refused,
    draw_by_datacenter,
    draw_load,
    draw_nodes,
    draw_waits,
    plan_data,
    refused_content,
)
from slit.run import front_of
from slit.waits import SHARES, waits_data
from tests.cases import Case, cases, make_case
from tests.hand import hand_scenario
from tests.kernels.test_evaluation import timed


def ledger_of(case: Case, n: int = 0) -> Ledger:
    return write_ledger(case.plans[n], case.problem, case.scenario)


@given(case=cases(plans=2))
def test_sums_of_a_plan_are_those_of_the_ledger(case: Case) -> None:
    ledger = ledger_of(case)
    data = plan_data(ledger)
    totals = ledger.totals()
    assert data.carbon.sum() == pytest.approx(totals["carbon"])
    assert data.water.sum() == pytest.approx(totals["water"])
    assert data.cost.sum() == pytest.approx(totals["cost"])
    assert data.energy.sum() == pytest.approx(totals["energy"])
    requests = case.problem.group_requests.sum()
    assert data.flows.sum() == pytest.approx(requests)
    assert data.by_variant.sum() == pytest.approx(requests)
    assert data.waits.requests.sum() == pytest.approx(requests)
    by_epoch = np.bincount(
        case.problem.group_epoch, case.problem.group_requests, minlength=case.problem.epochs
    )
    assert data.by_datacenter.sum(axis=1) == pytest.approx(by_epoch)
    assert data.by_variant.sum(axis=1) == pytest.approx(by_epoch)


@given(case=cases(plans=2))
def test_means_of_waits_are_the_objectives(case: Case) -> None:
    ledger = ledger_of(case)
    waits = waits_data(ledger)
    used = waits.requests > 0
    weight = waits.requests[used] / waits.requests.sum()
    assert (weight * waits.mean[used]).sum() == pytest.approx(ledger.totals()["ttft"])
    late = ledger.totals()["slo_violation"]
    assert (weight * waits.late[used]).sum() == pytest.approx(late, abs=1e-12)


@given(seed=st.integers(0, 1000))
def test_the_distribution_of_waits_has_the_mean_and_late_share_of_the_ledger(seed: int) -> None:
    case = make_case(seed, plans=1, epochs=2, genes=12)
    waits = waits_data(ledger_of(case))
    for k in np.flatnonzero(waits.requests > 0):
        assert (np.diff(waits.beyond[k]) <= 1e-12).all()
        assert 0 <= waits.beyond[k].min() <= waits.beyond[k].max() <= 1 + 1e-12
        assert (np.diff(waits.quantiles[k]) >= 0).all()
        at_slo = np.interp(waits.slo[k], waits.times, waits.beyond[k])
        near = np.abs(np.log(waits.times / waits.slo[k])) < 0.15
        assert waits.beyond[k][near].min() - 1e-9 <= at_slo <= waits.beyond[k][near].max() + 1e-9


def test_the_tail_integrates_to_the_mean_wait() -> None:
    case = make_case(11, plans=1, epochs=1, classes=1, genes=12)
    ledger = ledger_of(case)
    waits = waits_data(ledger)
    from slit.waits import _streams

    streams, _ = _streams(ledger)
    area = quad(lambda x: streams.later_than(np.array([x]))[0], 0, 50, limit=2000, epsabs=1e-7)[0]
    assert area == pytest.approx(waits.mean[0], rel=1e-4)
    for share, value in zip(SHARES, waits.quantiles[0], strict=True):
        assert streams.later_than(np.array([value]))[0] <= 1 - share + 1e-9
        assert streams.later_than(np.array([value * (1 - 1e-6)]))[0] >= 1 - share - 1e-6
    at = streams.later_than(waits.slo)[0]
    assert at == pytest.approx(waits.late[0])


def test_steps_of_load_end_with_the_horizon() -> None:
    case = make_case(3, plans=1, epochs=3)
    data = plan_data(ledger_of(case))
    for by, values in (("datacenter", data.by_datacenter), ("variant", data.by_variant)):
        drawn = Figure(draw_load(data, by=by))
        drawn_sum = sum(np.asarray(trace.y[:-1]) for trace in drawn.data)
        assert drawn_sum * data.hours == pytest.approx(values.sum(axis=1))
        assert drawn.data[0].x[0] == "2023-07-01T00:00:00"
        assert drawn.data[0].x[-1] == "2023-07-01T03:00:00"


def test_bars_show_totals_and_water_in_two_parts() -> None:
    data = plan_data(ledger_of(make_case(3, plans=1)))
    for what in ("energy", "carbon", "water", "cost"):
        drawn = Figure(draw_by_datacenter(data, what=what))
        total = sum(sum(trace.x) for trace in drawn.data)
        assert total == pytest.approx(getattr(data, what).sum())
        assert len(drawn.data) == (2 if what == "water" else 1)


def test_nodes_are_shares_of_capacity() -> None:
    case = make_case(3, plans=1)
    data = plan_data(ledger_of(case))
    share = np.asarray(Figure(draw_nodes(data)).data[0].z, dtype=float)
    q = int(np.argmax(data.capacity))
    assert share[q] == pytest.approx(100 * data.nodes[:, q] / data.capacity[q])
    assert share.shape == (len(data.pools), len(data.starts))


def test_classes_without_requests_are_left_out() -> None:
    case = make_case(3, plans=1, classes=3)
    waits = plan_data(ledger_of(case)).waits
    drawn = Figure(draw_waits(waits))
    assert len(drawn.data) == 2 * int((waits.requests > 0).sum())


def test_a_plan_in_words() -> None:
    data = plan_data(ledger_of(make_case(3, plans=1)))
    said = describe_plan(data)
    load = data.by_datacenter.sum(axis=0)
    assert f"most load: {data.datacenters[int(load.argmax())]} " in said


def test_refused_starts_are_named_where_and_when() -> None:
    """A node stops in the first hour here and is wanted again in the second."""
    scenario = timed(hand_scenario(begins="given", held=1), min_down_hours=2.0)
    problem = compile_problem(scenario)
    evaluator = Evaluator(problem, scenario, objectives=BUILT_IN)
    plan = np.array([[1, 0, 0]], np.int16)
    found = evaluator.evaluate(plan)
    front = front_of(Plans(plan, found.F, found.G), evaluator, method="nearest")
    assert broken_by(front, 0) == "1 node start refused (minimum time down)"
    ledger = write_ledger(plan[0], problem, scenario)
    [content] = refused_content(ledger)
    assert content["epoch"] == 1
    assert content["nodes"] == 1
    [said] = describe_refused(ledger)
    pool, variant, time = content["pool"], content["variant"], content["time"]
    assert said.startswith(f"1 node start refused: {pool}/{variant} in epoch 1 ({time})")
