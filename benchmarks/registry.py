"""Cases, phases and suites by name; their modules are found in their folders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar

from benchmarks.job import Job
from benchmarks.store import JobOutcome, Store, SuitePlan
from slit.errors import SlitError

Perform = Callable[[Job, Store], JobOutcome]


@dataclass(frozen=True, slots=True)
class Case:
    """What is solved. `build(**options)` makes it: a scenario, a choice problem, a published front.

    `phases` are the verbs that apply. `missing()` says what is not there to build it, or nothing.
    """

    name: str
    line: str
    build: Callable[..., Any]
    phases: frozenset[str]
    missing: Callable[[], str] = str


@dataclass(frozen=True, slots=True)
class BenchmarkPhase:
    """A verb. `perform` does a job; `warm` compiles and imports what it needs, unmeasured."""

    name: str
    perform: Perform
    warm: Callable[[Job], None] | None = None
    alone: bool = False
    """Whether each job gets a process of its own (peak memory)."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Jobs that answer a question. `plan(seeds)` lists them, with notes on what was left out."""

    name: str
    line: str
    plan: Callable[[int], SuitePlan]
    seeds: int


Registered = TypeVar("Registered", Case, BenchmarkPhase, Suite)


def find_case(name: str) -> Case:
    """The case called `name`; SlitError if there is none."""
    return _find(cases(), name, "case")


def find_phase(name: str) -> BenchmarkPhase:
    """The phase called `name`; SlitError if there is none."""
    return _find(phases(), name, "phase")


def find_suite(name: str) -> Suite:
    """The suite called `name`; SlitError if there is none."""
    return _find(suites(), name, "suite")


@cache
def cases() -> Mapping[str, Case]:
    """All cases."""
    return _collect("cases", Case)


@cache
def phases() -> Mapping[str, BenchmarkPhase]:
    """All phases."""
    return _collect("phases", BenchmarkPhase)


@cache
def suites() -> Mapping[str, Suite]:
    """All suites."""
    return _collect("suites", Suite)


def _collect(folder: str, kind: type[Registered]) -> dict[str, Registered]:
    """What the modules of a folder define of this kind, by name, in the order of the modules."""
    found: dict[str, Registered] = {}
    package = import_module(f"benchmarks.{folder}")
    for module in sorted(info.name for info in iter_modules(package.__path__)):
        for value in vars(import_module(f"benchmarks.{folder}.{module}")).values():
            if not isinstance(value, kind):
                continue
            if found.setdefault(value.name, value) is not value:
                raise SlitError(f"{folder}: {value.name!r} twice, expected names of their own")
    return found


def _find(known: Mapping[str, Registered], name: str, kind: str) -> Registered:
    if name not in known:
        raise SlitError(f"{kind}: {name!r}, expected one of {_listed(list(known))}")
    return known[name]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names))
