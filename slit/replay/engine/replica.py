"""One replica: between two changes of its batch, many iterations are one step."""

import math
from typing import NamedTuple

from operators.types import Bools, Floats, Longs
from slit.replay.arrays import Engine, Records, Watch
from slit.replay.engine.compiling import kernel
from slit.replay.engine.orders import push, remove


class Tables(NamedTuple):
    """What the kernels of a window change: the state, and what they add up."""

    sequences: Records
    replicas: Records
    ends: Longs
    owners: Longs
    residues: Longs
    usage: Records
    """(1,) USAGE."""
    batch_s: Floats
    released: Bools
    """(P,) Of a node that takes no requests in the window."""
    draining_s: Floats
    """(P,)"""
    watch: Watch
    block_bits: int
    """A block holds 2 ** block_bits tokens."""


@kernel
def elapsed(engine: Engine, decoding: int, context: int, steps: int) -> float:
    """Seconds of `steps` iterations of a batch that only decodes.

    The i-th has context + decoding * i KV tokens; their sum is quadratic in the number of steps.
    """
    step = engine.step
    one = step.fixed_s + step.sequence_s * decoding + step.context_s * context
    return steps * one + step.context_s * decoding * (0.5 * steps * (steps + 1))


@kernel
def steps_until(engine: Engine, decoding: int, context: int, seconds: float, most: int) -> int:
    """Least number of iterations, 1 to `most`, that take `seconds` or more."""
    step = engine.step
    growth = step.context_s * decoding
    first = step.fixed_s + step.sequence_s * decoding + step.context_s * context + 0.5 * growth
    below = first + math.sqrt(first * first + 2.0 * growth * seconds)
    guess = min(2.0 * seconds / below, float(most)) if below > 0.0 else 1.0
    found = max(int(guess), 1)
    # The guess is rounded; what decides is what `elapsed` says.
    while found > 1 and elapsed(engine, decoding, context, found - 1) >= seconds:
        found -= 1
    while found < most and elapsed(engine, decoding, context, found) < seconds:
        found += 1
    return found


@kernel
def blocks_of(tables: Tables, tokens: int) -> int:
    """KV blocks that hold so many tokens."""
    return ((tokens - 1) >> tables.block_bits) + 1


@kernel
def blocks_needed(tables: Tables, r: int, iteration: int, decoding: int, steps: int) -> int:
    """Blocks that a batch which only decodes takes in `steps` iterations: each sequence one in
    every `block_tokens`."""
    mask = tables.residues.shape[1] - 1
    rounds = steps >> tables.block_bits
    needed = decoding * rounds
    for after in range(iteration, iteration + (steps & mask)):
        needed += tables.residues[r, -after & mask]
    return needed


@kernel
def steps_that_fit(tables: Tables, r: int, decoding: int, free: int, most: int) -> int:
    """Most iterations, up to `most`, that a batch which only decodes can do with `free` blocks."""
    mask = tables.residues.shape[1] - 1
    if decoding * ((most >> tables.block_bits) + 1) <= free:
        return most
    rounds = free // decoding
    left = free - rounds * decoding
    steps = rounds << tables.block_bits
    after = tables.replicas[r]["iteration"]
    while steps < most and tables.residues[r, -after & mask] <= left:
        left -= tables.residues[r, -after & mask]
        after += 1
        steps += 1
    return min(steps, most)


@kernel
def account(tables: Tables, r: int, from_s: float, until_s: float) -> None:
    """Add the part of the current run of iterations that is within the window."""
    replica, usage = tables.replicas[r], tables.usage[0]
    running = replica["running"]
    seconds = min(replica["boundary_s"], until_s) - max(replica["start_s"], from_s)
    if running == 0 or seconds <= 0.0:
        return
    prefill = seconds * replica["prompt_share"]
    usage["prefill_s"] += prefill
    usage["decode_s"] += seconds - prefill
    usage["sequence_s"] += seconds * running
    tables.batch_s[running] += seconds
    if tables.released[r]:
        tables.draining_s[r] += seconds


@kernel
def note(tables: Tables, r: int, now: float) -> None:
    """Write down the run that ends now, where the replica is watched."""
    replica, watch = tables.replicas[r], tables.watch
    place = watch.written[0]
    if not watch.first <= r < watch.end or place == len(watch.runs) or replica["running"] == 0:
        return
    run = watch.runs[place]
    run["replica"], run["start_s"], run["end_s"] = r, replica["start_s"], now
    run["running"], run["waiting"] = replica["running"], replica["waiting"]
    run["steps"] = max(replica["steps"], 1)
    run["prompt_share"] = replica["prompt_share"]
    watch.written[0] = place + 1


