"""What operating points and states of nodes leave of the moves per second.

Usage: python -m benchmarks.drivers.node_states [--scenario world-2026] [--seconds 20]

Local searches of one core in turns, in one process, each from a random plan of its own, for the
same weights: with neither (each service at its largest batch, unused nodes all powered, all nodes
on demand), with operating points, and with both. Prints one JSON object: moves per CPU second of
each, and its share of the first.
"""

import argparse
import json
import time
from dataclasses import replace

import numpy as np

from benchmarks.machine import machine
from operators.sampling import uniform
from slit.evaluator import Evaluator
from slit.kernels.scalarization import scalarize
from slit.objectives import DEFAULT, find
from slit.optimizers.metaheuristic.local_search import local_search
from slit.problem import compile_problem
from slit.problem.binding import options_of
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario

SAMPLE = 20


def without_points(scenario: Scenario) -> Scenario:
    """Each service at its largest batch alone."""
    largest: dict[tuple[str, str], int] = {}
    for each in scenario.services:
        pair = each.node_type, each.variant
        largest[pair] = max(each.batch, largest.get(pair, 0))
    kept = tuple(
        each for each in scenario.services if each.batch == largest[each.node_type, each.variant]
    )
    return replace(scenario, services=kept)


def without_states(scenario: Scenario) -> Scenario:
    """Unused nodes all powered, all nodes on demand."""
    plain = {"off_nodes": 0, "committed_nodes": 0}
    return replace(scenario, pools=tuple(pool.model_copy(update=plain) for pool in scenario.pools))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=" ".join(__doc__.split("\n\n")[0].split()))
    parser.add_argument("--scenario", default="world-2026")
    parser.add_argument("--seconds", type=float, default=20.0)
    said = parser.parse_args()
    whole = load_scenario(said.scenario)
    scenarios = {
        "neither": without_states(without_points(whole)),
        "points": without_states(whole),
        "points and states": whole,
    }
    rng = np.random.default_rng(0)
    names, moves, spent = list(scenarios), np.zeros(3), np.zeros(3)
    evaluators, samples = [], []
    for scenario in scenarios.values():
        problem = compile_problem(scenario)
        evaluators.append(Evaluator(problem, scenario, objectives=find(list(DEFAULT))))
        samples.append(uniform(SAMPLE, rng=rng, **options_of(problem)))
    scale = np.abs(evaluators[0].evaluate(samples[0]).F).mean(axis=0)
    turn = -1  # the first one compiles
    while spent.sum() < said.seconds:
        weights = rng.dirichlet(np.ones(len(scale))) / scale
        for n, (evaluator, sample) in enumerate(zip(evaluators, samples, strict=True)):
            weighed = scalarize(weights, evaluator.problem, evaluator.terms)
            began = time.process_time()
            done = local_search(sample[turn % SAMPLE], weighed, evaluator.problem, swaps=True)
            if turn >= 0:
                spent[n] += time.process_time() - began
                moves[n] += done.moves
        turn += 1
    rate = moves / spent
    found = {
        name: {
            "placements": evaluators[n].problem.placements,
            "moves_per_second": float(rate[n]),
            "share": float(rate[n] / rate[0]),
        }
        for n, name in enumerate(names)
    }
    print(json.dumps({"scenario": whole.name, "turns": turn} | found | {"machine": machine()}))


if __name__ == "__main__":
    main()
