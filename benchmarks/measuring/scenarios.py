"""Scenarios, problems and evaluators of cases, made once a process."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from benchmarks.job import Job
from benchmarks.registry import find_case
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.problem import Problem, compile_problem
from slit.scenario.scenario import Scenario

PAPER_OBJECTIVES = ("carbon", "water", "cost", "ttft")
"""What SLIT (arXiv 2505.23554) minimizes."""
METRICS = ("carbon", "water", "cost", "ttft", "quality", "energy", "slo_violation")
"""What is said of every plan that has a name."""


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A scenario and its problem."""

    scenario: Scenario
    problem: Problem

    def evaluator(self, objectives: Sequence[str], *, threads: int = 1) -> Evaluator:
        """A new evaluator that has counted nothing."""
        return Evaluator(
            self.problem, self.scenario, objectives=find(list(objectives)), threads=threads
        )


def planned(job: Job) -> Planned:
    """The scenario of a job's case."""
    return _planned(job.case, tuple(sorted(job.case_options.items())))


@lru_cache(maxsize=2)
def _planned(case: str, options: tuple[tuple[str, object], ...]) -> Planned:
    scenario: Scenario = find_case(case).build(**dict(options))
    return Planned(scenario, compile_problem(scenario))


@lru_cache(maxsize=1)
def practice() -> Planned:
    """A small problem to compile and warm up on."""
    return _planned("tiny", ())


def generator(job: Job, *more: int) -> np.random.Generator:
    """The random numbers of a job."""
    return np.random.default_rng([job.seed or 0, *more])
