import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from operators.types import Genes
from slit.kernels.epoch import Epoch
from slit.kernels.moves import exchange, scan, shift
from tests.cases import Case, cases
from tests.weighed import Weighed, weighed

MOST_PAIRS = 12
"""Exchanges tried in one example."""


def chunks_at(weighed: Weighed, plan: Genes, t: int) -> list[tuple[int, int, int]]:
    """(group of the epoch, placement, chunks) of every group and cell in use."""
    counts = weighed.open(plan, t).counts
    return [(int(i), int(a), int(counts[a, i])) for a, i in np.argwhere(counts > 0)]


def moved(weighed: Weighed, plan: Genes, t: int, i: int, a: int, b: int, k: int) -> Genes:
    """The plan with `k` chunks of group `i` of epoch t at `b` instead of `a`."""
    problem, new = weighed.problem, plan.copy()
    j = problem.epoch_group[t] + i
    genes = np.arange(problem.group_first[j], problem.group_first[j + 1])
    new[genes[plan[genes] == a][:k]] = b
    return new


def only(epoch: Epoch, b: int) -> Epoch:
    """The epoch with placement `b` as the only choice of every group."""
    options = np.array([[b]], np.int16)
    count, rows = np.ones(1, np.int32), np.zeros(epoch.counts.shape[1], np.int32)
    for array in (options, count):
        array.setflags(write=False)
    return epoch._replace(options=options, option_count=count, rows=rows)


def options_of(weighed: Weighed, t: int, i: int) -> list[int]:
    allowed = weighed.problem.allowed[weighed.problem.epoch_group[t] + i]
    return [int(p) for p in np.flatnonzero(allowed)]


@st.composite
def opened(draw: st.DrawFn) -> tuple[Weighed, Genes, int]:
    """A plan of a weighed case, and one of its epochs that has groups.

    Without minimum times: what these change in other epochs a whole descent is judged by.
    """
    case: Case = draw(cases(plans=3, largest_epochs=5, times=False))
    penalty = draw(st.sampled_from([0.0, 0.01, 1.0]))
    seed, plugged = draw(st.integers(0, 2**32 - 1)), draw(st.booleans())
    parts = draw(st.booleans())
    found = weighed(case, seed=seed, penalty=penalty, plugged=plugged, parts=parts)
    problem = case.problem
    busy = [int(t) for t in np.flatnonzero(np.diff(problem.epoch_group) > 0)]
    plan = case.plans[draw(st.integers(0, len(case.plans) - 1))].copy()
    return found, plan, draw(st.sampled_from(busy))


@given(opened(), st.data())
def test_what_scan_says_of_each_placement_equals_full_evaluation(
    given: tuple[Weighed, Genes, int], data: st.DataObject
) -> None:
    weighed, plan, t = given
    i, a, held = data.draw(st.sampled_from(chunks_at(weighed, plan, t)))
    k = data.draw(st.sampled_from(sorted({1, held})))
    epoch = weighed.open(plan, t)
    changes = {}
    for b in options_of(weighed, t, i):
        found, change = scan(i, a, k, only(epoch, b), np.inf)
        if b == a:
            assert found == -1
            continue
        assert found == b
        new = moved(weighed, plan, t, i, a, b, k)
        assert abs(change - (weighed.value(new) - weighed.value(plan))) <= weighed.tolerance(
            plan, new
        )
        changes[b] = change
    best, least = scan(i, a, k, epoch, np.inf)
    if changes:
        assert (best, least) == (min(changes, key=lambda b: (changes[b], b)), changes[best])
        assert scan(i, a, k, epoch, least) == (-1, least)
    else:
        assert best == -1


@given(opened())
def test_what_exchange_says_equals_full_evaluation(given: tuple[Weighed, Genes, int]) -> None:
    weighed, plan, t = given
    held, epoch = chunks_at(weighed, plan, t), weighed.open(plan, t)
    pairs = [
        (i, a, j, b)
        for i, a, _ in held
        for j, b, _ in held
        if i != j and a != b and b in options_of(weighed, t, i) and a in options_of(weighed, t, j)
    ]
    for i, a, j, b in pairs[:: max(1, len(pairs) // MOST_PAIRS)]:
        new = moved(weighed, moved(weighed, plan, t, i, a, b, 1), t, j, b, a, 1)
        change = weighed.value(new) - weighed.value(plan)
        tolerance = weighed.tolerance(plan, new)
        assert abs(exchange(i, a, j, b, epoch, np.inf) - change) <= tolerance
        limited = exchange(i, a, j, b, epoch, change - 2 * tolerance)
        assert limited >= change - 2 * tolerance


@given(opened(), st.data())
def test_after_a_shift_the_epoch_is_that_of_the_new_plan(
    given: tuple[Weighed, Genes, int], data: st.DataObject
) -> None:
    weighed, plan, t = given
    i, a, held = data.draw(st.sampled_from(chunks_at(weighed, plan, t)))
    b = data.draw(st.sampled_from(options_of(weighed, t, i)))
    k = data.draw(st.integers(1, held))
    epoch = weighed.open(plan, t)
    shift(i, a, -k, epoch)
    shift(i, b, k, epoch)
    fresh = weighed.open(moved(weighed, plan, t, i, a, b, k), t)
    for name in ("counts", "cells", "value", "energy", "next_energy", "used"):
        np.testing.assert_array_equal(getattr(epoch, name), getattr(fresh, name), err_msg=name)
    assert (epoch.cell_objectives is None) == (fresh.cell_objectives is None)
    if epoch.cell_objectives is not None and fresh.cell_objectives is not None:
        centers = weighed.problem.datacenters
        kept, new = (
            epoch.cell_objectives.state[:, :centers],
            fresh.cell_objectives.state[:, :centers],
        )
        np.testing.assert_array_equal(kept, new)
