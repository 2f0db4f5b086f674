"""The loop over the requests of a window: which replica gets each, and when replicas go on."""

import math
from typing import NamedTuple

import numpy as np

from operators.types import Floats, Longs
from slit.replay.arrays import Dispatch, Engine
from slit.replay.engine.compiling import kernel
from slit.replay.engine.orders import seed_tournament, settle
from slit.replay.engine.replica import (
    Tables,
    account,
    begin,
    blocks_of,
    elapsed,
    finish,
    note,
    steps_until,
)

NOT_TAKING = 1e18
"""Added to the queue length of a replica that takes no requests."""


class Choice(NamedTuple):
    """Between which replicas is chosen."""

    ready_s: Floats
    """(R,)"""
    nodes: Longs
    """(R,) The first of them take requests."""
    queues: Floats
    """(L,), L a power of two >= P: unfinished requests."""
    times: Floats
    """(L,) Next boundaries."""
    shortest: Longs
    """(2 * L,) A tournament of `queues`."""
    soonest: Longs
    """(2 * L,) A tournament of `times`."""


@kernel
def cross(engine: Engine, tables: Tables, r: int, from_s: float) -> None:
    """Let a replica do what it does at its next boundary."""
    now = tables.replicas[r]["boundary_s"]
    account(tables, r, from_s, now)
    note(tables, r, now)
    finish(tables, r, now)
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
        and blocks_of(tables, sequence["prompt"]) <= replica["free"]
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
def taking(choice: Choice, now: float) -> tuple[int, float]:
    """Lists the nodes that take requests: those that are ready, or else those that are so first.

    Returns how many they are, and when that changes.
    """
    ready_s = choice.ready_s
    first = math.inf
    for node in range(len(ready_s)):
        first = min(first, ready_s[node])
    count, change = 0, math.inf
    if first < math.inf:
        limit = max(now, first)
        for node in range(len(ready_s)):
            if ready_s[node] <= limit:
                choice.nodes[count] = node
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
    choice: Choice,
    dispatched: int,
    dispatch: int,
    seed: int,
    from_s: float,
    until_s: float,
) -> int:
    """A window with replicas picked blindly: each goes on only when it gets a request.

    Returns how many requests were sent to a replica so far.
    """
    count, change = 0, -math.inf
    for request in range(len(tables.sequences)):
        sequence = tables.sequences[request]
        if sequence["replica"] >= 0:
            continue
        now = max(sequence["arrival_s"], from_s)
        if now >= change:
            count, change = taking(choice, now)
        if count == 0:
            continue
        places = count * engine.replicas
        if dispatch == Dispatch.ROUND_ROBIN:
            place = dispatched % places
        else:
            fraction = float(mixed(seed, dispatched) >> np.uint64(11)) * 2.0**-53
            place = min(int(fraction * places), places - 1)
        dispatched += 1
        node = choice.nodes[place % count]
        r = node * engine.replicas + place // count
        while tables.replicas[r]["boundary_s"] < now:
            cross(engine, tables, r, from_s)
        put(engine, tables, r, request, now, choice.ready_s[node], from_s)
    for r in range(len(tables.replicas)):
        while tables.replicas[r]["boundary_s"] < until_s:
            cross(engine, tables, r, from_s)
    return dispatched


@kernel
def rank(tables: Tables, choice: Choice, r: int) -> None:
    """Note the queue and the next boundary of a replica."""
    replica, queues = tables.replicas[r], choice.queues
    unfinished = replica["decoding"] + replica["waiting"]
    if replica["reading"] >= 0:
        unfinished += 1
    queues[r] = unfinished + (NOT_TAKING if queues[r] >= NOT_TAKING else 0.0)
    choice.times[r] = replica["boundary_s"]


@kernel
def serve_shortest(
    engine: Engine,
    tables: Tables,
    choice: Choice,
    dispatched: int,
    from_s: float,
    until_s: float,
) -> int:
    """A window with each request sent to the shortest queue: all replicas go on together.

    Returns how many requests were sent to a replica so far.
    """
    queues, times = choice.queues, choice.times
    shortest, soonest = choice.shortest, choice.soonest
    for r in range(len(tables.replicas)):
        rank(tables, choice, r)
    seed_tournament(soonest, times)
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
            rank(tables, choice, r)
            settle(soonest, times, r)
            if count > 0:
                settle(shortest, queues, r)
        if request == len(tables.sequences):
            break
        if now >= change:
            count, change = taking(choice, now)
            queues[:] = 2.0 * NOT_TAKING
            for place in range(count):
                for i in range(engine.replicas):
                    queues[choice.nodes[place] * engine.replicas + i] = 0.0
            for r in range(len(tables.replicas)):
                rank(tables, choice, r)
            seed_tournament(shortest, queues)
        if count == 0:
            continue
        dispatched += 1
        r = shortest[1]
        put(engine, tables, r, request, now, choice.ready_s[r // engine.replicas], from_s)
        rank(tables, choice, r)
        settle(soonest, times, r)
        settle(shortest, queues, r)
    return dispatched


@kernel
def close(tables: Tables, from_s: float, until_s: float) -> int:
    """Add what of the runs under way, and of the queues, is within the window.

    Returns how many requests are finished.
    """
    for r in range(len(tables.replicas)):
        replica = tables.replicas[r]
        tables.usage[0]["queue_s"] += replica["waiting"] * (until_s - from_s)
        if replica["boundary_s"] < math.inf:
            account(tables, r, from_s, until_s)
    finished = 0
    for request in range(len(tables.sequences)):
        sequence = tables.sequences[request]
        if sequence["replica"] < 0:
            tables.usage[0]["queue_s"] += until_s - max(sequence["arrival_s"], from_s)
        elif sequence["last_s"] < math.inf:
            finished += 1
    return finished


@kernel
def serve(
    engine: Engine,
    tables: Tables,
    choice: Choice,
    dispatched: int,
    dispatch: int,
    seed: int,
    from_s: float,
    until_s: float,
) -> tuple[int, int]:
    """Serve the requests of a window; changes `tables`.

    Returns how many requests were sent to a replica so far, and how many were finished.
    """
    if dispatch == Dispatch.SHORTEST_QUEUE:
        dispatched = serve_shortest(engine, tables, choice, dispatched, from_s, until_s)
    else:
        dispatched = serve_each(engine, tables, choice, dispatched, dispatch, seed, from_s, until_s)
    return dispatched, close(tables, from_s, until_s)
