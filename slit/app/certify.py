"""Certified shares of the runs: computed when asked for, kept in the user's cache."""

from contextlib import suppress
from typing import Any

from dash import html

from slit.api.bounds import certified_front
from slit.app.html_table import table
from slit.app.run_store import RunStore
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.record import read_certificate
from slit.report.certified import (
    GAP_COLUMNS,
    Certified,
    describe_certified,
    gap_rows,
)


def certified(store: RunStore, run: int) -> Certified:
    """The certified share of a run. Raises SlitError if an objective is unknown here."""
    shown = store.runs[run]
    kept = read_certificate(shown)
    if kept is not None:
        return kept
    objectives = find(shown.manifest.objectives)
    evaluator = Evaluator(store.problem(run), shown.scenario, objectives=objectives)
    return certified_front(shown.front, evaluator, parts=False)


def lacks_certificate(store: RunStore) -> bool:
    """Whether a run folder holds no certificate (one that cannot be read is said, not replaced)."""
    for run in store.runs:
        with suppress(SlitError):
            if read_certificate(run) is None:
                return True
    return False


def certified_view(store: RunStore, *, stored: bool = False) -> list[Any]:
    """For each run what is certified of it, or why nothing is; `stored`: only what is on disk."""
    parts: list[Any] = []
    for run, label in enumerate(store.points.labels):
        try:
            if stored and read_certificate(store.runs[run]) is None:
                continue
            share = certified(store, run)
        except SlitError as error:
            parts.append(html.P(f"{label}: {error}", className="note"))
            continue
        parts.append(html.P(f"{label}: {describe_certified(share)}"))
        parts.append(gaps_table(share, label))
    return parts


def gaps_table(certified: Certified, label: str) -> Any:
    """How far the best plan may be from the best possible, objective by objective."""
    return table(
        f"Gaps of {label}", GAP_COLUMNS, gap_rows(certified), numeric=frozenset({1, 2, 3, 4})
    )
