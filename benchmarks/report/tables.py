"""The numbers of a report as CSV files."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.measuring.reference import HypervolumeReference
from benchmarks.report.changes import PickChange
from benchmarks.report.compare import Group
from benchmarks.report.runs import Arena, SuiteRun
from benchmarks.statistics import Summary
from benchmarks.store import JobResult

Record = Mapping[str, Any]

SUMMARIZED = (
    "share",
    "share_found",
    "igd_plus",
    "plans",
    "evaluations",
    "moves",
    "seconds",
    "per_second",
    "peak_mb",
    "found_share",
)
MEASURED = ("compile", "evaluate", "moves", "stability")
"""Phases that say how fast something is."""


def run_records(runs: Sequence[SuiteRun]) -> list[Record]:
    """One row a search."""
    return [
        _place(run.arena, run.budget)
        | {"method": run.method, "seed": run.seed}
        | {name: getattr(run, name) for name in SUMMARIZED}
        for run in runs
    ]


def comparison_records(groups: Sequence[Group]) -> list[Record]:
    """One row a method and group: medians, quartiles and tests."""
    found: list[Record] = []
    for group in groups:
        ranks = dict(zip(group.searches, group.friedman.mean_ranks, strict=True)) if (
            group.friedman
        ) else {}  # fmt: skip
        for row in group.rows:
            record = dict(_place(group.arena, group.budget))
            record |= {"method": row.method, "kind": row.kind, "runs": row.share.count}
            for name in SUMMARIZED:
                record |= _summarized(name, getattr(row, name))
            against = row.against
            record |= {
                "reference": group.reference,
                "wilcoxon_p": against.p if against else None,
                "wilcoxon_p_holm": row.p,
                "rank_biserial": against.rank_biserial if against else None,
                "superiority": against.superiority if against else None,
                "verdict": row.verdict,
                "mean_rank": ranks.get(row.method),
                "friedman_p": group.friedman.p if group.friedman else None,
                "kendall_w": group.friedman.agreement if group.friedman else None,
            }
            found.append(record)
    return found


def change_records(changes: Sequence[PickChange]) -> list[Record]:
    """One row a pick, rival and metric."""
    return [
        _place(change.arena, change.budget)
        | {
            "pick": change.pick,
            "rival": change.rival,
            "metric": metric,
            "objective": metric in change.arena.objectives,
            "value": value,
            "rival_value": change.rival_values[metric],
            "change_percent": change.percent[metric],
            "better_in_all_objectives": change.better,
        }
        for change in changes
        for metric, value in change.values.items()
    ]


def curve_records(groups: Sequence[Group]) -> list[Record]:
    """One row a method and moment: share over CPU seconds."""
    return [
        _place(group.arena, group.budget)
        | {
            "method": curve.method,
            "seconds": curve.seconds[n],
            "share_median": curve.median[n],
            "share_low": curve.low[n],
            "share_high": curve.high[n],
        }
        for group in groups
        for curve in group.curves
        for n in range(len(curve.seconds))
    ]


def reference_records(references: Mapping[Arena, HypervolumeReference]) -> list[Record]:
    """One row an arena: box and bound."""
    return [
        {
            "case": arena.case,
            "objectives": " ".join(arena.objectives),
            "kind": str(reference.kind),
            "bound": reference.bound,
            "detail": reference.detail,
            "ideal": " ".join(f"{value:.6g}" for value in reference.ideal),
            "span": " ".join(f"{value:.6g}" for value in reference.span),
        }
        for arena, reference in references.items()
    ]


def speed_records(results: Sequence[JobResult]) -> list[Record]:
    """One row a measurement of speed."""
    return [
        {
            "case": result.job.case_label,
            "phase": result.job.phase,
            "genes": result.outcome.values["genes"],
            "per_second": result.outcome.timing.get("per_second"),
            "seconds": result.outcome.timing.get("seconds"),
            "threads_equal": result.outcome.values.get("threads_equal"),
        }
        for result in results
        if result.job.phase in MEASURED
    ]


def front_records(results: Sequence[JobResult]) -> list[Record]:
    """One row a published front."""
    return [
        {"problem": result.job.case_options["problem"], **result.outcome.values}
        for result in results
        if result.job.phase == "fronts"
    ]


def as_csv(records: Iterable[Record]) -> str:
    """Records of the same names as CSV text; what is not a number is empty."""
    rows = list(records)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _place(arena: Arena, budget: str) -> dict[str, Any]:
    return {"case": arena.case, "objectives": " ".join(arena.objectives), "budget": budget}


def _summarized(name: str, values: Summary) -> dict[str, float]:
    return {name: values.median, f"{name}_q1": values.low, f"{name}_q3": values.high}


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value
