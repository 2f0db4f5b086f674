"""Searches of a folder as comparable records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks.job import budget_label
from benchmarks.measuring.reference import HypervolumeReference
from benchmarks.store import JobResult, Store
from operators.archive import Archive
from operators.indicators import igd_plus
from operators.types import Floats

SEARCHES = ("converge", "evolve", "optimize", "scale")
"""Phases whose results are fronts."""
BEST_KNOWN = 2000
"""Points of a best known front, thinned where there are more."""


class Point(NamedTuple):
    """A search at a moment: share of the bound after CPU seconds and evaluations."""

    seconds: float
    evaluations: int
    share: float


class Arena(NamedTuple):
    """What searches are compared on: a case and objectives."""

    case: str
    objectives: tuple[str, ...]

    @property
    def label(self) -> str:
        """For people; objectives of published problems have no names worth showing."""
        named = [name for name in self.objectives if not name[-1].isdigit()]
        return f"{self.case} ({', '.join(named)})" if named else self.case


@dataclass(frozen=True, slots=True, eq=False)
class SuiteRun:
    """One search.

    share: hypervolume of the front it kept over the bound; share_found: of the best of all it
    evaluated. igd_plus: to the best known front, in widths of the box. `budget` is "" for methods
    that make one plan.
    """

    arena: Arena
    budget: str
    method: str
    kind: str
    seed: int
    share: float
    share_found: float
    igd_plus: float
    plans: int
    evaluations: int
    moves: int
    seconds: float
    peak_mb: float
    found_share: float
    curve: tuple[Point, ...]
    picks: dict[str, dict[str, float]]

    @property
    def per_second(self) -> float:
        """Evaluations per CPU second."""
        return self.evaluations / self.seconds if self.seconds > 0 else float("nan")


def read_runs(
    results: Sequence[JobResult], store: Store
) -> tuple[list[SuiteRun], dict[Arena, HypervolumeReference]]:
    """All searches, in the order of the plan, and what each arena is measured against."""
    known = [(result, _reference(result, store)) for result in results if _is_search(result)]
    best = _best_known([(_arena(r, y), r.outcome.arrays, y) for r, y in known])
    runs = [_run(result, reference, best) for result, reference in known]
    return runs, {_arena(result, reference): reference for result, reference in known}


def _is_search(result: JobResult) -> bool:
    return result.job.phase in SEARCHES


def _reference(result: JobResult, store: Store) -> HypervolumeReference:
    values = result.outcome.values
    if "yardstick" not in values:
        values = store.read(result.job.needs[0]).outcome.values
    return HypervolumeReference.from_json(values["yardstick"])


def _arena(result: JobResult, reference: HypervolumeReference) -> Arena:
    said = result.job.options
    objectives = tuple(said.get("objectives") or reference.names)
    return Arena(said.get("beside") or result.job.case_label, objectives)


def _best_known(
    parts: Sequence[tuple[Arena, dict[str, Floats], HypervolumeReference]],
) -> dict[Arena, Floats]:
    """The best of all searches of each arena together, in widths of its box: (K, M)."""
    archives: dict[Arena, Archive] = {}
    for arena, arrays, reference in parts:
        size = len(reference.names)
        archive = archives.setdefault(arena, Archive(genes=0, objectives=size, capacity=BEST_KNOWN))
        for F in arrays.values():
            archive.add(np.zeros((len(F), 0), np.int16), reference.scaled(F))
    return {arena: archive.objectives for arena, archive in archives.items()}


def _run(result: JobResult, reference: HypervolumeReference, best: dict[Arena, Floats]) -> SuiteRun:
    arena = _arena(result, reference)
    values, timing = result.outcome.values, result.outcome.timing
    F = result.outcome.arrays["F"]
    distance = igd_plus(reference.scaled(F), front=best[arena]) if len(F) else float("inf")
    curve = [
        Point(seconds, look["evaluations"], look["volume"] / reference.bound)
        for seconds, look in zip(timing["curve_seconds"], values["curve"], strict=True)
    ]
    return SuiteRun(
        arena=arena,
        budget=budget_label(result.job.options.get("budget")),
        method=values["label"],
        kind=values["kind"],
        seed=result.job.seed or 0,
        share=values["volume"] / reference.bound,
        share_found=values.get("volume_found", values["volume"]) / reference.bound,
        igd_plus=distance,
        plans=values["plans"],
        evaluations=values["evaluations"],
        moves=values["moves"],
        seconds=timing["seconds"],
        peak_mb=timing.get("peak_mb", float("nan")),
        found_share=values.get("found_share", float("nan")),
        curve=tuple(curve),
        picks={pick["name"]: pick["values"] for pick in values.get("picks", ())},
    )
