"""The named plans of a search against the schedulers, metric by metric."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.report.runs import Arena, SuiteRun
from benchmarks.statistics import summary
from slit.front import change_percent

BALANCE = "-balance"


@dataclass(frozen=True, slots=True)
class PickChange:
    """A pick against a scheduler.

    values: the pick's metrics, median over seeds; rival_values likewise; percent: the change
    from the rival to the pick, minus is less (None where the rival has zero or less). better: share
    of the seeds in which the pick is below the rival in every objective of the arena at once.
    """

    arena: Arena
    budget: str
    pick: str
    rival: str
    values: dict[str, float]
    rival_values: dict[str, float]
    percent: dict[str, float | None]
    better: float


def changes_of(runs: Sequence[SuiteRun]) -> list[PickChange]:
    """Every pick of every search against every scheduler of its arena."""
    found = []
    arenas = dict.fromkeys(run.arena for run in runs if run.picks)
    for arena in arenas:
        here = [run for run in runs if run.arena == arena and run.picks]
        rivals = _named([run for run in here if not run.budget])
        for budget in dict.fromkeys(run.budget for run in here if run.budget):
            picks = _named([run for run in here if run.budget == budget])
            found += [
                _pick_change(arena, budget, pick, ours, rival, theirs)
                for pick, ours in picks.items()
                for rival, theirs in rivals.items()
            ]
    return found


def _named(runs: Sequence[SuiteRun]) -> dict[str, list[dict[str, float]]]:
    """The metrics of each named plan, one entry a seed; a variant's plans bear its name."""
    named: dict[str, list[dict[str, float]]] = {}
    for run in runs:
        for name, values in run.picks.items():
            own = run.kind != "search" or name.startswith(f"{run.method}-")
            named.setdefault(name if own else f"{run.method}: {name}", []).append(values)
    return named


def _pick_change(
    arena: Arena,
    budget: str,
    pick: str,
    ours: Sequence[dict[str, float]],
    rival: str,
    theirs: Sequence[dict[str, float]],
) -> PickChange:
    metrics = tuple(ours[0])
    values, rival_values = _median(ours, metrics), _median(theirs, metrics)
    percent = change_percent(
        np.array([values[m] for m in metrics]), np.array([rival_values[m] for m in metrics])
    )
    wins = [all(plan[m] < rival_values[m] for m in arena.objectives) for plan in ours]
    return PickChange(
        arena=arena,
        budget=budget,
        pick=pick,
        rival=rival,
        values=values,
        rival_values=rival_values,
        percent=dict(zip(metrics, percent, strict=True)),
        better=float(np.mean(wins)),
    )


def _median(plans: Sequence[dict[str, float]], metrics: Sequence[str]) -> dict[str, float]:
    return {m: summary([plan[m] for plan in plans]).median for m in metrics}
