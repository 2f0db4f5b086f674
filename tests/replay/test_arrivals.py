"""Generated requests: as many as the demand says, the same whoever asks, spread as planned."""

import numpy as np
import pytest

from operators.types import Floats
from slit.ledger import Ledger, write_ledger
from slit.problem import compile_problem
from slit.replay.arrivals import GeneratedRequests, cached_tokens, interleaved, renewal, tokens
from slit.replay.routed_shares import routed_shares
from slit.replay.routing import Routing
from tests.stored import small_scenario


def test_tokens_keep_mean_and_variation() -> None:
    rng = np.random.default_rng(1)
    drawn = tokens(300.4, 200_000, scv=0.5, rng=rng)
    assert drawn.min() >= 1
    assert drawn.mean() == pytest.approx(300.4, rel=0.01)
    assert drawn.var() / drawn.mean() ** 2 == pytest.approx(0.5, rel=0.03)
    alike = tokens(300.4, 20_000, scv=0.0, rng=rng)
    assert set(alike.tolist()) == {300, 301}
    assert alike.mean() == pytest.approx(300.4, abs=0.02)


@pytest.mark.parametrize("scv", [0.0, 0.5, 1.0, 4.0])
def test_gaps_have_the_stated_variation(scv: float) -> None:
    rng = np.random.default_rng(2)
    times = renewal(100.0, 5100.0, rate=20.0, scv=scv, rng=rng)
    assert times[0] >= 100.0
    assert times[-1] < 5100.0
    assert len(times) == pytest.approx(100_000, abs=4 * np.sqrt(max(scv, 1e-4) * 100_000) + 1)
    gaps = np.diff(times)
    assert gaps.var() / gaps.mean() ** 2 == pytest.approx(scv, rel=0.05, abs=1e-9)


def test_a_process_has_run_for_long_before() -> None:
    """Else the first hour of bursty arrivals would begin with a gap too long, or with none."""
    rng = np.random.default_rng(3)
    counts = [len(renewal(0.0, 1.0, rate=3.0, scv=4.0, rng=rng)) for _ in range(20_000)]
    assert np.mean(counts) == pytest.approx(3.0, rel=0.03)


def test_turns_are_as_even_as_can_be() -> None:
    turns = interleaved(np.array([0.5, 0.25, 0.25]), 8)
    assert turns.tolist() == [0, 1, 2, 0, 0, 1, 2, 0]
    for count in (1, 5, 37):
        turns = interleaved(np.array([0.7, 0.2, 0.1]), count)
        taken = np.bincount(turns, minlength=3)
        assert abs(taken - np.array([0.7, 0.2, 0.1]) * count).max() <= 1.0


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    """A plan that spreads most groups over several placements."""
    scenario = small_scenario(epochs=2, epoch_seconds=600.0)
    problem = compile_problem(scenario)
    rng = np.random.default_rng(4)
    plan = problem.options[problem.gene_row, rng.integers(problem.option_count[problem.gene_row])]
    return write_ledger(plan, problem, scenario)


def _all(ledger: Ledger, routing: Routing, scv: float) -> Floats:
    problem = ledger.problem
    keep = np.ones(ledger.nodes.shape)
    source = GeneratedRequests(
        ledger=ledger, seed=7, routing=routing, arrival_scv=scv, token_scv=1.0, keep=keep,
        shares=routed_shares(ledger), cached=np.zeros(len(ledger.scenario.classes)),
    )  # fmt: skip
    found = np.zeros(ledger.requests.shape)
    for t in range(problem.epochs):
        for p in range(problem.placements):
            for part in source.parts(t, p):
                arrivals = part.requests.arrival_s
                assert (np.diff(arrivals) >= 0).all()
                if len(arrivals):
                    assert t * problem.epoch_seconds <= arrivals[0]
                    assert arrivals[-1] <= part.until_s <= (t + 1) * problem.epoch_seconds
                found[t, p] += len(arrivals)
    return found


@pytest.mark.parametrize("routing", list(Routing))
@pytest.mark.parametrize("scv", [1.0, 3.0])
def test_placements_get_what_the_plan_sends_them(
    ledger: Ledger, routing: Routing, scv: float
) -> None:
    found = _all(ledger, routing, scv)
    np.testing.assert_array_equal(found, _all(ledger, routing, scv))
    expected = ledger.requests
    off = np.abs(found - expected)
    assert (off <= 6 * np.sqrt(max(scv, 1.0) * np.maximum(expected, 1.0)) + 2).all()
    assert found.sum() == pytest.approx(expected.sum(), rel=0.02)


def test_requests_of_a_group_go_to_one_placement_each(ledger: Ledger) -> None:
    """Where placements draw from the common arrivals of a group, none is served twice."""
    problem = ledger.problem
    source = GeneratedRequests(
        ledger=ledger, seed=7, routing=Routing.WRR, arrival_scv=1.0, token_scv=1.0,
        keep=np.ones(ledger.nodes.shape),
        shares=routed_shares(ledger), cached=np.zeros(len(ledger.scenario.classes)),
    )  # fmt: skip
    j = int(np.argmax((ledger.counts > 0).sum(axis=1)))
    t = int(problem.group_epoch[j])
    classes = len(ledger.scenario.classes)
    group = problem.group_origin[j] * classes + problem.group_class[j]
    times: list[float] = []
    for p in np.flatnonzero(ledger.counts[j]):
        for part in source.parts(t, int(p)):
            times += part.requests.arrival_s[part.requests.group == group].tolist()
    assert len(times) == len(set(times))
    assert len(times) == pytest.approx(problem.group_requests[j], rel=0.5)


def test_cached_tokens_by_hand() -> None:
    # At least one token is read; a share for all, or one for each.
    assert cached_tokens(np.array([10, 1, 3]), 0.99).tolist() == [9, 0, 2]
    assert cached_tokens(np.array([10, 1, 3]), np.array([0.5, 0.5, 0.0])).tolist() == [5, 0, 0]


def test_weights_on_a_grid(ledger: Ledger) -> None:
    exact = routed_shares(ledger)
    np.testing.assert_allclose(exact.sum(axis=1), 1.0)
    for grid in (1, 2, 3, 256):
        found = routed_shares(ledger, grid=grid)
        np.testing.assert_allclose(found.sum(axis=1), 1.0)
        np.testing.assert_array_equal(found * grid, np.rint(found * grid))
        assert (np.abs(found - exact) < 1 / grid).all()
    # By hand: the group with most chunks gets its whole parts of 3, and the largest remainder one.
    j = int(np.argmax((ledger.counts > 0).sum(axis=1)))
    wanted = exact[j] * 3
    parts = np.floor(wanted + 1e-9)
    order = np.argsort(-(wanted - parts), kind="stable")[: int(3 - parts.sum())]
    parts[order] += 1
    np.testing.assert_allclose(routed_shares(ledger, grid=3)[j], parts / 3)
