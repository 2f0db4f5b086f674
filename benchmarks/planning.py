"""What suites are put together from: jobs in an order in which an unfinished suite is balanced."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.code import code_digest
from benchmarks.job import Job, Options
from benchmarks.machine import installed
from benchmarks.measuring.scenarios import PAPER_OBJECTIVES
from benchmarks.registry import find_case
from benchmarks.store import SuitePlan
from slit.objectives import DEFAULT
from slit.optimizers.registry import OptimizerKind, available

WEIGHTS = 165
"""Weight vectors of a certificate, where nothing else is said."""
FRAMEWORKS = {
    "native": "numba",
    "pymoo_tuned": "pymoo",
    "pymoo_documented": "pymoo",
    "deap_arrays": "deap",
    "pygmo_batch": "pygmo",
    "pymoors_rust": "pymoors",
    "jmetalpy_lists": "jmetalpy",
}
"""Modules of frameworks/ and the package each measures."""


@dataclass(frozen=True, slots=True)
class CaseInstance:
    """A case with its options."""

    case: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the registry of optimizers, with changes of its settings."""

    name: str
    label: str = ""
    settings: Options = field(default_factory=dict)
    instead: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """As options of a job; what is not set is left out."""
        said: dict[str, Any] = {"method": self.name}
        if self.label:
            said["label"] = self.label
        if self.settings:
            said["settings"] = dict(self.settings)
        if self.instead:
            said["instead"] = self.instead
        return said


def job(
    phase: str,
    instance: CaseInstance,
    *,
    seed: int | None = None,
    needs: Iterable[str] = (),
    **options: Any,
) -> Job:
    """A job of the code as it is now."""
    return Job(
        phase=phase,
        case=instance.case,
        code=code_digest(),
        case_options=dict(instance.options),
        options=options,
        seed=seed,
        needs=tuple(needs),
    )


def bound(instance: CaseInstance, objectives: Sequence[str], *, weights: int = WEIGHTS) -> Job:
    """The job that makes the reference of a scenario."""
    return job("bound", instance, objectives=list(objectives), weights=weights)


def searches(
    reference: Job,
    methods: Iterable[Method],
    *,
    budget: Options,
    seeds: int,
    phase: str = "optimize",
) -> list[Job]:
    """Every method with every seed, seed by seed."""
    every = list(methods)
    return [_search(reference, m, budget, seed, phase) for seed in range(seeds) for m in every]


def evolutions(
    instance: CaseInstance,
    methods: Iterable[str],
    *,
    seeds: int,
    needs: Iterable[str] = (),
    **options: Any,
) -> list[Job]:
    """Every framework with every seed, seed by seed."""
    every, keys = list(methods), tuple(needs)
    return [
        job("evolve", instance, seed=seed, needs=keys, method=method, **options)
        for seed in range(seeds)
        for method in every
    ]


def schedulers(reference: Job, *, seeds: int) -> list[Job]:
    """Every method that makes one plan; those that draw random numbers with every seed."""
    kinds = OptimizerKind.REFERENCE, OptimizerKind.BASELINE, OptimizerKind.RIVAL
    found = []
    for entry in available(*kinds):
        drawn = range(seeds) if entry.name == "random" else range(1)
        found += [_search(reference, Method(entry.name), None, seed) for seed in drawn]
    return found


def population_searches() -> list[Method]:
    """The searches that evaluate whole plans only."""
    return [
        Method(e.name) for e in available(OptimizerKind.SEARCH) if not e.name.startswith("slit")
    ]


def frameworks() -> tuple[list[str], list[str]]:
    """The frameworks that are installed, and a note on each that is not."""
    there = [name for name, package in FRAMEWORKS.items() if installed(package)]
    notes = [
        f"{package}: not installed, left out"
        for package in dict.fromkeys(FRAMEWORKS.values())
        if not installed(package)
    ]
    return there, notes


def present(instances: Iterable[CaseInstance]) -> tuple[list[CaseInstance], list[str]]:
    """The instances that can be built here, and a note on each case that cannot."""
    there, notes = [], []
    for instance in instances:
        reason = find_case(instance.case).missing()
        if reason:
            notes.append(f"{instance.case}: {reason}, left out")
        else:
            there.append(instance)
    return there, list(dict.fromkeys(notes))


def plan(suite: str, seeds: int, jobs: Iterable[Job], notes: Sequence[str] = ()) -> SuitePlan:
    """The plan of a suite: each job once."""
    once = {each.key: each for each in jobs}
    return SuitePlan(suite, seeds, tuple(once.values()), tuple(notes))


def _search(
    reference: Job,
    method: Method,
    budget: Options | None,
    seed: int,
    phase: str = "optimize",
) -> Job:
    options = method.options | {"objectives": reference.options["objectives"]}
    if budget is not None:
        options["budget"] = dict(budget)
    instance = CaseInstance(reference.case, reference.case_options)
    return job(phase, instance, seed=seed, needs=[reference.key], **options)


__all__ = [
    "DEFAULT",
    "FRAMEWORKS",
    "PAPER_OBJECTIVES",
    "WEIGHTS",
    "CaseInstance",
    "Method",
    "bound",
    "evolutions",
    "frameworks",
    "job",
    "plan",
    "population_searches",
    "present",
    "schedulers",
    "searches",
]
