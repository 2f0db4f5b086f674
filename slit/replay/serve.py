"""One placement through the whole horizon: its nodes start, serve, drain and stop as planned."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.ledger import Ledger
from slit.problem import Loading
from slit.replay.arrays import Dispatch, Requests, State, Usage, empty_state
from slit.replay.arrivals import Part
from slit.replay.chrome_trace import WatchedNode
from slit.replay.engine import advance, fits
from slit.replay.engines import ServingPlacement
from slit.replay.served_table import PlacementTable
from slit.replay.tally import Scales, Tally, add_served, empty_tally


class RequestSource(Protocol):
    """Requests that a plan has sent to its placements."""

    @property
    def ledger(self) -> Ledger:
        """Of the plan."""

    @property
    def seed(self) -> int:
        """Of whatever is random."""

    def parts(self, t: int, p: int) -> Iterator[Part]:
        """The requests of placement p in epoch t, in parts by time; one where there are none."""


class Observers(NamedTuple):
    """Who sees what a placement does."""

    rows: PlacementTable | None = None
    """Where each request is written down."""
    node: WatchedNode | None = None
    """Of this placement."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacementRun:
    """What came of one placement. T epochs; sums stand for all requests, thinned or not."""

    tally: Tally
    generated: Floats  # (T,) requests
    refused: Floats  # (K,) longer than the memory of a replica, by class
    longest: Longs  # (K,) tokens of the longest of them, 0 without any
    unserved: float  # not finished at the end of the drain
    waiting: Floats  # (T,) requests in queues at the end of each epoch
    joules: Floats  # (T,) above idle, of prompts and of tokens
    released_joules: Floats  # (T,) idle power of nodes that finish after the epoch they were for
    busy_s: Floats  # (T,) node-seconds with work
    running: Floats  # (T,) mean sequences of a busy replica
    largest_batch: int
    preemptions: int
    events: int  # requests that were really served


def replicas_by_epoch(ledger: Ledger, p: int, replicas: int, share: float) -> Longs:
    """(T,) replicas of a placement that run in each epoch: those of its nodes, or `share` of them,
    at least one where there is any."""
    full = ledger.nodes[:, p] * replicas
    return np.where(full > 0, np.maximum(np.rint(full * share), 1), 0).astype(np.int64)


def ready_times(ledger: Ledger, p: int, running: Longs, t: int) -> Floats:
    """(R,) when each replica takes requests in epoch t: those beyond `running` (T,) do not, the
    last of them load first where nodes start."""
    problem = ledger.problem
    ready = np.full(int(running.max(initial=1)), np.inf)
    ready[: running[t]] = 0.0
    active = int(ledger.nodes[t, p])
    if active and problem.loading == Loading.ON_DEMAND:
        started = int(np.rint(running[t] * ledger.loading_nodes[t, p] / active))
        begin = t * problem.epoch_seconds + problem.load_seconds[p]
        ready[running[t] - started : running[t]] = begin
    return ready


