"""What the engine of a placement takes and gives: named tuples of C-order arrays, read by kernels.

N requests, R nodes, P = R * `Engine.replicas` replicas, U unfinished requests.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators.types import Floats, Longs
from slit.errors import SlitError

Records = NDArray[np.void]
"""Structured arrays."""

TOKEN_BUDGET = 2048
"""Tokens of an iteration, as vLLM's `max_num_batched_tokens`."""
BLOCK_TOKENS = 16
UNLIMITED = 2**40
"""Blocks of a cache that never fills."""

SEQUENCE = np.dtype(
    [
        ("arrival_s", np.float64),
        ("first_s", np.float64),  # inf: no token yet
        ("last_s", np.float64),  # inf: unfinished
        ("prompt", np.int64),
        ("output", np.int64),
        ("cached", np.int64),  # of the prompt, before anything is read
        ("done", np.int64),  # tokens made before the last preemption
        ("group", np.int64),
        ("replica", np.int64),  # -1: there was no node to send it to
        ("next", np.int64),  # the one behind it in the queue, or -1
        ("preemptions", np.int64),
    ]
)
"""A request inside a placement."""

REPLICA = np.dtype(
    [
        ("start_s", np.float64),  # of a run of iterations with one batch
        ("boundary_s", np.float64),  # its end; inf: idle
        ("prompt_share", np.float64),  # of that time that reads prompts
        ("steps", np.int64),  # iterations of the run still to be counted below; 0: counted
        ("iteration", np.int64),  # iterations so far
        ("running", np.int64),  # sequences of the run, those that read included
        ("decoding", np.int64),  # sequences that decode, in the heap
        ("context", np.int64),  # their KV tokens
        ("free", np.int64),  # KV blocks that are free
        ("reading", np.int64),  # the sequence whose prompt is partly read, or -1
        ("read", np.int64),  # tokens of it
        ("alone", np.int64),  # 1: it was begun on an idle replica
        ("waiting", np.int64),  # queue length
        ("head", np.int64),  # first and last of the queue, or -1
        ("tail", np.int64),
    ]
)
"""A replica between two calls. `decoding`, `context` and `free` are of the start of the run until
its steps are counted."""


RUN = np.dtype(
    [
        ("replica", np.int64),
        ("start_s", np.float64),
        ("end_s", np.float64),
        ("running", np.int64),  # sequences, those that read included
        ("waiting", np.int64),  # requests in queue at its end
        ("steps", np.int64),  # iterations of a run that only decodes; 1: it reads
        ("prompt_share", np.float64),  # of its time that reads prompts
    ]
)
"""Iterations of a replica with one batch, one after the other: what a trace of a node lists."""

USAGE = np.dtype(
    [(name, np.float64) for name in ("prefill_s", "decode_s", "sequence_s", "queue_s")]
    + [
        (name, np.int64)
        for name in ("prompt_tokens", "output_tokens", "steps", "preemptions", "largest_batch")
    ]
)
"""What the kernels of a window add up: see `Usage`."""


class Dispatch(IntEnum):
    """Which replica of the nodes that take requests gets the next one."""

    RANDOM = 0
    """Any, with equal probability."""
    ROUND_ROBIN = 1
    """One after the other, nodes first."""
    SHORTEST_QUEUE = 2
    """The one with fewest unfinished requests, the first of several."""


class Requests(NamedTuple):
    """Requests of one placement in one window, sorted by arrival.

    Prompt tokens that a prefix cache holds are not read, but take memory and are read over in
    each step like others: blocks that several requests share are counted for each of them.
    """

    arrival_s: Floats
    """(N,) s since the start of the horizon."""
    prompt: Longs
    """(N,) tokens to be read, >= 1."""
    output: Longs
    """(N,) tokens, >= 1."""
    group: Longs
    """(N,) origin * classes + class: handed on, not read."""
    cached: Longs
    """(N,) tokens of the prompt that are in a prefix cache, 0 to prompt - 1."""


class StepTime(NamedTuple):
    """Seconds of one iteration of a replica, the sum of its terms.

    An iteration with D >= 1 sequences that decode takes fixed_s + sequence_s * D + context_s * KV
    tokens of those (the ones it writes included); reading prompts adds prompt_s * tokens read +
    prompt_fixed_s * prompts begun. A prompt that an idle replica begins has the idle terms as well.

    So both limits of a service can be kept: with prompt_s = replicas / prefill_rate,
    prompt_fixed_s = 0, idle_prompt_s = prefill_slope_s - prompt_s, idle_prompt_fixed_s =
    prefill_fixed_s, a prompt alone takes what one prompt takes, and a replica that is never idle
    reads at the batched rate.
    """

    fixed_s: float
    sequence_s: float
    context_s: float = 0.0
    prompt_s: float = 0.0
    prompt_fixed_s: float = 0.0
    idle_prompt_s: float = 0.0
    idle_prompt_fixed_s: float = 0.0


