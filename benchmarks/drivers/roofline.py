"""How far each kernel is from what the machine can do at most.

Usage: python -m benchmarks.drivers.roofline [--case world-day] [--rounds 30]

Times are the least of the rounds, in microseconds (CPU). The floors:
- evaluation: one gather and one scatter-add of two integers for each gene, and one exponential for
  each group and placement that a plan uses together (quality) and each cell in use (its queue);
- a move: a gather and a scatter-add of four rows (a chunk's work and requests, of two cells);
- variation: copying the children once;
- survival: comparing each of 2N points with each other one, M objectives.
Prints one JSON object.
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.job import Job
from benchmarks.kernels.roofline import comparisons, exponentials, gather_scatter
from benchmarks.machine import machine
from benchmarks.measuring.scenarios import planned
from benchmarks.phases.evaluate import searched_plans
from operators.allowed import Allowed
from operators.mutation import count_table
from operators.nsga2 import Crossing, make_offspring, next_generation, survive
from operators.types import Genes
from slit.kernels.scalarization import scalarize
from slit.objectives import DEFAULT
from slit.optimizers.metaheuristic.local_search import local_search
from slit.problem import Problem

PLANS = 200
VALUES = 4096


def least(work: Callable[[], object], rounds: int) -> float:
    """Least CPU microseconds of a call, after one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return 1e6 * min(times)


def machine_rates(rounds: int) -> dict[str, float]:
    """Nanoseconds of an exponential, of a comparison, and of copying a byte."""
    values = np.linspace(-3.0, 0.0, VALUES)
    columns = np.random.default_rng(0).random((4, 200))
    source = np.zeros(1 << 22, np.int16)
    target = np.empty_like(source)
    return {
        "exponential_ns": 1e3 * least(lambda: exponentials(values, 20), rounds) / (20 * VALUES),
        "comparison_ns": 1e3 * least(lambda: comparisons(columns, 500), rounds) / (500 * 800),
        "copy_ns_per_byte": 1e3 * least(lambda: np.copyto(target, source), rounds) / source.nbytes,
    }


def of_evaluation(case: str, rates: dict[str, float], rounds: int) -> dict[str, float]:
    """Full evaluation of plans of the kind a search meets, and moves."""
    instance = planned(Job("evaluate", case, ""))
    problem, evaluator = instance.problem, instance.evaluator(DEFAULT)
    rng = np.random.default_rng(0)
    plans = searched_plans(instance, evaluator, PLANS, rng=rng)
    cells = np.zeros((problem.placements, 2), np.int64)
    arrays = problem.gene_group, problem.epoch_gene, problem.chunk, cells
    spent = least(lambda: evaluator.evaluate(plans), rounds) / PLANS
    gathers = least(lambda: gather_scatter(plans, *arrays), rounds) / PLANS
    used = np.mean([_used(plan, problem) for plan in plans], axis=0)
    exps = 1e-3 * rates["exponential_ns"] * float(used.sum())
    weights = np.ones(len(DEFAULT)) / np.abs(evaluator.evaluate(plans).F).mean(axis=0)
    done = local_search(
        plans[0], scalarize(weights, problem, evaluator.terms), problem, swaps=False
    )
    search = least(
        lambda: local_search(
            plans[0], scalarize(weights, problem, evaluator.terms), problem, swaps=False
        ),
        rounds,
    )
    per_gene = gathers / problem.genes
    return {
        "genes": problem.genes,
        "evaluation_us": spent,
        "gather_scatter_us": gathers,
        "gather_scatter_per_second": 1e6 * problem.genes / gathers,
        "entries": float(used[0]),
        "cells": float(used[1]),
        "exponentials_us": exps,
        "evaluation_over_floor": spent / (gathers + exps),
        "move_us": search / done.moves,
        "move_over_floor": search / done.moves / (4 * per_gene),
    }


def _used(plan: Genes, problem: Problem) -> tuple[int, int]:
    """Pairs of group and placement of a plan, and its cells in use."""
    groups = problem.gene_group.astype(np.int64)
    epochs = problem.group_epoch[groups].astype(np.int64)
    pairs = np.unique(groups * problem.placements + plan)
    return len(pairs), len(np.unique(epochs * problem.placements + plan))


def of_selection(genes: int, size: int, rates: dict[str, float], rounds: int) -> dict[str, float]:
    """Variation and survival of NSGA-II with 4 objectives."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 48, (size, genes)).astype(np.int16)
    F, G = rng.random((size, 4)), np.zeros(size)
    none = X[:0], F[:0]
    first = next_generation(X, F, *none, violation=G, children_violation=G[:0])
    row, options = np.zeros(genes, np.int32), np.arange(48, dtype=np.int16)[None, :]
    allowed = Allowed(row, options, np.array([48], np.int32))
    crossing = Crossing(np.zeros(genes, np.int32), 1, 0.9, 0.0)
    table, children = count_table(genes, rate=1.0 / genes), np.empty_like(X)
    young = rng.random((size, 4))

    def vary() -> None:
        make_offspring(
            first.population, first.rank, first.crowding, allowed, crossing, table, children, rng
        )

    def select() -> None:
        population, values, excess = X.copy(), F.copy(), G.copy()
        rank, crowding = first.rank.copy(), first.crowding.copy()
        survive(population, values, excess, children, young, G, rank, crowding, True)

    varied, selected = least(vary, rounds), least(select, rounds)
    copied = 1e-3 * rates["copy_ns_per_byte"] * children.nbytes
    compared = 1e-3 * rates["comparison_ns"] * 4 * (2 * size) ** 2 / 2
    return {
        "genes": genes,
        "variation_us": varied,
        "variation_over_copying": varied / copied,
        "survival_us": selected,
        "survival_over_all_comparisons": selected / compared,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", default="world-day")
    parser.add_argument("--rounds", type=int, default=30)
    said = parser.parse_args()
    rates = machine_rates(said.rounds)
    found: dict[str, Any] = {"rates": rates}
    found["evaluation"] = of_evaluation(said.case, rates, said.rounds)
    found["nsga2"] = [of_selection(genes, 100, rates, said.rounds) for genes in (100, 1000, 10_000)]
    print(json.dumps(found | {"machine": machine()}, indent=1))


if __name__ == "__main__":
    main()
