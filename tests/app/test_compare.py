"""What moves between two plans, where, when and why."""

import numpy as np
import pytest
from hypothesis import given
from plotly.graph_objects import Figure

from slit.app.compare import (
    SIGNALS,
    busiest_hours,
    comparison_data,
    differences,
    draw_net,
    move_label,
    reasons,
)
from slit.ledger import write_ledger
from tests.cases import Case, cases, make_case


def pair(case: Case) -> tuple:  # type: ignore[type-arg]
    return tuple(write_ledger(case.plans[n], case.problem, case.scenario) for n in (0, 1))


@given(case=cases(plans=2))
def test_moves_add_up_to_the_difference(case: Case) -> None:
    a, b = pair(case)
    data = comparison_data(a, b)
    change = b.group_requests - a.group_requests
    assert data.moved == pytest.approx(np.maximum(change, 0).sum())
    assert data.net_load.sum() == pytest.approx(0, abs=1e-6 * data.total)
    assert data.net_variant.sum() == pytest.approx(0, abs=1e-6 * data.total)
    sites = case.problem.placement_datacenter
    for d in range(case.problem.datacenters):
        expected = change[:, sites == d].sum() / data.hours
        assert data.net_load[:, d].sum() == pytest.approx(expected, abs=1e-6 * data.total)
    if len(data.moves) < 40:
        assert sum(move.requests for move in data.moves) == pytest.approx(data.moved)
        net = dict.fromkeys(data.datacenters, 0.0)
        for move in data.moves:
            net[move.source[0]] -= move.requests
            net[move.target[0]] += move.requests
            assert move.by_epoch.sum() == pytest.approx(move.requests)
            assert move.by_class.sum() == pytest.approx(move.requests)
            assert move.by_origin.sum() == pytest.approx(move.requests)
        for d, name in enumerate(data.datacenters):
            expected = data.net_load[:, d].sum() * data.hours
            assert net[name] == pytest.approx(expected, abs=1e-6 * data.total)


def test_a_plan_does_not_differ_from_itself() -> None:
    a, _ = pair(make_case(1, plans=2))
    data = comparison_data(a, a)
    assert (data.moved, data.moves, data.moved_share) == (0.0, (), 0.0)
    assert np.asarray(Figure(draw_net(data, by="datacenter")).data[0].z).any() == np.False_


def test_one_chunk_that_moves_by_hand() -> None:
    case = make_case(8, plans=1, residency=False, extras=False, empty_groups=False)
    problem, scenario = case.problem, case.scenario
    a = case.plans[0].copy()
    b = a.copy()
    j = int(problem.gene_group[5])
    b[5] = next(p for p in np.flatnonzero(problem.allowed[j]) if p != a[5])
    data = comparison_data(*(write_ledger(plan, problem, scenario) for plan in (a, b)))
    (move,) = data.moves
    t = int(problem.group_epoch[j])
    assert move.requests == pytest.approx(problem.chunk_requests[j])
    assert np.flatnonzero(move.by_epoch).tolist() == [t]
    assert busiest_hours(move, data.starts) == data.starts[t][11:16]
    for p, end, signals in ((a[5], move.source, move.before), (b[5], move.target, move.after)):
        d = int(problem.placement_datacenter[p])
        assert end[0] == scenario.datacenters[d].name
        assert end[1] == scenario.variants[problem.placement_variant[p]].name
        expected = {
            "grid carbon": 1000 * scenario.signals.carbon[t, d],
            "price": 1000 * scenario.signals.price[t, d],
            "PUE": scenario.signals.pue[t, d],
            "first token without waits": 1000 * problem.base_ttft[j, p],
            "accuracy": 100 * problem.accuracy[problem.group_class[j], p],
        }
        found = {signal.name: value for signal, value in zip(SIGNALS, signals, strict=True)}
        assert {name: found[name] for name in expected} == pytest.approx(expected)
    better, worse = reasons(move, most=len(SIGNALS))
    for change in better + worse:
        assert abs(change.percent) >= 3
        sign = 1 if change.signal.more_is_better else -1
        assert (change in better) == (sign * (change.after - change.before) > 0)


def test_moves_in_words() -> None:
    case = make_case(8, plans=2)
    data = comparison_data(*pair(case))
    for move in data.moves:
        said = move_label(move)
        assert "→" in said
        assert set(move.source + move.target) <= set(
            said.replace(",", " ").replace(":", " ").split()
        )


def test_differences_by_hand() -> None:
    found = differences(("carbon", "cost"), np.array([10.0, -1.0]), np.array([5.0, 2.0]))
    assert [(each.a, each.b, each.change) for each in found] == [(10, 5, -50.0), (-1, 2, None)]
