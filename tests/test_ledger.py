import math

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose

from slit.evaluator import Evaluator
from slit.objectives.builtin import BUILT_IN
from slit.problem import Loading, compile_problem
from tests.cases import Case, cases
from tests.hand import hand_scenario
from tests.reference import Twin, placements


@given(cases(plans=3))
def test_sums_of_the_ledger_equal_the_objectives(case: Case) -> None:
    evaluator = Evaluator(case.problem, case.scenario, objectives=BUILT_IN)
    found = evaluator.evaluate(case.plans)
    for plan, row, violation in zip(case.plans, found.F, found.G, strict=True):
        ledger = evaluator.ledger(plan)
        totals = ledger.totals()
        assert tuple(totals) == evaluator.names
        # Prices of both signs cancel; shares are differences from 1.
        slack = {"cost": 1e-12 * np.abs(ledger.cost_usd).sum(), "quality": 1e-14}
        slack |= {"answer_loss": 1e-14, "slo_violation": 1e-15}
        for name, value in zip(evaluator.names, row.tolist(), strict=True):
            assert totals[name] == pytest.approx(value, rel=1e-12, abs=slack.get(name, 0.0))
        assert ledger.excess_nodes.sum() + ledger.refused_starts.sum() == violation


@given(cases(plans=2))
def test_every_request_is_served_once(case: Case) -> None:
    problem, demand = case.problem, case.scenario.demand
    evaluator = Evaluator(problem, case.scenario, objectives=BUILT_IN)
    for plan in case.plans:
        ledger = evaluator.ledger(plan)
        assert (ledger.counts.sum(axis=1) == problem.group_chunks).all()
        assert not ledger.counts[~problem.allowed].any()
        by_epoch = demand.requests.sum(axis=(1, 2))
        assert_allclose(ledger.requests.sum(axis=1), by_epoch, rtol=1e-12)
        assert_allclose(ledger.group_requests.sum(axis=1), problem.group_requests, rtol=1e-12)
        served = np.zeros_like(ledger.requests)
        np.add.at(served, problem.group_epoch, ledger.group_requests)
        assert_allclose(served, ledger.requests, rtol=1e-12)


@given(cases(plans=2))
def test_cells_and_sites_agree_with_the_twin(case: Case) -> None:
    problem = case.problem
    evaluator = Evaluator(problem, case.scenario, objectives=BUILT_IN)
    twin = Twin(
        case.scenario,
        placements=placements(case.scenario),
        chunks=problem.group_chunks.tolist(),
    )
    for plan in case.plans:
        ledger, expected = evaluator.ledger(plan), twin.evaluate(plan.tolist())
        used = {(int(t), int(p)) for t, p in np.argwhere(ledger.nodes > 0)}
        assert used == set(expected.cells)
        for at, cell in expected.cells.items():
            assert ledger.nodes[at] == cell.nodes
            assert ledger.loading_nodes[at] == cell.loading
            assert ledger.requests[at] == pytest.approx(cell.requests, rel=1e-12)
            assert ledger.utilization[at] == pytest.approx(cell.utilization, rel=1e-12)
            assert ledger.wait_chance[at] == pytest.approx(cell.chance, rel=1e-12)
            wait = cell.mean_wait if cell.chance else 0.0
            assert ledger.mean_wait[at] == pytest.approx(wait, rel=1e-12)
            share = cell.share if cell.requests else 0.0  # nobody meets warm nodes that load
            assert ledger.loading_share[at] == pytest.approx(share, rel=1e-12)
        for at, site in expected.sites.items():
            size = 1e-12 * site.facility
            assert ledger.it_kwh[at] == pytest.approx(site.it, rel=1e-12)
            assert ledger.facility_kwh[at] == pytest.approx(site.facility, rel=1e-12)
            assert ledger.grid_kwh[at] == pytest.approx(site.grid, rel=1e-12, abs=size)
            assert ledger.water_on_site_l[at] == pytest.approx(site.on_site, rel=1e-12)
            assert ledger.water_off_site_l[at] == pytest.approx(site.off_site, abs=10 * size)
            assert ledger.carbon_kg[at] == pytest.approx(site.carbon, rel=1e-12, abs=size)
            assert ledger.cost_usd[at] == pytest.approx(site.cost, rel=1e-12, abs=size)


