"""Every framework that is installed solves the same small problem."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cases import knapsack
from benchmarks.job import Job
from benchmarks.machine import installed
from benchmarks.measuring.instrumented_problem import InstrumentedProblem
from benchmarks.phases.converge import SURVIVALS
from benchmarks.planning import FRAMEWORKS, frameworks
from benchmarks.registry import find_phase
from benchmarks.store import Store
from slit.stop import Stop


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_it_finds_good_selections_and_counts(name: str) -> None:
    package = FRAMEWORKS[name]
    if not installed(package):
        pytest.skip(f"{package} is not installed")
    problem = knapsack.build(8, 2)
    instrumented = InstrumentedProblem(problem, stop=Stop(evaluations=10_000))
    module = import_module(f"benchmarks.frameworks.{name}")
    assert package == module.PACKAGE
    rng = np.random.default_rng(1)
    F, G = module.evolve(instrumented.problem, population=20, generations=30, rng=rng)
    assert F.shape == (20, 2)
    assert (G >= 0).all()
    assert 20 * 29 <= instrumented.evaluations <= 20 * 31
    assert problem.exact is not None
    feasible = F[G == 0]
    assert len(feasible) > 0
    assert (feasible.min(axis=0) >= problem.exact.min(axis=0)).all()
    assert feasible[:, 0].min() < 2 * problem.exact[:, 0].min()


def test_those_that_are_missing_are_named() -> None:
    there, notes = frameworks()
    assert {"native", "pymoo_tuned", "deap_arrays"} <= set(there)
    absent = [package for package in set(FRAMEWORKS.values()) if not installed(package)]
    assert sorted(notes) == sorted(f"{package}: not installed, left out" for package in absent)


def test_a_budget_of_time_is_kept(tmp_path: Path) -> None:
    options = {"method": "native", "budget": {"seconds": 0.05}, "population": 20}
    job = Job("evolve", "knapsack", "", {"items": 8}, options, 0)
    phase = find_phase("evolve")
    outcome = phase.perform(job, Store(tmp_path))
    assert outcome.values["volume_last"] is None
    assert outcome.values["found_share"] == 1.0
    assert outcome.values["evaluations"] > 100


@pytest.mark.parametrize("method", SURVIVALS)
def test_either_survival_reaches_the_published_front(method: str, tmp_path: Path) -> None:
    options = {"method": method, "population": 40, "budget": {"evaluations": 6000}}
    job = Job("converge", "continuous", "", {"problem": "zdt1"}, options, 1)
    outcome = find_phase("converge").perform(job, Store(tmp_path))
    share = outcome.values["volume"] / outcome.values["yardstick"]["bound"]
    assert 0.7 < share < 1
