"""Shadow prices by hand, between two sites, and as slopes."""

import numpy as np
import pytest

from slit.certificates.shadow_prices import STEP, bought, latency_returns, relocations
from slit.objectives import find
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import minimize_capped
from tests.cases import make_case
from tests.test_lexicographic import two_sites


def test_traffic_moves_when_energy_costs_more_than_elsewhere() -> None:
    """One group at the cheaper of two sites leaves when the rise makes up for the difference."""
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, (*find(["cost"]), bought))
    [program] = relaxation.programs
    cost, kwh = program.values
    cheap, other = np.argsort(cost)
    here, there = program.center[[cheap, other]]
    by_hand = (cost[other] - cost[cheap]) / kwh[cheap]
    assert by_hand > 0
    weights, most = np.array([2.0, 0.0]), np.full((1, 2), 20 * by_hand)
    found = relocations(relaxation, weights, most)
    total = case.problem.total_requests
    np.testing.assert_allclose(found.requests[0, [here, there]], [total, 0.0])
    assert 2 * by_hand * (1 - 1e-6) <= found.rise[0, here] <= STEP * 2 * by_hand
    assert np.isinf(found.rise[0, there])  # it serves nothing
    assert found.target[0, [here, there]].tolist() == [there, -1]
    stays = relocations(relaxation, weights, np.full((1, 2), 1.9 * by_hand))
    assert np.isinf(stays.rise).all()
    assert (stays.target == -1).all()
    assert np.isinf(relocations(relaxation, weights, np.zeros((1, 2))).rise).all()


def test_half_has_left_at_the_rise_and_not_well_below() -> None:
    case = make_case(8, origins=3, genes=60, spare_nodes=3, residency=False, extras=False)
    relaxation = Relaxation(case.problem, case.scenario, (*find(["carbon", "quality"]), bought))
    weights = np.array([1.0, 5.0, 0.0])
    shape = case.problem.carbon.shape
    found = relocations(relaxation, weights, np.full(shape, 4 * float(case.problem.carbon.max())))
    assert np.isfinite(found.rise).any()
    requests = np.bincount(
        case.problem.group_epoch, case.problem.group_requests, case.problem.epochs
    )
    np.testing.assert_allclose(found.requests.sum(axis=1), requests)
    for t, d in np.argwhere(np.isfinite(found.rise)).tolist():
        for part, leaves in ((1.0, True), (0.8 / STEP, False)):
            spread = weights[:, None] * relaxation.even
            spread[-1, d] = part * found.rise[t, d]
            point = relaxation.fresh().solvers.of(t).minimize(spread)
            program = relaxation.programs[t]
            mine = point.columns < len(program.group)
            at = program.center[point.columns[mine]] == d
            group = program.first_group + program.group[point.columns[mine][at]]
            left = (case.problem.group_requests[group] * point.amounts[mine][at]).sum()
            assert (left <= 0.5 * found.requests[t, d] * (1 + 1e-6)) == leaves


def test_latency_returns_by_hand() -> None:
    """Between two sites what is saved and what is waited lie on a line: its slope."""
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, find(["carbon", "ttft", "answer_loss"]))
    clean = relaxation.minimize([1.0, 0.0, 0.0]).objectives
    near = relaxation.minimize([0.0, 1.0, 0.0]).objectives
    assert near[1] < clean[1]
    assert clean[0] < near[0]
    free = np.full(3, np.inf)
    middle = 0.5 * (near + clean)
    middle[2] = max(near[2], clean[2])
    [found] = latency_returns(
        relaxation, middle, saved=["carbon"], latency="ttft", held=["answer_loss"], limits=free
    )
    slope = (near[0] - clean[0]) / (clean[1] - near[1])
    assert found.least == pytest.approx(middle[0])
    assert found.saved == pytest.approx(0.010 * slope)
    # Where latency is no hindrance, more of it returns nothing.
    [found] = latency_returns(
        relaxation, clean, saved=["carbon"], latency="ttft", held=["answer_loss"], limits=free
    )
    assert found.saved == pytest.approx(0.0, abs=1e-3 * 0.010 * slope)


def test_latency_returns_are_slopes_under_limits() -> None:
    case = make_case(8, origins=3, genes=60, spare_nodes=3, residency=False, extras=False)
    names = ["carbon", "ttft", "answer_loss", "water"]
    relaxation = Relaxation(case.problem, case.scenario, find(names))
    corners = np.array([relaxation.minimize(unit).objectives for unit in np.eye(4)])
    values = 0.5 * (corners[0] + corners[1])
    values[2] = corners[:, 2].max()
    limits = np.array([np.inf, np.inf, np.inf, 0.5 * (corners[0, 3] + corners[3, 3])])
    [found] = latency_returns(
        relaxation, values, saved=["carbon"], latency="ttft", held=["answer_loss"], limits=limits
    )

    def least(step: float) -> float:
        caps = np.array([np.inf, values[1] * (1 + step), values[2] * (1 + 1e-9), limits[3]])
        return minimize_capped(relaxation, np.eye(4)[0], caps).value

    step = 1e-4
    assert found.least == pytest.approx(least(0.0), rel=1e-6)
    per_ten = 0.010 / (step * values[1])
    below, above = (least(-step) - least(0.0)) * per_ten, (least(0.0) - least(step)) * per_ten
    assert above * (1 - 1e-3) - 1e-9 <= found.saved <= below * (1 + 1e-3) + 1e-9
