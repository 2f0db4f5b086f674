"""Methods compared on an arena under a budget: medians, tests, ranks, curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.report.runs import Arena, SuiteRun
from benchmarks.statistics import MethodRanks, Paired, Summary, holm, paired, ranked, summary
from operators.types import Floats

GRID = 120
"""Moments at which curves of several seeds are summarized."""
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A method in a group. `against`: the first method against this one, `p` corrected for all the
    comparisons of the group; None for the first method itself."""

    method: str
    kind: str
    share: Summary
    share_found: Summary
    igd_plus: Summary
    plans: Summary
    evaluations: Summary
    moves: Summary
    seconds: Summary
    per_second: Summary
    peak_mb: Summary
    found_share: Summary
    against: Paired | None = None
    p: float = float("nan")

    @property
    def verdict(self) -> str:
        """What the first method is against this one; n.s.: no significant difference."""
        if self.against is None:
            return "reference"
        if not self.p < SIGNIFICANT:
            return "n.s."
        return "better" if self.against.rank_biserial > 0 else "WORSE"


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Median and quartiles of the share over CPU seconds: arrays (T,)."""

    method: str
    seconds: Floats
    median: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """All methods on an arena under one budget, the best first; schedulers that make one plan are
    in every group of their arena. `friedman` ranks the searches over seeds, in `searches`' order.
    """

    arena: Arena
    budget: str
    reference: str
    rows: tuple[Row, ...]
    curves: tuple[Curve, ...]
    searches: tuple[str, ...]
    friedman: MethodRanks | None

    @property
    def label(self) -> str:
        """For people."""
        return f"{self.arena.label}, {self.budget}" if self.budget else self.arena.label


def groups_of(runs: Sequence[SuiteRun]) -> list[Group]:
    """The groups, in the order of the runs."""
    arenas = dict.fromkeys(run.arena for run in runs)
    found: list[Group] = []
    for arena in arenas:
        here = [run for run in runs if run.arena == arena]
        budgets = dict.fromkeys(run.budget for run in here if run.budget)
        single = [run for run in here if not run.budget]
        found += [
            _group([run for run in here if run.budget == budget and budget], single)
            for budget in budgets or [""]
        ]
    return found


def overall(groups: Sequence[Group]) -> tuple[tuple[str, ...], MethodRanks] | None:
    """Friedman's test over the groups that have the first one's reference: the methods that are
    in each of them, by their median share. None where that is less than 3 methods or 2 groups."""
    tables = [
        {row.method: row.share.median for row in group.rows}
        for group in groups
        if any(row.method == groups[0].reference for row in group.rows)
    ]
    if not tables:
        return None
    methods = tuple(name for name in tables[0] if all(name in table for table in tables))
    found = ranked([[table[name] for name in methods] for table in tables])
    return None if found is None else (methods, found)


def _group(searches: Sequence[SuiteRun], single: Sequence[SuiteRun]) -> Group:
    every = [*searches, *single]
    by_method: dict[str, list[SuiteRun]] = {}
    for run in every:
        by_method.setdefault(run.method, []).append(run)
    reference = every[0].method
    compared = {
        method: _paired(by_method[reference], runs)
        for method, runs in by_method.items()
        if method != reference
    }
    corrected = dict(zip(compared, holm([c.p for c in compared.values()]), strict=True))
    rows = [
        _row(method, runs, compared.get(method), corrected.get(method, float("nan")))
        for method, runs in by_method.items()
    ]
    names = tuple(dict.fromkeys(run.method for run in searches))
    return Group(
        arena=every[0].arena,
        budget=every[0].budget,
        reference=reference,
        rows=tuple(sorted(rows, key=lambda row: -row.share.median)),
        curves=tuple(curve_of(name, by_method[name]) for name in names),
        searches=names,
        friedman=_over_seeds([by_method[name] for name in names]),
    )


def _row(method: str, runs: Sequence[SuiteRun], against: Paired | None, p: float) -> Row:
    def of(name: str) -> Summary:
        values = [float(getattr(run, name)) for run in runs]
        return summary([value for value in values if not np.isnan(value)])

    return Row(
        method=method,
        kind=runs[0].kind,
        share=of("share"),
        share_found=of("share_found"),
        igd_plus=of("igd_plus"),
        plans=of("plans"),
        evaluations=of("evaluations"),
        moves=of("moves"),
        seconds=of("seconds"),
        per_second=of("per_second"),
        peak_mb=of("peak_mb"),
        found_share=of("found_share"),
        against=against,
        p=p,
    )


def _paired(first: Sequence[SuiteRun], second: Sequence[SuiteRun]) -> Paired:
    """By seed; a method that ran once stands against all runs of the other."""
    one, two = ({run.seed: run.share for run in runs} for runs in (first, second))
    if len(one) == 1 or len(two) == 1:
        return paired(list(one.values()), list(two.values()))
    both = sorted(one.keys() & two.keys())
    return paired([one[seed] for seed in both], [two[seed] for seed in both])


def _over_seeds(methods: Sequence[Sequence[SuiteRun]]) -> MethodRanks | None:
    shares = [{run.seed: run.share for run in runs} for runs in methods]
    if not shares:
        return None
    seeds = sorted(set.intersection(*(set(values) for values in shares)))
    return ranked([[values[seed] for values in shares] for seed in seeds])


def curve_of(method: str, runs: Sequence[SuiteRun]) -> Curve:
    """The curves of several seeds on common moments: a share holds until the next snapshot."""
    first = max(run.curve[0].seconds for run in runs)
    last = min(run.curve[-1].seconds for run in runs)
    low, high = max(min(first, last), 1e-6), max(first, last, 1e-6)
    seconds = np.geomspace(low, high, GRID) if high > low else np.array([low])
    shares = np.array([_held(run, seconds) for run in runs])
    quartiles = np.quantile(shares, [0.25, 0.5, 0.75], axis=0)
    return Curve(method, seconds, quartiles[1], quartiles[0], quartiles[2])


def _held(run: SuiteRun, seconds: Floats) -> Floats:
    times = np.array([point.seconds for point in run.curve])
    shares = np.array([point.share for point in run.curve])
    place = np.searchsorted(times, seconds * (1 + 1e-12), side="right") - 1
    return np.where(place >= 0, shares[np.maximum(place, 0)], 0.0)