@kernel
def finish(tables: Tables, r: int, now: float) -> None:
    """Count the iterations of the run that ends now, and release the sequences that end with it."""
    replica, usage = tables.replicas[r], tables.usage[0]
    steps, decoding = replica["steps"], replica["decoding"]
    iteration = replica["iteration"]
    if steps > 0:
        replica["free"] -= blocks_needed(tables, r, iteration, decoding, steps)
        replica["context"] += decoding * steps
        iteration += steps
        replica["iteration"] = iteration
        replica["steps"] = 0
        usage["steps"] += steps
        usage["output_tokens"] += decoding * steps
    while decoding > 0 and tables.ends[r, 0] == iteration:
        owner = tables.owners[r, 0]
        remove(tables.ends, tables.owners, r, decoding, 0)
        decoding -= 1
        sequence = tables.sequences[owner]
        sequence["last_s"] = now
        release(tables, r, sequence["prompt"] + sequence["output"] - 1)
    replica["decoding"] = decoding


@kernel
def release(tables: Tables, r: int, context: int) -> None:
    """Take a sequence that decodes, with so many KV tokens, off the memory of its replica."""
    replica = tables.replicas[r]
    mask = tables.residues.shape[1] - 1
    replica["context"] -= context
    replica["free"] += blocks_of(tables, context)
    tables.residues[r, (context - replica["iteration"]) & mask] -= 1


@kernel
def preempt(tables: Tables, r: int, now: float, from_s: float) -> None:
    """Send the sequence that came last back to the front of the queue."""
    replica, usage = tables.replicas[r], tables.usage[0]
    if replica["reading"] >= 0:  # admitted last, as nobody is admitted while a prompt is read
        victim = replica["reading"]
        replica["reading"] = -1
        sequence = tables.sequences[victim]
        replica["free"] += blocks_of(tables, sequence["prompt"] + sequence["done"])
    else:
        place = 0
        for other in range(1, replica["decoding"]):
            if tables.owners[r, other] > tables.owners[r, place]:
                place = other
        victim = tables.owners[r, place]
        sequence = tables.sequences[victim]
        left = tables.ends[r, place] - replica["iteration"]
        remove(tables.ends, tables.owners, r, replica["decoding"], place)
        replica["decoding"] -= 1
        sequence["done"] = sequence["output"] - left
        release(tables, r, sequence["prompt"] + sequence["done"] - 1)
    sequence["preemptions"] += 1
    usage["preemptions"] += 1
    sequence["next"] = replica["head"]
    replica["head"] = victim
    if replica["waiting"] == 0:
        replica["tail"] = victim
    replica["waiting"] += 1
    usage["queue_s"] -= now - from_s


@kernel
def take(tables: Tables, r: int, now: float, from_s: float) -> int:
    """Take the first request out of the queue."""
    replica = tables.replicas[r]
    first = replica["head"]
    replica["head"] = tables.sequences[first]["next"]
    tables.sequences[first]["next"] = -1
    replica["waiting"] -= 1
    if replica["waiting"] == 0:
        replica["tail"] = -1
    tables.usage[0]["queue_s"] += now - from_s
    return int(first)


@kernel
def join(tables: Tables, r: int, owner: int, tokens: int, before: int) -> int:
    """Let a sequence whose `tokens` are read by the iteration that begins decode after it, and
    chain it to the one that did so before."""
    replica = tables.replicas[r]
    sequence = tables.sequences[owner]
    mask = tables.residues.shape[1] - 1
    end = replica["iteration"] + sequence["output"] - sequence["done"]
    push(tables.ends, tables.owners, r, replica["decoding"], end, owner)
    replica["decoding"] += 1
    replica["context"] += tokens
    tables.residues[r, (tokens - replica["iteration"] - 1) & mask] += 1
    sequence["next"] = before
    return owner


@kernel
def stamp(tables: Tables, last: int, now: float) -> None:
    """Undo a chain of sequences whose prompt is read at `now`: it gives each a token."""
    while last >= 0:
        tables.usage[0]["output_tokens"] += 1
        sequence = tables.sequences[last]
        if sequence["done"] == 0:
            sequence["first_s"] = now
        last = sequence["next"]
        sequence["next"] = -1


@kernel
def read_on(engine: Engine, tables: Tables, r: int, budget: int) -> tuple[int, int, float]:
    """Read the next chunk of the prompt that is partly read.

    Returns tokens read, the sequence if that was its last chunk or -1, and its extra seconds.
    """
    replica = tables.replicas[r]
    owner = replica["reading"]
    if owner < 0:
        return 0, -1, 0.0
    total = tables.sequences[owner]["prompt"] + tables.sequences[owner]["done"]
    chunk = min(total - replica["read"], budget)
    chain = -1
    replica["read"] += chunk
    if replica["read"] == total:
        replica["reading"] = -1
        chain = join(tables, r, owner, total, -1)
    return chunk, chain, engine.step.idle_prompt_s * chunk * replica["alone"]


