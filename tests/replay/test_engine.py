"""The engine of a placement, by hand."""

import numpy as np
import pytest

from slit.errors import SlitError
from slit.replay.arrays import Engine, Requests, StepTime, empty_state, watch
from slit.replay.engine import advance, fits

STEP = StepTime(fixed_s=0.010, sequence_s=0.001, prompt_s=0.0001)


def requests(*rows: tuple[float, int, int]) -> Requests:
    """Requests of (arrival, prompt, output), each a group of its own."""
    arrival, prompt, output = zip(*rows, strict=True) if rows else ((), (), ())
    return Requests(
        np.array(arrival, dtype=np.float64),
        np.array(prompt, dtype=np.int64),
        np.array(output, dtype=np.int64),
        np.arange(len(rows), dtype=np.int64),
        np.zeros(len(rows), dtype=np.int64),
    )


def test_a_batch_of_two() -> None:
    engine = Engine(STEP, most_sequences=4)
    rows = requests((0.0, 100, 5), (0.005, 100, 2), (1.0, 50, 1))
    state, served, usage = advance(
        engine, empty_state(engine, nodes=1), rows, np.zeros(1), until_s=10.0
    )
    # 10 ms for the first prompt; 11 + 10 ms for one decode and the second prompt; 12 ms for both;
    # 2 of 11 ms for the first alone, whose 5 tokens that are.
    assert served.first_token_s == pytest.approx([0.010, 0.031, 1.005])
    assert served.last_token_s == pytest.approx([0.065, 0.043, 1.005])
    assert usage.prefill_s == pytest.approx(0.025)
    assert usage.decode_s == pytest.approx(0.011 + 0.012 + 2 * 0.011)
    assert usage.batch_s == pytest.approx([0, 0.010 + 0.022 + 0.005, 0.021 + 0.012, 0, 0])
    assert usage.sequence_s == pytest.approx(0.037 + 2 * 0.033)
    assert usage.queue_s == pytest.approx(0.005)
    assert (usage.prompt_tokens, usage.output_tokens, usage.steps) == (250, 8, 4)
    assert len(state.sequences) == 0


def test_a_prompt_in_chunks_beside_a_decode() -> None:
    engine = Engine(STEP, most_sequences=4, token_budget=64)
    rows = requests((0.0, 10, 3), (0.0005, 100, 1))
    _, served, usage = advance(engine, empty_state(engine, nodes=1), rows, np.zeros(1), until_s=1.0)
    # 1 ms; then 63 prompt tokens beside one decode: 11 + 6.3 ms; then the other 37: 11 + 3.7 ms.
    assert served.last_token_s == pytest.approx([0.033, 0.033])
    assert usage.prefill_s == pytest.approx(0.011)


def test_who_came_last_is_preempted_and_reads_all_again() -> None:
    # Two sequences of 4 tokens in blocks of 4, of which there are 3: both want a block in the
    # first step they decode in, one is free, and the second has to go.
    engine = Engine(STEP, most_sequences=4, block_tokens=4, blocks=3)
    rows = requests((0.0, 4, 4), (0.0, 4, 4))
    _, served, usage = advance(engine, empty_state(engine, nodes=1), rows, np.zeros(1), until_s=1.0)
    # Both prompts in 0.8 ms; three steps of the first alone; the second reads 4 + 1 tokens in
    # 0.5 ms, which gives its second token, and decodes two.
    assert served.last_token_s == pytest.approx([0.0338, 0.0338 + 0.0005 + 0.022])
    assert served.first_token_s == pytest.approx([0.0008, 0.0008])
    assert list(served.preemptions) == [0, 1]
    assert usage.preemptions == 1
    assert usage.prompt_tokens == 13


