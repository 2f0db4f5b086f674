"""One window of one placement: arrays in, arrays out."""

import numpy as np

from operators.types import Bools, Floats
from slit.replay.arrays import (
    SEQUENCE,
    USAGE,
    Dispatch,
    Engine,
    Requests,
    Served,
    State,
    Usage,
    Watch,
    watch,
)
from slit.replay.engine.loop import NOT_TAKING, Choice, serve
from slit.replay.engine.replica import Tables
from slit.replay.engine.windows import hand_out, take_in


def fits(engine: Engine, requests: Requests) -> Bools:
    """(N,) Which requests the KV cache of an empty replica holds to their last token."""
    needed = -(-(requests.prompt + requests.output - 1) // engine.block_tokens)
    return np.asarray(needed <= engine.blocks)


def advance(
    engine: Engine,
    state: State,
    requests: Requests,
    ready_s: Floats,
    *,
    until_s: float,
    dispatch: Dispatch = Dispatch.RANDOM,
    seed: int = 0,
    watched: Watch | None = None,
) -> tuple[State, Served, Usage]:
    """Serve requests from `state.until_s` to `until_s`.

    Nothing of what is given changes. Requests longer than the KV cache of a replica are counted
    (`Usage.refused`) and left out. Those that came while no node takes any are kept until one does.
    What is unfinished at `until_s` is in the state: no overload makes the call longer than its
    window.

    Args:
        engine: as `empty_state` was given it.
        state: of the window before, or `empty_state`.
        requests: those that arrive in [state.until_s, until_s).
        ready_s: (R,) s since the start of the horizon from which each node takes requests; inf:
            takes none, and finishes those it has. While none is ready, the first to be so take
            them, and begin then.
        until_s: end of the window, s since the start of the horizon.
        dispatch: which replica gets a request.
        seed: of Dispatch.RANDOM.
        watched: gets the runs of iterations of some replicas that end in the window.
    """
    _check(engine, state, requests, ready_s, until_s)
    fitting = fits(engine, requests)
    # Arrays of one kind only, whatever the caller's are: kernels are compiled once.
    wanted = Requests(
        np.require(requests.arrival_s, np.float64, ["C", "W"]),
        *(np.require(column, np.int64, ["C", "W"]) for column in requests[1:]),
    )
    tables = Tables(
        sequences=np.empty(len(state.sequences) + np.count_nonzero(fitting), dtype=SEQUENCE),
        replicas=state.replicas.copy(),
        ends=state.ends.copy(),
        owners=state.owners.copy(),
        residues=state.residues.copy(),
        usage=np.zeros(1, dtype=USAGE),
        batch_s=np.zeros(engine.most_sequences + 1),
        released=np.repeat(np.isinf(ready_s), engine.replicas),
        draining_s=np.zeros(len(state.replicas)),
        watch=watch() if watched is None else watched,
        block_bits=int(engine.block_tokens).bit_length() - 1,
    )
    tables.sequences[: len(state.sequences)] = state.sequences
    take_in(tables, wanted, fitting, len(state.sequences))
    dispatched, finished = serve(
        _plain(engine),
        tables,
        _choice(ready_s, len(state.replicas)),
        state.dispatched,
        int(dispatch),
        int(seed),
        float(state.until_s),
        float(until_s),
    )
    served = Served(
        arrival_s=np.empty(finished),
        first_token_s=np.empty(finished),
        last_token_s=np.empty(finished),
        prompt=np.empty(finished, dtype=np.int64),
        output=np.empty(finished, dtype=np.int64),
        group=np.empty(finished, dtype=np.int64),
        node=np.empty(finished, dtype=np.int64),
        preemptions=np.empty(finished, dtype=np.int64),
    )
    left = np.empty(len(tables.sequences) - finished, dtype=SEQUENCE)
    moved = np.empty(len(tables.sequences), dtype=np.int64)
    hand_out(engine.replicas, tables, served, left, moved)
    total = dict(zip(USAGE.names or (), tables.usage[0].item(), strict=True))
    usage = Usage(
        **total,
        refused=int(np.sum(~fitting)),
        batch_s=tables.batch_s,
        draining_s=tables.draining_s,
    )
    after = State(
        until_s=float(until_s),
        dispatched=dispatched,
        sequences=left,
        replicas=tables.replicas,
        ends=tables.ends,
        owners=tables.owners,
        residues=tables.residues,
    )
    return after, served, usage


def _choice(ready_s: Floats, replicas: int) -> Choice:
    size = 1 << max(replicas - 1, 0).bit_length()
    return Choice(
        ready_s=np.require(ready_s, np.float64, ["C", "W"]),
        nodes=np.zeros(len(ready_s), dtype=np.int64),
        queues=np.full(size, 2.0 * NOT_TAKING),
        times=np.full(size, np.inf),
        shortest=np.zeros(2 * size, dtype=np.int64),
        soonest=np.zeros(2 * size, dtype=np.int64),
    )


def _plain(engine: Engine) -> Engine:
    """The same engine in Python's floats and ints."""
    step = engine.step._replace(**{k: float(v) for k, v in engine.step._asdict().items()})
    counts = {k: int(v) for k, v in engine._asdict().items() if k != "step"}
    return engine._replace(step=step, **counts)


def _check(
    engine: Engine, state: State, requests: Requests, ready_s: Floats, until_s: float
) -> None:
    """Raises ValueError for what callers of this package must not do."""
    arrival = requests.arrival_s
    if len(state.replicas) != len(ready_s) * engine.replicas:
        raise ValueError(
            f"ready_s: {len(ready_s)} nodes, expected {len(state.replicas)} replicas of them"
        )
    if state.ends.shape[1] != engine.most_sequences:
        raise ValueError(f"state: of an engine with most_sequences = {state.ends.shape[1]}")
    if not until_s >= state.until_s:
        raise ValueError(f"until_s: {until_s}, expected {state.until_s} or later")
    if len(arrival) == 0:
        return
    if np.any(np.diff(arrival) < 0) or not (arrival[0] >= state.until_s and arrival[-1] < until_s):
        raise ValueError(
            f"arrival_s: {arrival[0]} to {arrival[-1]}, expected sorted, "
            f"from {state.until_s} to below {until_s}"
        )
    if min(requests.prompt.min(), requests.output.min()) < 1:
        raise ValueError("requests: prompt or output below 1 token")
    if requests.cached.min() < 0 or (requests.cached >= requests.prompt).any():
        raise ValueError("requests: cached tokens below 0, or no token of the prompt left to read")
