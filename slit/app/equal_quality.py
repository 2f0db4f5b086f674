"""What the page opens with: what the front offers at equal quality."""

from collections.abc import Sequence
from typing import Any

from dash import html

from slit.app.html_table import table
from slit.app.plan_tables import pressable
from slit.app.run_store import RunStore
from slit.display import NOTHING
from slit.report.equal_quality import (
    EQUAL_QUALITY,
    MORE,
    EqualQuality,
    equal_quality_columns,
    equal_quality_of,
    equal_quality_rows,
    first_rows,
)
from slit.report.picks import picks_data

PLAN = 3
"""The column of the plan."""


def equal_quality_section(store: RunStore) -> Any:
    """The comparison at equal quality of each run, its plans to be selected; None where no run has
    one."""
    parts: list[Any] = []
    for r, run in enumerate(store.runs):
        picks = picks_data(run.front, search=run.manifest.optimizer)
        found = equal_quality_of(run, picks, every=False)
        if found is not None:
            parts += _tables(found, store, r)
    if not parts:
        return None
    return html.Details(
        [
            html.Summary(html.H2("At equal quality")),
            html.P(EQUAL_QUALITY, className="hint"),
            *parts,
        ],
        open=True,
        id="equal-quality",
        className="equal-quality",
    )


def _tables(found: EqualQuality, store: RunStore, run: int) -> list[Any]:
    of_run = f" (run {store.points.labels[run]})" if len(store.runs) > 1 else ""
    caption = f"The balanced plan of those that lose no more quality, against each{of_run}"
    return [
        _wide(caption, found, first_rows(found), store, run),
        html.Details(
            [
                html.Summary(f"{MORE}{of_run}"),
                _wide(caption, found, equal_quality_rows(found), store, run),
            ]
        ),
    ]


def _wide(
    caption: str,
    found: EqualQuality,
    rows: Sequence[Sequence[str]],
    store: RunStore,
    run: int,
) -> Any:
    columns = equal_quality_columns(found.axes)
    shown = [[*row[:PLAN], _plan(row[PLAN], store, run), *row[PLAN + 1 :]] for row in rows]
    numeric = frozenset(range(2, len(columns)))
    return html.Div(table(caption, columns, shown, numeric=numeric), className="wide")


def _plan(number: str, store: RunStore, run: int) -> Any:
    """A button that selects the plan."""
    if number == NOTHING:
        return NOTHING
    key = f"{run}:{number}"
    title = store.points.title(store.points.index[key])
    return pressable(number, what="plan", key=key, label=f"Select {title}")
