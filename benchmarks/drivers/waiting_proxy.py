"""The model's waits for a first token beside those of single requests, by load and variation.

Usage: python -m benchmarks.drivers.waiting_proxy [--requests 200000]

Each cell is a placement of n replicas under constant load: the mean wait beyond the time of a
prompt that finds an idle replica, as promised by the model (Sakasegawa with the factor of Allen and
Cunneen) and as served by the engine of a replay, shortest queue first. First with one sequence at
a time and answers of one token, which is the queue that the formula is about; then with continuous
batching: prompts of 1,000 tokens and answers of 200 on average, at most 64 sequences, times of
Llama-3-8B on one H100. Lengths are lognormal with a squared coefficient of variation of 1.
"""

import argparse
from typing import NamedTuple

import numpy as np

from slit.kernels.model import queue
from slit.replay.arrays import Dispatch, Engine, Requests, StepTime, empty_state
from slit.replay.arrivals import renewal, tokens
from slit.replay.engine import advance

LOADS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
REPLICAS = (1, 4, 32, 200)
VARIATIONS = (0.5, 1.0, 4.0, 8.0)
PROMPT, OUTPUT, TOKEN_SCV = 1000.0, 200.0, 1.0
STEP = StepTime(
    fixed_s=0.007262, sequence_s=0.0001304, prompt_s=8 / 323_300,
    idle_prompt_s=2.475e-5 - 8 / 323_300, idle_prompt_fixed_s=0.007006,
)  # fmt: skip
"""Of `h100x8` and `llama-3-8b` of world-day (eight replicas a node)."""


class Wait(NamedTuple):
    """Mean waits of one cell, s."""

    promised: float
    served: float


def measure(
    load: float, replicas: int, variation: float, *, batching: bool, count: int, seed: int = 1
) -> Wait:
    """One cell; the first tenth of the requests is not counted."""
    rng = np.random.default_rng([seed, replicas, round(100 * load), round(10 * variation)])
    engine = Engine(STEP, most_sequences=64 if batching else 1)
    output = OUTPUT if batching else 1.0
    # Work of a request at a full batch, as the plan counts it; without batching a prompt alone.
    alone = STEP.idle_prompt_fixed_s + (STEP.prompt_s + STEP.idle_prompt_s) * PROMPT
    work = alone
    if batching:
        work = STEP.prompt_s * PROMPT + OUTPUT * (STEP.fixed_s / 64 + STEP.sequence_s)
    rate = load * replicas / work
    end = count / rate
    arrivals = renewal(0.0, end, rate=rate, scv=variation, rng=rng)
    requests = Requests(
        arrivals,
        tokens(PROMPT, len(arrivals), scv=TOKEN_SCV, rng=rng),
        np.ones(len(arrivals), np.int64) if output == 1.0
        else tokens(output, len(arrivals), scv=TOKEN_SCV, rng=rng),
        np.zeros(len(arrivals), np.int64),
        np.zeros(len(arrivals), np.int64),
    )  # fmt: skip
    state = empty_state(engine, nodes=replicas)
    _, served, _ = advance(
        engine, state, requests, np.zeros(replicas), until_s=2 * end,
        dispatch=Dispatch.SHORTEST_QUEUE,
    )  # fmt: skip
    counted = served.arrival_s > end / 10
    idle = STEP.idle_prompt_fixed_s + (STEP.prompt_s + STEP.idle_prompt_s) * served.prompt
    wait = (served.first_token_s - served.arrival_s - idle)[counted].mean()
    chance, mean = queue(load, float(replicas), alone, (variation + TOKEN_SCV) / 2)
    return Wait(chance * mean, float(wait))


def main() -> None:
    """Print both tables (Markdown): ms promised / served."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=200_000)
    count = parser.parse_args().requests
    for batching in (False, True):
        print("\ncontinuous batching" if batching else "\none sequence at a time")
        print(f"\n| replicas, Ca^2 | {' | '.join(f'{load:.0%}' for load in LOADS)} |")
        print("|---|" + "---:|" * len(LOADS))
        for replicas in REPLICAS:
            for variation in VARIATIONS:
                cells = []
                for load in LOADS:
                    found = measure(load, replicas, variation, batching=batching, count=count)
                    cells.append(f"{1e3 * found.promised:.1f} / {1e3 * found.served:.1f}")
                print(f"| {replicas}, {variation:g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
