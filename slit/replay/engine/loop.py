"""The loop over the requests of a window: which replica gets each, and when replicas go on."""

import math

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Longs
from slit.replay.arrays import Dispatch, Engine
from slit.replay.engine.orders import seed_tournament, settle
from slit.replay.engine.replica import (
    Tables,
    account,
    begin,
    blocks_of,
    elapsed,
    finish,
    steps_until,
)

NOT_TAKING = 1e18
"""Added to the queue length of a replica that takes no requests."""


@kernel
def cross(engine: Engine, tables: Tables, r: int, from_s: float) -> None:
    """Let a replica do what it does at its next boundary."""
    now = tables.replicas[r]["boundary_s"]
    account(tables, r, from_s, now)
    finish(engine, tables, r, now)
    begin(engine, tables, r, now, from_s)


@kernel
def put(
    engine: Engine, tables: Tables, r: int, request: int, now: float, ready_s: float, from_s: float
) -> None:
    """Add a request to the queue of a replica whose next boundary is at `now` or later."""
    replica, sequence = tables.replicas[r], tables.sequences[request]
    sequence["replica"] = r
    tables.usage[0]["queue_s"] -= now - from_s
    if replica["waiting"] == 0:
        replica["head"] = request
    else:
        tables.sequences[replica["tail"]]["next"] = request
    replica["tail"] = request
    replica["waiting"] += 1
    if replica["boundary_s"] == math.inf:
        start = max(now, ready_s)
        replica["start_s"], replica["boundary_s"] = start, start
    elif (
        replica["steps"] > 1
        and replica["waiting"] == 1
        and replica["running"] < engine.most_sequences
        and blocks_of(engine, sequence["prompt"]) <= replica["free"]
    ):
        # It can be admitted when the iteration under way ends; with others before it that wait
        # for room, or without room, nothing changes before the run of iterations ends.
        decoding, context = replica["decoding"], replica["context"]
        start = replica["start_s"]
        steps = steps_until(engine, decoding, context, now - start, replica["steps"])
        if steps < replica["steps"]:
            replica["steps"] = steps
            replica["boundary_s"] = start + elapsed(engine, decoding, context, steps)


@kernel
def taking(ready_s: Floats, now: float, nodes: Longs) -> tuple[int, float]:
    """Lists the nodes that take requests: those that are ready, or else those that are so first.

    Returns how many they are, and when that changes.
    """
    first = math.inf
    for node in range(len(ready_s)):
        first = min(first, ready_s[node])
    count, change = 0, math.inf
    if first < math.inf:
        limit = max(now, first)
        for node in range(len(ready_s)):
            if ready_s[node] <= limit:
                nodes[count] = node
                count += 1
            else:
                change = min(change, ready_s[node])
    return count, change


@kernel
def mixed(seed: int, number: int) -> np.uint64:
    """The `number`-th of the random bits of a seed (SplitMix64; Steele, Lea, Flood 2014)."""
    bits = np.uint64(seed) + np.uint64(number + 1) * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


@kernel
def serve_each(
    engine: Engine,
    tables: Tables,
    ready_s: Floats,
    dispatched: int,
    dispatch: int,
    seed: int,
    from_s: float,
    until_s: float,
) -> int:
    """A window with replicas picked blindly: each goes on only when it gets a request.

    Returns how many requests were sent to a replica so far.
    """
    nodes = np.empty(len(ready_s), dtype=np.int64)
    count, change = 0, -math.inf
    for request in range(len(tables.sequences)):
        sequence = tables.sequences[request]
        if sequence["replica"] >= 0:
            continue
        now = max(sequence["arrival_s"], from_s)
        if now >= change:
            count, change = taking(ready_s, now, nodes)
        if count == 0:
            continue
        places = count * engine.replicas
        if dispatch == Dispatch.ROUND_ROBIN:
            place = dispatched % places
        else:
            fraction = float(mixed(seed, dispatched) >> np.uint64(11)) * 2.0**-53
            place = min(int(fraction * places), places - 1)
        dispatched += 1
        node = nodes[place % count]
        r = node * engine.replicas + place // count
        while tables.replicas[r]["boundary_s"] < now:
            cross(engine, tables, r, from_s)
        put(engine, tables, r, request, now, ready_s[node], from_s)
    for r in range(len(tables.replicas)):
        while tables.replicas[r]["boundary_s"] < until_s:
            cross(engine, tables, r, from_s)
    return dispatched


