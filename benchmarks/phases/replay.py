"""`replay`: requests per CPU second through the engine of a placement.

Options: dispatch (random, round_robin, shortest_queue), requests, rounds (the best counts). Windows
have a million requests at most; drawing them is not counted.
"""

import time

import numpy as np

from benchmarks.job import Job
from benchmarks.measuring.placements import Placement
from benchmarks.registry import BenchmarkPhase, find_case
from benchmarks.store import JobOutcome, Store
from slit.replay.arrays import Dispatch, empty_state
from slit.replay.engine import advance

WINDOW = 1_000_000


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Serve the same requests a few times."""
    placement: Placement = find_case(job.case).build(**job.case_options)
    dispatch, count = Dispatch[job.options["dispatch"].upper()], job.options["requests"]
    rounds = [
        served(placement, dispatch, count, seed=job.seed or 0) for _ in range(job.options["rounds"])
    ]
    values, best = min(rounds, key=lambda found: found[1])
    return JobOutcome(values, {}, {"seconds": best, "per_second": count / best})


def served(
    placement: Placement, dispatch: Dispatch, count: int, *, seed: int
) -> tuple[dict[str, float], float]:
    """What came out in mean, and CPU seconds."""
    rng = np.random.default_rng(seed)
    state = empty_state(placement.engine, nodes=placement.replicas)
    ready_s = np.zeros(placement.replicas)
    spent = first_s = running_s = 0.0
    finished = preemptions = 0
    for start in range(0, count, WINDOW):
        requests = placement.requests(min(WINDOW, count - start), state.until_s, rng=rng)
        until_s = float(np.nextafter(requests.arrival_s[-1], np.inf))
        began = time.process_time()
        state, out, usage = advance(
            placement.engine, state, requests, ready_s, until_s=until_s, dispatch=dispatch
        )
        spent += time.process_time() - began
        finished += len(out.arrival_s)
        first_s += float(np.sum(out.first_token_s - out.arrival_s))
        running_s += usage.sequence_s
        preemptions += usage.preemptions
    values = {
        "ttft_s": first_s / max(finished, 1),
        "batch": running_s / state.until_s / placement.replicas,
        "finished": finished,
        "preemptions": preemptions,
    }
    return values, spent


def warm(job: Job) -> None:
    """Compile."""
    placement: Placement = find_case(job.case).build(**job.case_options)
    served(placement, Dispatch[job.options["dispatch"].upper()], 10, seed=0)


REPLAY = BenchmarkPhase("replay", perform, warm)
