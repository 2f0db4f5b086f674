"""Requests per CPU second through the engine of a placement, and growth with their number.

Usage: python -m benchmarks.drivers.replay [--most 10000000] [--rounds 3]

Prints two tables; figures are CPU seconds of one core.
"""

import argparse
from pathlib import Path
from typing import Any

from benchmarks.job import Job
from benchmarks.registry import find_phase
from benchmarks.store import Store

DISPATCHES = "random", "round_robin", "shortest_queue"
PLACEMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("chat", {"replicas": 8, "load": 0.6}),
    ("chat", {"replicas": 8, "load": 0.8}),
    ("chat", {"replicas": 8, "load": 0.8, "context_s": 2e-8}),
    ("chat", {"replicas": 1000, "load": 0.8}),
    ("prompts", {"replicas": 8, "load": 0.8}),
    ("prompts", {"replicas": 1000, "load": 0.8}),
)


def measure(case: str, placement: dict[str, Any], **options: Any) -> dict[str, Any]:
    """One job, warmed up."""
    job = Job("replay", case, "", case_options=placement, options=options, seed=1)
    verb = find_phase("replay")
    if verb.warm is not None:
        verb.warm(job)
    outcome = verb.perform(job, Store(Path()))
    return outcome.values | outcome.timing


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=" ".join(__doc__.split("\n\n")[0].split()))
    parser.add_argument("--most", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    said = parser.parse_args()
    print("| case | replicas | load | s/KV token | dispatch | requests/s | batch | mean TTFT s |")
    print("|---|---:|---:|---:|---|---:|---:|---:|")
    for case, placement in PLACEMENTS:
        for dispatch in DISPATCHES:
            found = measure(
                case, placement, dispatch=dispatch, requests=1_000_000, rounds=said.rounds
            )
            cells = (
                case,
                f"{placement['replicas']:,}",
                placement["load"],
                placement.get("context_s", 0),
                dispatch,
                f"{found['per_second']:,.0f}",
                f"{found['batch']:.1f}",
                f"{found['ttft_s']:.4f}",
            )
            print("|", " | ".join(map(str, cells)), "|", flush=True)
    print("\n| requests | chat: CPU s | requests/s | prompts: CPU s | requests/s |")
    print("|---:|---:|---:|---:|---:|")
    count = 100_000
    while count <= said.most:
        row = [f"{count:,}"]
        for case in ("chat", "prompts"):
            placement = {"replicas": 8, "load": 0.7}
            options = {"dispatch": "round_robin", "requests": count, "rounds": said.rounds}
            found = measure(case, placement, **options)
            row += (f"{found['seconds']:.3f}", f"{found['per_second']:,.0f}")
        print("|", " | ".join(row), "|", flush=True)
        count *= 10


if __name__ == "__main__":
    main()
