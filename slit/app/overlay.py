"""Several runs beside one another: hypervolume in a common box."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from operators.dominance import nondominated
from operators.indicators import hypervolume
from slit.app.html_table import table
from slit.app.points import FrontPoints
from slit.app.run_store import RunStore
from slit.display import share

REACH = 1.1
"""The reference point lies this far from the ideal point, in spans of the fronts."""
MOST_POINTS = 3000
"""Plans of a run whose hypervolume is computed; of more, an even sample, and it is said."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """One run: plans on its front, and the share of the common box that they dominate."""

    label: str
    plans: int
    volume: float
    sampled: bool


def overlay_data(points: FrontPoints) -> tuple[Overlay, ...]:
    """The runs in the box from the best values of all fronts to 1.1 spans beyond."""
    fronts = [points.F[points.on_front & (points.run == r)] for r in range(len(points.labels))]
    every = np.concatenate(fronts)
    if not len(every):
        return tuple(Overlay(label, 0, 0.0, False) for label in points.labels)
    union = every if len(fronts) == 1 else every[nondominated(every)]
    low, high = union.min(axis=0), union.max(axis=0)
    flat = high <= low
    span = np.where(flat, 1.0, high - low)
    corner = np.full(np.count_nonzero(~flat), REACH)
    overlays = []
    for label, front in zip(points.labels, fronts, strict=True):
        rows = np.linspace(0, len(front) - 1, min(len(front), MOST_POINTS)).round().astype(int)
        scaled = ((front[rows] - low) / span)[:, ~flat]
        volume = (
            hypervolume(scaled, reference=corner) / REACH ** len(corner) if len(corner) else 1.0
        )
        overlays.append(Overlay(label, len(front), volume, len(front) > MOST_POINTS))
    return tuple(overlays)


def overlay_table(store: RunStore) -> Any:
    """The runs and their searches as a table; of several, how much of a common box each covers."""
    overlays = overlay_data(store.points)
    several = len(overlays) > 1
    rows = []
    for each, run in zip(overlays, store.runs, strict=True):
        manifest = run.manifest
        moves = f", {manifest.moves:,} moves" if manifest.moves else ""
        row = [
            each.label,
            manifest.optimizer,
            f"{each.plans:,}",
            f"{manifest.evaluations:,} evaluations{moves}",
            f"{manifest.seconds:.1f} s",
            str(manifest.stop),
        ]
        at_least = "at least " if each.sampled else ""
        rows.append([*row, f"{at_least}{share(each.volume)}"] if several else row)
    columns = ["Run", "Optimizer", "Plans on the front", "Work", "Time", "Ended by"]
    if not several:
        return table("How the front was found", columns, rows, numeric=frozenset({2, 4}))
    caption = (
        "How the fronts were found, and the part of a box that each covers: from the best values "
        "of all fronts shown to 1.1 times their spans. It ranks these runs only; how much is "
        "possible at most is said below"
    )
    columns.append("Covered box")
    return table(caption, columns, rows, numeric=frozenset({2, 4, 6}))
