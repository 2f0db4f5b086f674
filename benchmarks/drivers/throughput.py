"""Evaluations and moves per second of one core, moves also with stability in turns; serial and
threaded bits compared.

Usage: python -m benchmarks.drivers.throughput [--case world-day] [--seconds 5]

Prints one JSON object. `per_second` counts CPU time; plans are of the kind a search meets.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.job import Job
from benchmarks.machine import machine
from benchmarks.measuring.scenarios import PAPER_OBJECTIVES
from benchmarks.registry import find_phase
from benchmarks.store import Store
from slit.objectives import DEFAULT

PLANS = 200


def measure(phase: str, case: str, options: dict[str, Any]) -> dict[str, Any]:
    """One phase on one case, warmed up."""
    job = Job(phase, case, "", options=options)
    verb = find_phase(phase)
    if verb.warm is not None:
        verb.warm(job)
    outcome = verb.perform(job, Store(Path()))
    return outcome.values | outcome.timing


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=" ".join(__doc__.split("\n\n")[0].split()))
    parser.add_argument("--case", default="world-day")
    parser.add_argument("--seconds", type=float, default=5.0)
    said = parser.parse_args()
    found: dict[str, Any] = {"case": said.case}
    for name, objectives in (("default", DEFAULT), ("paper", PAPER_OBJECTIVES)):
        options = {"objectives": list(objectives), "seconds": said.seconds}
        found[f"evaluate_{name}"] = measure("evaluate", said.case, options | {"plans": PLANS})
        found[f"moves_{name}"] = measure("moves", said.case, options | {"swaps": True})
        found[f"stability_{name}"] = measure("stability", said.case, options | {"swaps": True})
    print(json.dumps(found | {"machine": machine()}))


if __name__ == "__main__":
    main()