@given(cases(plans=2))
def test_what_holds_of_every_ledger(case: Case) -> None:
    problem, accounting = case.problem, case.scenario.accounting
    evaluator = Evaluator(problem, case.scenario, objectives=BUILT_IN)
    for plan in case.plans:
        ledger = evaluator.ledger(plan)
        used = ledger.nodes > 0
        assert (ledger.utilization <= accounting.utilization * (1 + 1e-9)).all()
        serving = ledger.requests > 0
        assert used[serving].all()
        warm = np.broadcast_to(problem.warm_nodes, used.shape)
        lasting = np.broadcast_to(problem.min_up > 1, used.shape)
        assert (ledger.nodes >= warm).all()
        assert (ledger.nodes == warm)[~serving & ~lasting].all()
        for unused in (ledger.wait_chance, ledger.mean_wait, ledger.loading_share):
            assert not unused[~used].any()
        assert (ledger.loading_nodes <= ledger.nodes).all()
        if problem.loading == Loading.PREWARM:
            assert not ledger.loading_share.any()
        assert (ledger.grid_kwh <= ledger.facility_kwh).all()
        assert (ledger.facility_kwh >= ledger.it_kwh).all()
        for share in (ledger.sigma, ledger.late, ledger.wait_chance, ledger.loading_share):
            assert ((share >= 0) & (share <= 1)).all()
        assert (ledger.ttft_s >= problem.base_ttft).all()
        assert ledger.nodes.sum() == ledger.pool_nodes.sum()


def test_by_hand() -> None:
    """The plan of tests/kernels: one cell here in both hours, one there in the second."""
    scenario = hand_scenario()
    ledger = Evaluator(compile_problem(scenario), scenario, objectives=BUILT_IN).ledger(
        np.array([0, 0, 1])
    )
    assert ledger.counts.tolist() == [[1, 0], [1, 1]]
    assert ledger.nodes.tolist() == ledger.pool_nodes.tolist() == [[1, 0], [1, 1]]
    assert ledger.loading_nodes.tolist() == [[0, 0], [0, 1]]
    assert_allclose(ledger.requests, [[1800, 0], [1800, 1800]])
    assert_allclose(ledger.utilization, [[0.5, 0], [0.5, 0.5]])
    assert_allclose(ledger.loading_share, [[0.0, 0.0], [0.0, 0.01]])
    assert_allclose(ledger.mean_wait, [[0.3, 0], [0.3, 0.3]])
    assert_allclose(ledger.it_kwh, [[1.4, 0.2], [1.4, 1.4]])
    assert_allclose(ledger.facility_kwh, [[2.1, 0.2], [2.1, 1.4]])
    assert_allclose(ledger.grid_kwh, [[2.0, 0.0], [2.1, 1.0]])
    assert_allclose(ledger.carbon_kg, [[1.0, 0.0], [1.05, 0.1]])
    assert_allclose(ledger.cost_usd, [[0.2, 0.0], [0.21, -0.05]])
    assert_allclose(ledger.water_on_site_l, [[1.4, 0.4], [1.4, 2.8]])
    assert_allclose(ledger.water_off_site_l, [[4.0, 0.0], [4.2, 1.0]])
    chance = math.pow(0.5, math.sqrt(6) - 1)
    assert_allclose(ledger.wait_chance, [[chance, 0], [chance, chance]])
    there = 0.8 + 0.99 * 0.3 * chance + 0.18
    # Where a group has no chunk, the time is that of its first request there.
    assert_allclose(ledger.ttft_s, [[0.5 + 0.3 * chance, 0.8], [0.5 + 0.3 * chance, there]])
    assert ledger.excess_nodes.tolist() == [[0, 0], [0, 0]]
