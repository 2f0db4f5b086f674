"""What the page's script needs to draw the parallel coordinates and to brush them."""

from typing import Any

import numpy as np

from slit.app.points import FrontPoints
from slit.app.scales import can_be_log, is_wide
from slit.report.style import COLORS, SEQUENCE, sequence_stops

DIGITS = 7


def parallel_data(points: FrontPoints) -> dict[str, Any]:
    """Plain lists: axes with their least and most value and the values where
    colors stand, columns of values, marks, colors.

    `values` holds M columns of N numbers; `chosen` tells which plans may be chosen.
    """
    best = points.best
    return {
        "axes": [
            {
                "name": axis.name,
                "title": axis.title,
                "unit": axis.unit,
                "low": float(points.F[best, m].min()),
                "high": float(points.F[best, m].max()),
                "stops": sequence_stops(points.F[best, m]),
                "wide": is_wide(points, m),
                "positive": can_be_log(points, m),
            }
            for m, axis in enumerate(points.axes)
        ],
        "values": [_short(points.F[:, m]) for m in range(len(points.axes))],
        "chosen": best.astype(int).tolist(),
        "keys": list(points.keys) if len(points.labels) > 1 else None,
        "plans": [int(key.split(":")[1]) for key in points.keys],
        "run": points.run.tolist() if len(points.labels) > 1 else None,
        "labels": list(points.labels),
        "marks": [
            {
                "row": mark.row,
                "name": mark.name,
                "role": str(mark.role),
                "color": mark.style.color,
                "outline": mark.style.outline,
                "dashed": mark.style.dashed,
            }
            for mark in points.marks
        ],
        "sequence": list(SEQUENCE),
        "colors": list(COLORS),
    }


def _short(column: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    """Numbers with as many digits as a screen can show."""
    return [float(f"{value:.{DIGITS}g}") for value in column]