def test_an_idle_replica_reads_at_the_time_of_one_prompt_and_a_busy_one_at_the_batched() -> None:
    step = StepTime(0.0, 0.0, prompt_s=0.001, idle_prompt_s=0.002, idle_prompt_fixed_s=0.5)
    engine = Engine(step, most_sequences=1)
    rows = requests((0.0, 100, 1), (0.1, 100, 1), (0.2, 100, 1), (5.0, 100, 1))
    _, served, _ = advance(engine, empty_state(engine, nodes=1), rows, np.zeros(1), until_s=9.0)
    # A replica that ends one request and begins the next was not idle in between.
    assert served.last_token_s == pytest.approx([0.8, 0.9, 1.0, 5.8])


def test_requests_longer_than_the_cache_are_refused() -> None:
    engine = Engine(STEP, most_sequences=4, block_tokens=4, blocks=3)
    rows = requests((0.0, 9, 4), (0.0, 9, 5))
    assert fits(engine, rows).tolist() == [True, False]
    _, served, usage = advance(engine, empty_state(engine, nodes=1), rows, np.zeros(1), until_s=1.0)
    assert list(served.group) == [0]
    assert usage.refused == 1


def test_an_engine_that_contradicts_itself() -> None:
    with pytest.raises(SlitError, match="token_budget = 4, expected at least 8"):
        empty_state(Engine(STEP, most_sequences=8, token_budget=4), nodes=1)
    with pytest.raises(SlitError, match="none below zero"):
        empty_state(Engine(STEP._replace(idle_prompt_s=-1.0), most_sequences=8), nodes=1)


def test_a_cached_prefix_is_not_read_but_takes_memory() -> None:
    engine = Engine(STEP, most_sequences=4, token_budget=64, block_tokens=4, blocks=40)
    rows = requests((0.0, 100, 2), (0.0, 100, 1))._replace(cached=np.array([80, 0]))
    _, served, usage = advance(engine, empty_state(engine, nodes=1), rows, np.zeros(1), until_s=1.0)
    # 20 tokens of the first; 25 + 25 blocks of 40: the second waits for its end, 11 ms later. Then
    # 64 and 36 tokens of it.
    assert served.first_token_s == pytest.approx([0.002, 0.002 + 0.011 + 0.010])
    assert served.last_token_s == pytest.approx([0.013, 0.023])
    assert usage.prompt_tokens == 120
    with pytest.raises(ValueError, match="no token of the prompt left to read"):
        advance(
            engine, empty_state(engine, nodes=1), rows._replace(cached=rows.prompt), np.zeros(1),
            until_s=1.0,
        )  # fmt: skip


def test_runs_of_a_watched_replica() -> None:
    engine = Engine(STEP, most_sequences=4)
    rows = requests((0.0, 100, 5), (0.005, 100, 2), (1.0, 50, 1))
    found = watch(0, 1, most=10)
    state = empty_state(engine, nodes=1)
    for until_s in (0.012, 0.050, 10.0):  # a run counts where it ends
        now = rows.arrival_s
        inside = (now >= state.until_s) & (now < until_s)
        arrival_s, *others = rows
        part = Requests(arrival_s[inside], *(column[inside] for column in others))
        state, _, _ = advance(engine, state, part, np.zeros(1), until_s=until_s, watched=found)
    runs = found.runs[: found.written[0]]
    assert runs["start_s"] == pytest.approx([0.0, 0.010, 0.031, 0.043, 1.0])
    assert runs["end_s"] == pytest.approx([0.010, 0.031, 0.043, 0.065, 1.005])
    assert runs["running"].tolist() == [1, 2, 2, 1, 1]
    assert runs["steps"].tolist() == [1, 1, 1, 2, 1]
    assert runs["waiting"].tolist() == [1, 0, 0, 0, 0]
    assert runs["prompt_share"] == pytest.approx([1.0, 10 / 21, 0.0, 0.0, 1.0])
    # No more than there is room for, and none of another replica.
    for other in (watch(0, 1, most=2), watch(1, 2, most=2)):
        advance(
            engine, empty_state(engine, nodes=1), rows, np.zeros(1), until_s=10.0, watched=other
        )
        assert other.written[0] == (2 if other.first == 0 else 0)
