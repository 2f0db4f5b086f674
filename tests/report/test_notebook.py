"""What a notebook shows: by its numbers, and with hostile names."""

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

import slit
from slit.errors import SlitError
from slit.front import Front
from slit.record import Run
from slit.report.notebook import main_method
from slit.scenario.load import load_scenario
from tests.stored import HOSTILE


@pytest.mark.parametrize("kind", ["parallel", "scatter"])
def test_a_front_is_drawn_with_the_picks_of_its_search(run: Run, kind: str) -> None:
    assert main_method(run.front) == run.manifest.optimizer
    drawn = slit.draw(run.front, kind=kind)
    assert isinstance(drawn, go.Figure)
    names = {trace.name for trace in drawn.data}
    assert any(str(name).startswith(run.manifest.optimizer) for name in names)
    assert (
        drawn.to_json() == slit.draw(run.front, kind=kind, search=main_method(run.front)).to_json()
    )


def test_a_result_says_what_it_is_in_a_line() -> None:
    result = slit.optimize("tiny", optimizer="nearest", baselines=False)
    assert repr(result).startswith("<Result: <Front of carbon, water, cost, quality: 1 plans, ")
    assert repr(result).endswith("stopped by finished>")


def test_what_cannot_be_drawn(run: Run) -> None:
    with pytest.raises(SlitError, match="kind: 'pie', expected one of parallel, scatter"):
        slit.draw(run.front, kind="pie")
    with pytest.raises(SlitError, match="front: no plan, expected at least one"):
        slit.draw(run.front.rows(np.empty(0, np.int64)))
    with pytest.raises(SlitError, match="front: no plan"):
        slit.brush(run.front.rows(np.empty(0, np.int64)))


def test_a_plan_shows_its_totals_and_places(run: Run) -> None:
    row = run.front.compromise()
    plan = slit.plan(run.scenario, run.front.X[row])
    totals = plan.totals()
    for m, name in enumerate(run.front.names):
        assert totals[name] == pytest.approx(run.front.F[row, m], rel=1e-12)
    assert plan.data.cost.sum() == pytest.approx(totals["cost"], rel=1e-12)
    assert repr(plan).startswith(f"<Plan of {run.scenario.name}: ")
    shown = plan._repr_html_()
    assert "Energy cost" in shown
    for center in run.scenario.datacenters:
        assert f'<th scope="row">{center.name}</th>' in shown
    figures = plan.figures()
    assert list(figures)[:2] == ["load", "variants"]
    assert all(isinstance(drawn, go.Figure) for drawn in figures.values())


def test_names_in_a_plan_are_escaped() -> None:
    scenario = load_scenario("tiny")
    sites = tuple(s.model_copy(update={"name": HOSTILE + s.name}) for s in scenario.datacenters)
    pools = tuple(
        p.model_copy(update={"datacenter": HOSTILE + p.datacenter}) for p in scenario.pools
    )
    hostile = replace(scenario, datacenters=sites, pools=pools)
    shown = slit.plan(hostile, np.zeros(9, np.int16))._repr_html_()
    assert "&lt;img src=x" in shown
    assert "<img" not in shown


def test_a_plan_of_another_problem_is_refused(run: Run) -> None:
    with pytest.raises(SlitError, match="plans: shape"):
        slit.plan(run.scenario, np.zeros(3, np.int16))
    with pytest.raises(SlitError, match="plan: 2 plans, expected one"):
        slit.plan(run.scenario, run.front.X[:2])


def test_what_is_brushed_comes_back_as_a_front(run: Run) -> None:
    brush = slit.brush(run.front)
    assert len(brush.selected) == len(run.front)
    carbon, cost = run.front.F[:, 0], run.front.F[:, 2]
    middle = float(np.median(carbon))
    assert brush.limit(carbon=(0.0, middle)) is brush
    assert brush.mask.tolist() == (carbon <= middle).tolist()
    assert repr(brush) == f"<Brush: {(carbon <= middle).sum()} of {len(carbon)} plans selected>"
    brush.limit(cost=(float(np.median(cost)), np.inf))
    both = (carbon <= middle) & (cost >= np.median(cost))
    assert brush.mask.tolist() == both.tolist()
    selected = brush.selected
    assert isinstance(selected, Front)
    assert selected.plans.tolist() == run.front.plans[both].tolist()
    with pytest.raises(SlitError, match="objective: 'coal', expected one of carbon, water"):
        brush.limit(coal=(0, 1))


def test_the_browser_brushes_several_ranges_of_an_axis(run: Run) -> None:
    brush = slit.brush(run.front)
    values = np.sort(run.front.F[:, 0])
    low, high = values[:2].tolist(), values[-2:].tolist()
    # What the page sends when two ranges of the first axis are brushed.
    brush.widget._handler_js2py_restyle(
        {
            "new": {
                "style_data": {"dimensions[0].constraintrange": [[low, high]]},
                "style_traces": [0],
                "source_view_id": "1",
            }
        }
    )
    expected = np.isin(run.front.F[:, 0], [*low, *high])
    assert brush.mask.tolist() == expected.tolist()


def test_a_brush_shows_itself_as_a_widget(run: Run) -> None:
    shown = slit.brush(run.front)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown


def test_without_the_package_the_brush_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(*_: object) -> None:
        raise ImportError("anywidget")

    monkeypatch.setattr(go, "FigureWidget", absent)
    with pytest.raises(SlitError, match=r"expected it \(pip install 'slit-llm\[notebooks\]'\)"):
        slit.brush(run.front)
