"""One window of one placement: arrays in, arrays out."""

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.replay.arrays import (
    SEQUENCE,
    USAGE,
    Dispatch,
    Engine,
    Records,
    Requests,
    Served,
    State,
    Usage,
)
from slit.replay.engine.loop import serve
from slit.replay.engine.replica import Tables


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
    """
    _check(engine, state, requests, ready_s, until_s)
    fitting = fits(engine, requests)
    sequences = np.concatenate([state.sequences, _sequences(requests, fitting)])
    tables = Tables(
        sequences=sequences,
        replicas=state.replicas.copy(),
        ends=state.ends.copy(),
        owners=state.owners.copy(),
        residues=state.residues.copy(),
        usage=np.zeros(1, dtype=USAGE),
        batch_s=np.zeros(engine.most_sequences + 1),
    )
    # Plain numbers, whatever the caller's are: one specialization.
    dispatched = serve(
        _plain(engine),
        tables,
        np.ascontiguousarray(ready_s, dtype=np.float64),
        state.dispatched,
        int(dispatch),
        seed,
        float(state.until_s),
        float(until_s),
    )
    finished = np.isfinite(sequences["last_s"])
    done = sequences[finished]
    served = Served(
        arrival_s=done["arrival_s"].copy(),
        first_token_s=done["first_s"].copy(),
        last_token_s=done["last_s"].copy(),
        prompt=done["prompt"].copy(),
        output=done["output"].copy(),
        group=done["group"].copy(),
        node=done["replica"] // engine.replicas,
        preemptions=done["preemptions"].copy(),
    )
    total = dict(zip(USAGE.names or (), tables.usage[0].item(), strict=True))
    usage = Usage(**total, refused=int(np.sum(~fitting)), batch_s=tables.batch_s)
    return _kept(tables, ~finished, int(dispatched), float(until_s)), served, usage


def _plain(engine: Engine) -> Engine:
    """The same engine in Python's floats and ints."""
    step = engine.step._replace(**{k: float(v) for k, v in engine.step._asdict().items()})
    counts = {k: int(v) for k, v in engine._asdict().items() if k != "step"}
    return engine._replace(step=step, **counts)


def _sequences(requests: Requests, fitting: Bools) -> Records:
    made = np.zeros(np.count_nonzero(fitting), dtype=SEQUENCE)
    for name in ("arrival_s", "prompt", "output", "group"):
        made[name] = getattr(requests, name)[fitting]
    made["first_s"] = made["last_s"] = np.inf
    made["replica"] = made["next"] = -1
    return made


def _kept(tables: Tables, unfinished: Bools, dispatched: int, until_s: float) -> State:
    """The state that is left: unfinished sequences moved together, everything unused zero."""
    # The last entry is for -1.
    moved: Longs = np.append(np.cumsum(unfinished) - 1, -1)
    sequences, replicas = tables.sequences[unfinished], tables.replicas
    sequences["next"] = moved[sequences["next"]]
    for name in ("reading", "head", "tail"):
        replicas[name] = moved[replicas[name]]
    used = np.arange(tables.ends.shape[1]) < replicas["decoding"][:, None]
    return State(
        until_s=until_s,
        dispatched=dispatched,
        sequences=sequences,
        replicas=replicas,
        ends=np.where(used, tables.ends, 0),
        owners=np.where(used, moved[tables.owners], 0),
        residues=tables.residues,
    )


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
