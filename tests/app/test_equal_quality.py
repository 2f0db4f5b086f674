"""What the page says at equal quality, and where a change comes from."""

import json

import pytest
from plotly.utils import PlotlyJSONEncoder

import slit
from slit.app.equal_quality import equal_quality_section
from slit.app.plan_callbacks import saving_view
from slit.app.run_store import RunStore
from slit.report.saving import saving_rows


def said(component: object) -> str:
    """All that the browser is given of a component."""
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_the_page_has_the_comparison_at_equal_quality(store: RunStore, both: RunStore) -> None:
    found = slit.equal_quality(store.runs[0], every=False)
    assert found is not None
    shown = said(equal_quality_section(store))
    for each in found.rows:
        if each.plan is not None:
            assert f'"data-key": "0:{each.plan}"' in shown
    assert "nearest, same variants" in shown
    assert "round_robin, same variants" not in shown
    assert "second" in said(equal_quality_section(both))


def test_where_a_change_comes_from_adds_up(store: RunStore) -> None:
    points = store.points
    a, b = (points.keys[mark.row] for mark in points.marks[:2])
    found = store.saving(a, b)
    assert found.total == pytest.approx(points.F[points.index[b]] - points.F[points.index[a]])
    shown = said(saving_view(store, b, a))
    cells = [cell for row in saving_rows(found, points.names) for cell in row]
    assert all(cell in shown for cell in (*cells, "Variant", "Place", "Time", "Total"))