@kernel
def admit(
    engine: Engine,
    tables: Tables,
    r: int,
    running: int,
    budget: int,
    chain: int,
    now: float,
    from_s: float,
) -> tuple[int, int, int, float]:
    """Begin to read waiting prompts, beyond what is cached of them, while there is room.

    Returns tokens read, prompts begun, the last of the chain of those read to their end, and the
    extra seconds of one that an idle replica begins.
    """
    replica = tables.replicas[r]
    idle = replica["running"] == 0  # nothing ran until now
    tokens, begun, extra = 0, 0, 0.0
    while (
        replica["waiting"] > 0
        and tokens < budget
        and running + begun < engine.most_sequences
        and replica["reading"] < 0
    ):
        sequence = tables.sequences[replica["head"]]
        total = sequence["prompt"] + sequence["done"]
        blocks = blocks_of(tables, total)
        if blocks > replica["free"]:
            break
        owner = take(tables, r, now, from_s)
        replica["free"] -= blocks
        cached = sequence["cached"]
        chunk = min(total - cached, budget - tokens)
        alone = idle and begun == 0
        if alone:
            extra = engine.step.idle_prompt_s * chunk + engine.step.idle_prompt_fixed_s
        tokens += chunk
        begun += 1
        if cached + chunk == total:
            chain = join(tables, r, owner, total, chain)
        else:
            replica["reading"], replica["read"] = owner, cached + chunk
            replica["alone"] = 1 if alone else 0
    return tokens, begun, chain, extra


@kernel
def begin(engine: Engine, tables: Tables, r: int, now: float, from_s: float) -> None:
    """Begin the next iterations of a replica: decodes first, then prompts."""
    replica, usage = tables.replicas[r], tables.usage[0]
    place = -replica["iteration"] & (tables.residues.shape[1] - 1)
    while tables.residues[r, place] > replica["free"]:
        # What this frees is less than the one that goes will need, so that nobody is admitted
        # before a sequence ends.
        preempt(tables, r, now, from_s)
    decoding, context, needed = replica["decoding"], replica["context"], tables.residues[r, place]
    # With the blocks that decoding takes set aside, what is free may go to prompts.
    replica["free"] -= needed
    budget = engine.token_budget - decoding
    tokens, chain, extra = read_on(engine, tables, r, budget)
    running = decoding + (1 if tokens > 0 else 0)
    begun = 0
    if replica["waiting"] > 0:
        more, begun, chain, idle_s = admit(
            engine, tables, r, running, budget - tokens, chain, now, from_s
        )
        tokens += more
        extra += idle_s
        running += begun
    replica["start_s"] = now
    replica["running"] = running
    usage["largest_batch"] = max(usage["largest_batch"], running)
    if tokens > 0:
        read(engine, tables, r, decoding, context, tokens, begun, extra)
        stamp(tables, chain, replica["boundary_s"])
        return
    # Every iteration's blocks are counted when the run ends.
    replica["free"] += needed
    replica["prompt_share"] = 0.0
    if decoding == 0:
        replica["boundary_s"] = math.inf
        return
    steps = tables.ends[r, 0] - replica["iteration"]
    steps = steps_that_fit(tables, r, decoding, replica["free"], steps)
    replica["steps"] = steps
    replica["boundary_s"] = now + elapsed(engine, decoding, context, steps)


@kernel
def read(
    engine: Engine,
    tables: Tables,
    r: int,
    decoding: int,
    context: int,
    tokens: int,
    begun: int,
    extra: float,
) -> None:
    """One iteration that reads prompts: its end, and its counts at once."""
    replica, usage, step = tables.replicas[r], tables.usage[0], engine.step
    prefill = step.prompt_s * tokens + step.prompt_fixed_s * begun + extra
    decode = elapsed(engine, decoding, context, 1) if decoding > 0 else 0.0
    replica["boundary_s"] = replica["start_s"] + (prefill + decode)
    replica["prompt_share"] = prefill / (prefill + decode) if prefill > 0.0 else 0.0
    replica["steps"] = 0
    # Those that join were counted for the end of it.
    replica["context"] += decoding
    replica["iteration"] += 1
    usage["prompt_tokens"] += tokens
    usage["output_tokens"] += decoding
    usage["steps"] += 1 if decoding > 0 else 0