def serve_placement(
    source: RequestSource,
    p: int,
    place: ServingPlacement,
    scales: Scales,
    running: Longs,
    *,
    dispatch: Dispatch,
    drain_s: float,
    observers: Observers | None = None,
) -> PlacementRun:
    """Serve what the plan sends to placement p, epoch by epoch, then finish what is begun for at
    most drain_s.

    running: (T,) replicas, as `replicas_by_epoch`.
    """
    ledger, engine, (rows, node) = source.ledger, place.engine, observers or Observers()
    problem = ledger.problem
    epochs, end = problem.epochs, problem.epochs * problem.epoch_seconds
    tally = empty_tally(scales)
    generated, waiting, joules, released, busy, mean = np.zeros((6, epochs))
    events, preemptions, most = 0, 0, 0
    refused, longest = np.zeros(len(scales.slo_s)), np.zeros(len(scales.slo_s), np.int64)
    state = empty_state(engine, nodes=int(running.max(initial=1)))
    for t in range(epochs + 1):
        if t < epochs and not running[t] and not len(state.sequences):
            state = state._replace(until_s=(t + 1) * problem.epoch_seconds)
            continue
        last = min(t, epochs - 1)
        parts = source.parts(t, p) if t < epochs else [Part(end + drain_s, nothing())]
        ready = ready_times(ledger, p, running, last)
        busy_s, sequence_s = 0.0, 0.0  # of replicas
        draining_s = np.zeros(len(ready))
        for part in parts if node is None else node.cut(parts, state.until_s):
            until, requests = part.until_s, part.requests
            watched = None if node is None else node.watch(state.until_s)
            state, served, usage = advance(
                engine, state, requests, ready, until_s=until, dispatch=dispatch,
                seed=source.seed, watched=watched,
            )  # fmt: skip
            if node is not None:
                node.note(watched, served)
            draining_s += usage.draining_s
            add_served(tally, served, scales)
            weight = scales.weight[last]
            beyond = ~fits(engine, requests)
            count_refused(requests, beyond, refused, longest, weight=weight)
            if rows is not None:
                rows.served(served)
                rows.refused(requests, beyond)
            if t < epochs:
                generated[t] += weight * len(requests.arrival_s)
            events += len(served.arrival_s)
            preemptions += usage.preemptions
            most = max(most, usage.largest_batch)
            joules[last] += weight * above_idle(usage, place)
            busy_s += usage.prefill_s + usage.decode_s
            sequence_s += usage.sequence_s
        released[last] += scales.weight[last] * place.idle_w * draining_nodes(draining_s, place)
        busy[last] += scales.weight[last] * busy_s / place.replicas
        if busy_s > 0 and t < epochs:
            mean[t] = sequence_s / busy_s
        if t < epochs:
            waiting[t] = scales.weight[t] * float(state.replicas["waiting"].sum())
    if rows is not None:
        rows.unserved(state)
    return PlacementRun(
        tally=tally,
        generated=generated,
        refused=refused,
        longest=longest,
        unserved=float(scales.weight[epochs_of(state, scales)].sum()),
        waiting=waiting,
        joules=joules,
        released_joules=released,
        busy_s=busy,
        running=mean,
        largest_batch=most,
        preemptions=preemptions,
        events=events,
    )


def count_refused(
    requests: Requests, which: Bools, refused: Floats, longest: Longs, *, weight: float
) -> None:
    """Add those of the requests (N,) that no replica holds to their numbers by class (K,), and to
    the most tokens of one (K,)."""
    if which.any():
        kind = requests.group[which] % len(refused)
        np.add.at(refused, kind, weight)
        np.maximum.at(longest, kind, (requests.prompt + requests.output)[which])


def draining_nodes(draining_s: Floats, place: ServingPlacement) -> float:
    """Node-seconds with work of nodes that take no requests: a node is on as long as the last of
    its replicas; draining_s (R,)."""
    whole = len(draining_s) // place.replicas * place.replicas
    nodes = draining_s[:whole].reshape(-1, place.replicas).max(axis=1)
    return float(nodes.sum() + draining_s[whole:].max(initial=0.0))


def above_idle(usage: Usage, place: ServingPlacement) -> float:
    """J that replicas draw above idle in a window: while they read, and while they write at the
    batches that ran."""
    weights = usage.batch_s
    watts = float(weights @ place.decode_w / weights.sum()) if weights.sum() > 0 else 0.0
    return (usage.prefill_s * place.prefill_w + usage.decode_s * watts) / place.replicas


def epochs_of(state: State, scales: Scales) -> Longs:
    """(U,) the epoch in which each unfinished request came."""
    last = len(scales.weight) - 1
    return np.minimum(state.sequences["arrival_s"] / scales.epoch_s, last).astype(np.int64)


def nothing() -> Requests:
    """No requests."""
    return Requests(np.empty(0), *np.empty((4, 0), np.int64))