@kernel
def rank(tables: Tables, r: int, queues: Floats, times: Floats) -> None:
    """Note the queue and the next boundary of a replica."""
    replica = tables.replicas[r]
    unfinished = replica["decoding"] + replica["waiting"]
    if replica["reading"] >= 0:
        unfinished += 1
    closed = queues[r] >= NOT_TAKING
    queues[r] = unfinished + (NOT_TAKING if closed else 0.0)
    times[r] = replica["boundary_s"]


@kernel
def serve_shortest(
    engine: Engine,
    tables: Tables,
    ready_s: Floats,
    dispatched: int,
    from_s: float,
    until_s: float,
) -> int:
    """A window with each request sent to the shortest queue: all replicas go on together.

    Returns how many requests were sent to a replica so far.
    """
    size = 1
    while size < len(tables.replicas):
        size *= 2
    queues, times = np.full(size, 2.0 * NOT_TAKING), np.full(size, math.inf)
    shortest = np.empty(2 * size, dtype=np.int64)
    soonest = np.empty(2 * size, dtype=np.int64)
    for r in range(len(tables.replicas)):
        rank(tables, r, queues, times)
    seed_tournament(soonest, times)
    nodes = np.empty(len(ready_s), dtype=np.int64)
    count, change = 0, -math.inf
    for request in range(len(tables.sequences) + 1):
        now = until_s
        if request < len(tables.sequences):
            if tables.sequences[request]["replica"] >= 0:
                continue
            now = max(tables.sequences[request]["arrival_s"], from_s)
        while times[soonest[1]] < now:
            r = soonest[1]
            cross(engine, tables, r, from_s)
            rank(tables, r, queues, times)
            settle(soonest, times, r)
            if count > 0:
                settle(shortest, queues, r)
        if request == len(tables.sequences):
            break
        if now >= change:
            count, change = taking(ready_s, now, nodes)
            queues[:] = 2.0 * NOT_TAKING
            for place in range(count):
                for i in range(engine.replicas):
                    queues[nodes[place] * engine.replicas + i] = 0.0
            for r in range(len(tables.replicas)):
                rank(tables, r, queues, times)
            seed_tournament(shortest, queues)
        if count == 0:
            continue
        dispatched += 1
        r = shortest[1]
        put(engine, tables, r, request, now, ready_s[r // engine.replicas], from_s)
        rank(tables, r, queues, times)
        settle(soonest, times, r)
        settle(shortest, queues, r)
    return dispatched


@kernel
def close(tables: Tables, from_s: float, until_s: float) -> None:
    """Add what of the runs under way, and of the queues, is within the window."""
    for r in range(len(tables.replicas)):
        replica = tables.replicas[r]
        tables.usage[0]["queue_s"] += replica["waiting"] * (until_s - from_s)
        if replica["boundary_s"] < math.inf:
            account(tables, r, from_s, until_s)
    for request in range(len(tables.sequences)):
        sequence = tables.sequences[request]
        if sequence["replica"] < 0:
            tables.usage[0]["queue_s"] += until_s - max(sequence["arrival_s"], from_s)


@kernel
def serve(
    engine: Engine,
    tables: Tables,
    ready_s: Floats,
    dispatched: int,
    dispatch: int,
    seed: int,
    from_s: float,
    until_s: float,
) -> int:
    """Serve the requests of a window; changes `tables`.

    Returns how many requests were sent to a replica so far.
    """
    if dispatch == Dispatch.SHORTEST_QUEUE:
        dispatched = serve_shortest(engine, tables, ready_s, dispatched, from_s, until_s)
    else:
        dispatched = serve_each(
            engine, tables, ready_s, dispatched, dispatch, seed, from_s, until_s
        )
    close(tables, from_s, until_s)
    return dispatched