class Engine(NamedTuple):
    """One replica of a placement: continuous batching as vLLM V1 does it.

    Each iteration serves all sequences that decode, one token each, then reads prompts first come,
    first served, with what is left of `token_budget`: a prompt longer than that in chunks, one
    after the other. A request is admitted when fewer than `most_sequences` run and the blocks of
    its whole prompt are free. Where a sequence that decodes needs a block and none is free, the
    one that came last loses its blocks, goes back to the front of the queue and reads its prompt
    and all it has made once more; nothing is admitted in that iteration.
    """

    step: StepTime
    most_sequences: int
    """Running at once, >= 1."""
    token_budget: int = TOKEN_BUDGET
    """Tokens of an iteration, >= most_sequences."""
    block_tokens: int = BLOCK_TOKENS
    """Of a KV block, a power of two."""
    blocks: int = UNLIMITED
    """KV cache of a replica."""
    replicas: int = 1
    """Of one node."""

    @property
    def most_tokens(self) -> int:
        """Of a request that an empty replica holds to its end, prompt and output: the last token is
        never cached."""
        return self.blocks * self.block_tokens + 1


class State(NamedTuple):
    """A placement between two windows. Equal to the bit however the time until then was cut."""

    until_s: float
    dispatched: int
    """Requests sent to a replica so far."""
    sequences: Records
    """(U,) SEQUENCE: unfinished, by arrival."""
    replicas: Records
    """(P,) REPLICA, node by node."""
    ends: Longs
    """(P, most_sequences): iteration at which a sequence ends, a heap of those that decode."""
    owners: Longs
    """(P, most_sequences): which sequence that is."""
    residues: Longs
    """(P, block_tokens): sequences that decode by (context - iteration) modulo block_tokens."""


class Served(NamedTuple):
    """Requests finished in the window, by arrival."""

    arrival_s: Floats
    first_token_s: Floats
    last_token_s: Floats
    prompt: Longs
    output: Longs
    group: Longs
    node: Longs
    preemptions: Longs


class Usage(NamedTuple):
    """What replicas did in the window, summed over them. Seconds are those within the window;
    tokens and steps count where the iteration (or the run of iterations with one batch) ends that
    decodes, or begins that reads."""

    prefill_s: float
    """Part of the iterations that reads prompts."""
    decode_s: float
    """The other part."""
    sequence_s: float
    """Sequences running, integrated."""
    queue_s: float
    """Requests waiting, integrated: queue length is this over the window."""
    prompt_tokens: int
    """Read, those read again included."""
    output_tokens: int
    steps: int
    """Iterations with one or more sequences that decode."""
    preemptions: int
    refused: int
    """Requests longer than the KV cache of a replica (`fits`)."""
    largest_batch: int
    batch_s: Floats
    """(most_sequences + 1,) replica-seconds by running sequences; [0], idle ones, stays zero."""
    draining_s: Floats
    """(P,) seconds with work of each replica whose node takes no requests in the window."""


class Watch(NamedTuple):
    """Replicas whose runs of iterations are written down."""

    first: int
    end: int
    """Replicas first to end - 1."""
    runs: Records
    """(M,) RUN, as many as are written down at most."""
    written: Longs
    """(1,) how many there are."""


def watch(first: int = 0, end: int = 0, *, most: int = 0) -> Watch:
    """A watch of replicas first to end - 1; of none unless told otherwise."""
    return Watch(first, end, np.zeros(most, dtype=RUN), np.zeros(1, dtype=np.int64))


def empty_state(engine: Engine, *, nodes: int, from_s: float = 0.0) -> State:
    """The state of a placement with so many nodes before its first request.

    Raises:
        SlitError: settings of the engine that contradict each other.
    """
    for name, least in (
        ("most_sequences", 1),
        ("token_budget", engine.most_sequences),
        ("block_tokens", 1),
        ("blocks", 1),
        ("replicas", 1),
    ):
        if getattr(engine, name) < least:
            found = getattr(engine, name)
            raise SlitError(f"engine: {name} = {found}, expected at least {least}")
    if engine.block_tokens & (engine.block_tokens - 1):
        raise SlitError(f"engine: block_tokens = {engine.block_tokens}, expected a power of two")
    step = engine.step
    least_s = step._replace(
        idle_prompt_s=step.idle_prompt_s + step.prompt_s,
        idle_prompt_fixed_s=step.idle_prompt_fixed_s + step.prompt_fixed_s,
    )
    if not all(0.0 <= seconds < np.inf for seconds in least_s):
        raise SlitError(f"engine: {step}, expected finite seconds, none below zero in sum")
    count = nodes * engine.replicas
    replicas = np.zeros(count, dtype=REPLICA)
    replicas["boundary_s"] = np.inf
    replicas["free"] = engine.blocks
    for name in ("reading", "head", "tail"):
        replicas[name] = -1
    return State(
        until_s=from_s,
        dispatched=0,
        sequences=np.zeros(0, dtype=SEQUENCE),
        replicas=replicas,
        ends=np.zeros((count, engine.most_sequences), dtype=np.int64),
        owners=np.zeros((count, engine.most_sequences), dtype=np.int64),
        residues=np.zeros((count, engine.block_tokens), dtype=np.int64),
    )
