"""Shares on grids: largest remainder, the smallest dropped first, lists for several requests."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slit.errors import SlitError
from slit.export.files import round_plan
from slit.export.judge import at_placements, judge
from slit.export.rounding import Expression, Grid, backends_of, lists_of, on_grid
from slit.export.routes import plan_shares
from slit.export.targets import target_of
from slit.objectives import DEFAULT, find
from tests.export.plans import NAMES, SHARES, small_ledger, small_rounding


def by_hand(shares: list[float], steps: int, most: int | None) -> list[int]:
    """Largest remainder in fractions, one list at a time."""
    order = sorted(range(len(shares)), key=lambda b: (-shares[b], b))
    kept = set(order if most is None else order[:most])
    exact = [Fraction(share) if b in kept else Fraction(0) for b, share in enumerate(shares)]
    wanted = [share * steps / sum(exact) for share in exact]
    whole = [int(each) for each in wanted]
    rest = sorted(range(len(shares)), key=lambda b: (-(wanted[b] - whole[b]), b))
    for b in rest[: steps - sum(whole)]:
        whole[b] += 1
    return whole


def test_by_hand() -> None:
    weights, dropped = on_grid(np.array([[0.4, 0.35, 0.15, 0.1]]), Grid(10))
    assert weights.tolist() in ([[4, 4, 1, 1]], [[4, 3, 2, 1]])
    weights, dropped = on_grid(np.array([[0.4, 0.3, 0.2, 0.1]]), Grid(9, most=3))
    assert (weights.tolist(), dropped.tolist()) == ([[4, 3, 2, 0]], [1])


@given(
    parts=st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any),
    steps=st.integers(1, 300),
    most=st.none() | st.integers(1, 8),
)
def test_largest_remainder(parts: list[int], steps: int, most: int | None) -> None:
    shares = np.array(parts, np.float64) / sum(parts)
    weights, dropped = on_grid(shares[None, :], Grid(steps, most))
    assert weights.sum() == steps
    assert int(dropped[0]) == max(0, sum(part > 0 for part in parts) - (most or 8))
    assert (weights > 0).sum() <= (most or 8)
    twin = by_hand(shares.tolist(), steps, most)
    assert np.abs(weights[0] - twin).max() <= 1  # ties of remainders within 1e-9
    assert np.abs(np.sort(weights[0]) - np.sort(twin)).sum() <= 2


@pytest.mark.parametrize("expression", Expression)
def test_effective_shares(expression: Expression) -> None:
    """On a fine grid each list keeps what it tells apart, and mixes what it does not."""
    ledger = small_ledger()
    problem, backends = ledger.problem, backends_of(ledger.problem)
    shares = backends.sums(plan_shares(ledger))
    lists = lists_of(problem, shares, backends, Grid(1_000_000), expression)
    np.testing.assert_allclose(lists.effective.sum(axis=1), 1.0, atol=1e-9)
    assert (lists.weights.sum(axis=1) == 1_000_000).all()
    total = (problem.group_requests[:, None] * shares).sum(axis=0)
    for epoch in (0, 1):  # all requests together go where the plan sends them
        mine = problem.group_epoch == epoch
        requests = problem.group_requests[mine, None]
        np.testing.assert_allclose(
            (requests * lists.effective[mine]).sum(axis=0),
            (requests * shares[mine]).sum(axis=0),
            atol=2e-6 * total.sum(),
        )
    if expression is Expression.ROUTES:
        np.testing.assert_allclose(lists.effective, shares, atol=1e-6)
    if expression is Expression.VARIANTS:
        for d in np.unique(backends.datacenter):
            of_place = backends.datacenter == d
            np.testing.assert_allclose(
                lists.effective[:, of_place].sum(axis=1), shares[:, of_place].sum(axis=1)
            )
    if expression in (Expression.PLACES, Expression.SITES):
        for v in np.unique(backends.variant):
            of_variant = backends.variant == v
            np.testing.assert_allclose(
                lists.effective[:, of_variant].sum(axis=1), shares[:, of_variant].sum(axis=1)
            )


def test_a_variant_list_mixes_origins_by_requests() -> None:
    """East chats 5,600 requests, 0.5 small and 0.125 large at sunny; west 7,000, 0.7 small."""
    ledger = small_ledger()
    problem, backends = ledger.problem, backends_of(ledger.problem)
    shares = backends.sums(plan_shares(ledger))
    lists = lists_of(problem, shares, backends, Grid(1000), Expression.VARIANTS)
    sunny = [center.name for center in ledger.scenario.datacenters].index("sunny")
    row = (lists.epoch == 0) & (lists.datacenter == sunny)
    large = 5600 * 0.125 / (5600 * 0.625 + 7000 * 0.7)
    assert sorted(lists.weights[row].max(axis=0).tolist())[-2:] == [
        pytest.approx(1000 * large, abs=2),
        pytest.approx(1000 * (1 - large), abs=2),
    ]


def test_judged_by_the_ledger_of_the_rounded_plan() -> None:
    """No change where nothing is rounded; a share moved by hand changes what the evaluator says."""
    ledger = small_ledger()
    shares = plan_shares(ledger)
    moved = shares.copy()
    j = int(np.flatnonzero((shares[:, 0] > 0.3) & (shares[:, 2] > 0.2))[0])
    moved[j, 0] -= 0.25
    moved[j, 2] += 0.25
    same, other = judge(ledger.scenario, find(DEFAULT), shares, [shares, moved])
    assert (same.change, same.worst) == ((0.0,) * len(DEFAULT), 0.0)
    assert other.worst > 0
    before, after = same.before, other.after
    for name, first, second, change in zip(DEFAULT, before, after, other.change, strict=True):
        assert change == pytest.approx(100 * (second - first) / abs(first)), name


def test_coarser_grids_lose_backends() -> None:
    found = {each.target.name: each for each in small_rounding().found}
    assert set(found) == set(NAMES)
    assert found["httproute"].lost == found["haproxy"].lost == 0
    assert found["httproute"].judged.worst < 0.01


def test_refused_beyond_the_tolerance() -> None:
    ledger = small_ledger()
    with pytest.raises(SlitError, match=r"semantic-router: rounding .* expected at most 0 %"):
        round_plan(ledger, ["semantic-router"], find(DEFAULT), tolerance=0.0)
    lenient = round_plan(ledger, ["semantic-router"], find(DEFAULT), tolerance=0.0, lenient=True)
    assert (lenient.found, list(lenient.refused)) == ((), ["semantic-router"])


def test_never_where_it_may_not_be_served() -> None:
    ledger = small_ledger()
    problem, backends, shares = ledger.problem, backends_of(ledger.problem), plan_shares(ledger)
    effective = backends.sums(shares)
    allowed = problem.allowed.copy()
    allowed[0, shares[0] == 0] = False
    effective[0] = (shares[0] == 0) / (shares[0] == 0).sum()
    with pytest.raises(SlitError, match="here: cannot express the plan"):
        at_placements(problem._replace(allowed=allowed), shares, effective, backends, called="here")


def test_more_backends_than_a_target_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest are dropped first, which is judged, and refused with their number."""
    narrow = replace(target_of("httproute"), grid=Grid(1_000_000, most=1))
    monkeypatch.setattr("slit.export.files.target_of", lambda _: narrow)
    [found] = round_plan(small_ledger(), ["httproute"], find(DEFAULT), tolerance=1e9).found
    assert (found.lists.weights > 0).sum(axis=1).tolist() == [1] * 6
    assert found.dropped == sum(sum(share > 0 for share in each) - 1 for each in SHARES.values())
    assert found.judged.worst > 1
    with pytest.raises(SlitError, match=r"adds .* % to \w+, 6 backends dropped, expected at most"):
        round_plan(small_ledger(), ["httproute"], find(DEFAULT))
