"""Several days of one plan: what was promised beside the spread of what was served."""

from collections.abc import Sequence
from typing import Any

import numpy as np

FIGURES = (
    "ttft", "ttft_p50_s", "ttft_p95_s", "ttft_p99_s", "late_share", "quality", "energy", "carbon",
    "water", "cost",
)  # fmt: skip
MOST_MISSED = 0.1
"""Share of days on which a plan may miss an SLO."""


def days_summary(found: Sequence[dict[str, Any]], *, most_missed: float) -> dict[str, Any]:
    """Summaries of one plan, a day each, in one.

    Returns how many days, `figures` by name (promised; mean, low and high of those served), for
    each class its p95 of every day and on how many it was beyond the SLO (or nothing was served),
    and `fails`: classes that missed on more than `most_missed` of the days.
    """
    count = len(found)
    figures = {}
    for name in FIGURES:
        served = [each["served"][name] for each in found]
        known = np.array([value for value in served if value is not None])
        figures[name] = {
            "promised": found[0]["promised"][name],
            "mean": float(known.mean()) if len(known) else None,
            "low": float(known.min()) if len(known) else None,
            "high": float(known.max()) if len(known) else None,
        }
    classes = []
    for k, first in enumerate(found[0]["classes"]):
        waits = [each["classes"][k]["served"]["ttft_p95_s"] for each in found]
        missed = sum(value is None or value > first["slo_s"] for value in waits)
        classes.append(
            {
                "name": first["name"],
                "slo_s": first["slo_s"],
                "ttft_p95_s": waits,
                "days_missed": missed,
            }
        )
    return {
        "count": count,
        "figures": figures,
        "classes": classes,
        "most_missed": most_missed,
        "fails": [each["name"] for each in classes if each["days_missed"] > most_missed * count],
    }
