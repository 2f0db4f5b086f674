"""The engine against the same engine iteration by iteration."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.types import Bools, Floats
from slit.replay.arrays import (
    Dispatch,
    Engine,
    Requests,
    Served,
    State,
    StepTime,
    Usage,
    empty_state,
)
from slit.replay.engine import advance, fits
from tests.replay.twin import Twin

pytestmark = pytest.mark.compiled


class Instance(NamedTuple):
    """A placement with its requests."""

    engine: Engine
    requests: Requests
    windows: list[tuple[float, Floats]]
    """Ends, and times from which nodes take requests."""
    dispatch: Dispatch


def part(requests: Requests, chosen: Bools) -> Requests:
    """Some of the requests."""
    arrival_s, *others = requests
    return Requests(arrival_s[chosen], *(column[chosen] for column in others))


def assert_close(found: object, expected: object) -> None:
    """Equal to 1e-9."""
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-9, atol=1e-9)


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    """Small placements, up to three nodes of two replicas.

    Times come from a generator: those that hypothesis likes (zeros, halves) end iterations and
    bring requests at the same instant, where rounding decides which is first.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    most = draw(st.integers(1, 6))
    ratios = rng.uniform(0.1, 1.0, 6)
    step = StepTime(
        fixed_s=0.01 * ratios[0],
        sequence_s=0.01 * ratios[1],
        context_s=draw(st.sampled_from([0.0, 1e-4])),
        prompt_s=0.001 * ratios[2],
        prompt_fixed_s=0.001 * ratios[3],
        idle_prompt_s=0.001 * ratios[4],
        idle_prompt_fixed_s=0.001 * ratios[5],
    )
    longest, size = draw(st.sampled_from([4, 30])), draw(st.sampled_from([1, 2, 4]))
    engine = Engine(
        step,
        most_sequences=most,
        token_budget=most + draw(st.sampled_from([0, 3, 40, 1000])),
        block_tokens=size,
        blocks=draw(st.sampled_from([longest // size, 2 * longest // size, 10_000])) + 1,
        replicas=draw(st.integers(1, 2)),
    )
    count = draw(st.integers(1, 25))
    arrival = np.cumsum(rng.exponential(draw(st.sampled_from([0.001, 0.02, 0.2])), count))
    prompt = rng.integers(1, longest, count, endpoint=True)
    requests = Requests(
        arrival,
        prompt,
        rng.integers(1, longest, count, endpoint=True),
        np.arange(count),
        rng.integers(0, prompt) * draw(st.integers(0, 1)),
    )
    fitting = fits(engine, requests)
    requests = part(requests, fitting)._replace(group=np.arange(np.count_nonzero(fitting)))
    nodes, span = draw(st.integers(1, 3)), float(arrival[-1])
    ends = sorted(rng.uniform(0.0, span, draw(st.integers(0, 2))))
    windows = []
    for end in (*ends, span + draw(st.sampled_from([0.0123, 100.0]))):
        ready = np.where(rng.random(nodes) < 0.5, 0.0, rng.uniform(0.0, span, nodes))
        ready[rng.random(nodes) < 0.2] = np.inf
        windows.append((float(end), ready))
    return Instance(engine, requests, windows, draw(st.sampled_from(Dispatch)))


def served_in(
    given: Instance, windows: list[tuple[float, Floats]]
) -> tuple[State, list[Served], list[Usage]]:
    """One window after the other."""
    state = empty_state(given.engine, nodes=len(windows[0][1]))
    arrival = given.requests.arrival_s
    served, usage = [], []
    for until_s, ready_s in windows:
        state, out, used = advance(
            given.engine,
            state,
            part(given.requests, (arrival >= state.until_s) & (arrival < until_s)),
            ready_s,
            until_s=until_s,
            dispatch=given.dispatch,
            seed=5,
        )
        served.append(out)
        usage.append(used)
    return state, served, usage


@settings(max_examples=300, deadline=None)
@given(instances())
def test_requests_and_usage_are_those_of_the_twin(given: Instance) -> None:
    requests = given.requests
    state, parts, usages = served_in(given, given.windows)
    windows = [(until_s, ready_s.tolist()) for until_s, ready_s in given.windows]
    twin = Twin(given.engine, windows, given.dispatch, 5)
    sequences = twin.run(requests)

    expected = [
        (s.tokens[0], s.tokens[-1], number, s.node, s.preemptions)
        for number, s in enumerate(sequences)
        if len(s.tokens) == s.output
    ]
    found = [row[1:3] + row[5:] for row in rows(parts)]
    assert_close(sorted(found, key=lambda row: row[2]), expected)
    # Each request is served or left, once, and served in the window in which it ends.
    unfinished = set(range(len(sequences))) - {row[2] for row in expected}
    assert state.sequences["group"].tolist() == sorted(unfinished)
    starts = (0.0, *(until_s for until_s, _ in windows))
    for served, start, (until_s, _) in zip(parts, starts, windows, strict=False):
        assert np.all((served.last_token_s >= start) & (served.last_token_s < until_s))

    total = {name: sum(getattr(usage, name) for usage in usages) for name in Usage._fields}
    assert total["preemptions"] == sum(s.preemptions for s in sequences)
    assert_close(total["prefill_s"], twin.prefill_s())
    assert_close(total["prefill_s"] + total["decode_s"], twin.busy_s())
    assert_close(total["batch_s"], twin.batch_s())
    assert_close(total["queue_s"], twin.queue_s())
    assert_close(total["sequence_s"], np.arange(len(usages[0].batch_s)) @ twin.batch_s())
    assert_close(total["draining_s"], twin.draining_s())
    if not unfinished:
        assert total["output_tokens"] == requests.output.sum()
        assert total["steps"] == sum(bool(i.decoders) for i, _ in twin.iterations())
        # Little's law, without an expectation: time in the placement is time waited and run.
        assert_close(
            sum(np.sum(served.last_token_s - served.arrival_s) for served in parts),
            total["queue_s"] + total["sequence_s"],
        )


def bits(state: State) -> list[bytes]:
    return [np.asarray(part).tobytes() for part in state]


@settings(max_examples=150, deadline=None)
@given(instances(), st.lists(st.floats(0.0, 1.0), max_size=4))
def test_windows_one_after_the_other_are_one_window_to_the_bit(
    given: Instance, cuts: list[float]
) -> None:
    until_s, ready_s = given.windows[-1]
    whole, served, usage = served_in(given, [(until_s, ready_s)])
    ends = sorted(cut * until_s for cut in cuts)
    state, parts, usages = served_in(given, [(end, ready_s) for end in (*ends, until_s)])
    assert bits(state) == bits(whole)
    assert sorted(rows(parts)) == sorted(rows(served))
    for name in ("prefill_s", "decode_s", "queue_s", "prompt_tokens", "output_tokens", "steps"):
        assert_close(sum(getattr(used, name) for used in usages), getattr(usage[0], name))


def rows(parts: list[Served]) -> list[tuple[float, ...]]:
    """All served requests, one after the other."""
    columns = (np.concatenate(column).tolist() for column in zip(*parts, strict=True))
    return list(zip(*columns, strict=True))
