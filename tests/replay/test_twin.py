"""The engine against the same engine iteration by iteration."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.types import Bools, Floats
from slit.replay.arrays import Dispatch, Engine, Requests, State, StepTime, empty_state
from slit.replay.engine import advance, fits
from tests.replay.twin import Twin

pytestmark = pytest.mark.compiled


class Instance(NamedTuple):
    """A placement with its requests."""

    engine: Engine
    requests: Requests
    ready_s: Floats
    dispatch: Dispatch
    until_s: float


def part(requests: Requests, chosen: Bools) -> Requests:
    """Some of the requests."""
    arrival_s, prompt, output, group = requests
    return Requests(arrival_s[chosen], prompt[chosen], output[chosen], group[chosen])


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
    requests = Requests(
        arrival,
        rng.integers(1, longest, count, endpoint=True),
        rng.integers(1, longest, count, endpoint=True),
        np.arange(count),
    )
    fitting = fits(engine, requests)
    requests = part(requests, fitting)._replace(group=np.arange(np.count_nonzero(fitting)))
    span = float(arrival[-1])
    nodes = draw(st.integers(1, 3))
    ready = np.where(rng.random(nodes) < 0.5, 0.0, rng.uniform(0.0, span, nodes))
    ready[rng.random(nodes) < 0.2] = np.inf
    until = span + draw(st.sampled_from([0.0123, 100.0]))
    return Instance(engine, requests, ready, draw(st.sampled_from(Dispatch)), until)


@settings(max_examples=300, deadline=None)
@given(instances())
def test_requests_and_usage_are_those_of_the_twin(given: Instance) -> None:
    engine, requests, ready_s, dispatch, until_s = given
    state, served, usage = advance(
        engine,
        empty_state(engine, nodes=len(ready_s)),
        requests,
        ready_s,
        until_s=until_s,
        dispatch=dispatch,
        seed=5,
    )
    twin = Twin(engine, ready_s.tolist(), dispatch, 5, until_s)
    sequences = twin.run(requests)
    done = [number for number, s in enumerate(sequences) if len(s.tokens) == s.output]
    assert served.group.tolist() == done
    assert state.sequences["group"].tolist() == sorted(set(range(len(sequences))) - set(done))
    expected = [sequences[number] for number in done]
    assert_close(served.first_token_s, [s.tokens[0] for s in expected])
    assert_close(served.last_token_s, [s.tokens[-1] for s in expected])
    assert served.node.tolist() == [s.node for s in expected]
    assert served.preemptions.tolist() == [s.preemptions for s in expected]
    assert usage.preemptions == sum(s.preemptions for s in sequences)
    assert_close(usage.prefill_s, twin.prefill_s())
    assert_close(usage.prefill_s + usage.decode_s, twin.busy_s())
    assert_close(usage.batch_s, twin.batch_s())
    waiting = sum(until_s - s.arrival for s in sequences if s.node < 0)
    assert_close(usage.queue_s, twin.queue_s() + waiting)
    if len(done) == len(sequences):
        assert usage.output_tokens == requests.output.sum()
        assert usage.steps == sum(bool(i.decoders) for i, _ in twin.iterations())


def bits(state: State) -> list[bytes]:
    return [np.asarray(part).tobytes() for part in state]


@settings(max_examples=150, deadline=None)
@given(instances(), st.lists(st.floats(0.0, 1.0), max_size=4))
def test_windows_one_after_the_other_are_one_window_to_the_bit(
    given: Instance, cuts: list[float]
) -> None:
    engine, requests, ready_s, dispatch, until_s = given
    whole, served, usage = advance(
        engine,
        empty_state(engine, nodes=len(ready_s)),
        requests,
        ready_s,
        until_s=until_s,
        dispatch=dispatch,
        seed=7,
    )
    state = empty_state(engine, nodes=len(ready_s))
    seconds, parts = 0.0, []
    for end in (*sorted(cut * until_s for cut in cuts), until_s):
        inside = (requests.arrival_s >= state.until_s) & (requests.arrival_s < end)
        state, more, used = advance(
            engine,
            state,
            part(requests, inside),
            ready_s,
            until_s=end,
            dispatch=dispatch,
            seed=7,
        )
        parts.append(more)
        seconds += used.prefill_s + used.decode_s
        assert used.queue_s >= -1e-9
    assert bits(state) == bits(whole)
    assert sorted_rows(*parts) == sorted_rows(served)
    assert seconds == pytest.approx(usage.prefill_s + usage.decode_s, abs=1e-9)


def sorted_rows(*parts: NamedTuple) -> list[tuple[float, ...]]:
    """All served requests, in one order."""
    columns = (np.concatenate(column).tolist() for column in zip(*parts, strict=True))
    return sorted(zip(*columns, strict=True))
