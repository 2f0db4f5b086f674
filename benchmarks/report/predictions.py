"""The numbers of `slit predict`: errors of methods, and over the number of measurements."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarks.report.tables import Record
from benchmarks.store import JobResult
from slit.predictor.evaluation import NAMES
from slit.predictor.models import Target

FIGURES = {"mape": "MAPE", "median_ape": "median", "eba10": "EBA10", "eba30": "EBA30",
           "coverage90": "coverage"}  # fmt: skip


def error_records(results: Sequence[JobResult]) -> list[Record]:
    """One row a method, split and target; %."""
    return [
        {
            "method": result.job.options.get("label") or result.job.options["method"],
            "left out": result.job.options["split"],
            "target": target,
            **{name: found[figure] for figure, name in FIGURES.items()},
            "rows": found["n"],
            "CPU s": result.outcome.timing["seconds"],
        }
        for result in results
        if result.job.phase == "predict"
        for target, found in result.outcome.values.items()
    ]


def sampling_records(results: Sequence[JobResult]) -> list[Record]:
    """One row a case, target and count: mean absolute errors, %, median over seeds."""
    curves: dict[tuple[str, str], dict[int, np.ndarray]] = defaultdict(dict)
    counts: dict[str, Sequence[int]] = {}
    for result in results:
        if result.job.phase == "sample":
            case, way = result.job.case_label, str(result.job.options["label"])
            curves[case, way][result.job.seed or 0] = result.outcome.arrays["mape"]
            counts[case] = result.outcome.values["counts"]
    found: list[Record] = []
    for case, measured in counts.items():
        ways = {way: curves[case, way] for way in ("random", "focused")}
        both = sorted(set(ways["random"]) & set(ways["focused"]))
        if not both:
            continue
        random, focused = (np.array([curve[seed] for seed in both]) for curve in ways.values())
        found += [
            {
                "case": case,
                "target": NAMES[target],
                "measurements": count,
                "random": float(np.median(random[:, n, target])),
                "focused": float(np.median(focused[:, n, target])),
                "focused better": f"{int((focused < random)[:, n, target].sum())} of {len(both)}",
            }
            for target in Target
            for n, count in enumerate(measured)
        ]
    return found
