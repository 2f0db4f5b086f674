"""The numbers of the front's figures, and that drawing shows them."""

import numpy as np
import pytest
from plotly.graph_objects import Figure

from slit.front import Front
from slit.record import Run
from slit.report.front import draw_parallel, draw_scatter_matrix, front_data, sampled_rows
from slit.report.marks import Role, axes_of, marks_of
from slit.report.picks import picks_data
from tests.stored import HOSTILE, SEARCH


def made_front(F: np.ndarray, methods: tuple[str, ...], G: np.ndarray | None = None) -> Front:
    count = len(F)
    return Front(
        X=np.zeros((count, 3), np.int16),
        F=F,
        G=np.zeros(count) if G is None else G,
        names=("carbon", "mine"),
        units=("kg CO2e", "apples"),
        methods=methods,
    )


def by_hand() -> Front:
    F = np.array([[1.0, 9.0], [3.0, 3.0], [9.0, 1.0], [10.0, 10.0], [5.0, 0.0]])
    violation = np.array([0.0, 0.0, 0.0, 0.0, 2.0])
    return made_front(F, (SEARCH,) * 3 + ("nearest", "greedy_carbon"), violation)


def test_every_row_is_drawn_with_its_values(run: Run) -> None:
    data = front_data(run.front, search=SEARCH)
    assert not data.sampled
    assert (data.values == run.front.F).all()
    assert data.methods == run.front.methods
    assert (data.on_front == run.front.on_front).all()


def test_marks_by_hand() -> None:
    marks = marks_of(by_hand(), search=SEARCH)
    assert [(mark.name, mark.plan, mark.role) for mark in marks] == [
        (f"{SEARCH}-carbon", 0, Role.EXTREME),
        (f"{SEARCH}-mine", 2, Role.EXTREME),
        (f"{SEARCH}-balance", 1, Role.BALANCE),
        ("nearest", 3, Role.BASELINE),
        ("greedy_carbon", 4, Role.BASELINE),
    ]


def test_plans_of_every_kind_of_scheduler_are_marked() -> None:
    methods = (SEARCH, "lexicographic", "nearest", "helix", "of_a_package_not_installed")
    marks = marks_of(made_front(np.eye(5)[:, :2], methods), search=SEARCH)
    assert [(mark.name, mark.role) for mark in marks if mark.name == mark.method] == [
        ("lexicographic", Role.REFERENCE),
        ("nearest", Role.BASELINE),
        ("helix", Role.RIVAL),
        ("of_a_package_not_installed", Role.BASELINE),
    ]


def test_a_plan_with_two_names_is_marked_once() -> None:
    front = made_front(np.array([[1.0, 1.0], [2.0, 2.0]]), ("nearest", SEARCH))
    marks = front_data(front, search=SEARCH).marks
    names = " = ".join([f"{SEARCH}-{name}" for name in ("carbon", "mine", "balance")])
    assert {mark.row: mark.name for mark in marks} == {0: f"{names} = nearest"}


def test_axes_have_titles_and_an_unknown_objective_its_name() -> None:
    assert [axis.full for axis in axes_of(by_hand())] == [
        "Carbon emitted (kg CO2e)",
        "mine (apples)",
    ]


def test_picks_by_hand() -> None:
    picks = picks_data(by_hand(), search=SEARCH)
    assert picks.reference == "nearest"
    assert picks.references == ("nearest", "greedy_carbon")
    assert picks.changes[picks.row(f"{SEARCH}-balance")] == pytest.approx((-70.0, -70.0))
    assert picks.changes[picks.row("nearest")] == (0.0, 0.0)
    assert picks.violation[picks.row("greedy_carbon")] == 2.0
    assert not picks.undominated[picks.row("nearest")]


def test_a_change_has_no_value_where_the_reference_is_not_positive() -> None:
    front = made_front(np.array([[1.0, 1.0], [-2.0, 0.0]]), (SEARCH, "nearest"))
    picks = picks_data(front, search=SEARCH)
    assert picks.changes[picks.row(f"{SEARCH}-carbon")] == (None, None)


def test_changes_against_another_pick_or_none() -> None:
    picks = picks_data(by_hand(), search=SEARCH, reference=f"{SEARCH}-balance")
    assert picks.changes[picks.row(f"{SEARCH}-carbon")] == pytest.approx((-100 * 2 / 3, 200.0))
    unknown = picks_data(by_hand(), search=SEARCH, reference="nobody")
    assert unknown.reference is None
    assert set(sum(unknown.changes, ())) == {None}


@pytest.mark.parametrize("rows", [2500, 5000])
def test_a_large_front_is_sampled_evenly_and_keeps_its_marks(rows: int) -> None:
    rng = np.random.default_rng(0)
    first = rng.permutation(rows).astype(float)
    front = made_front(np.column_stack([first, -first]), (SEARCH,) * (rows - 1) + ("nearest",))
    data = front_data(front, search=SEARCH)
    assert data.sampled
    assert 2000 <= len(data.plans) <= 2010
    assert data.total == rows
    assert {mark.plan for mark in data.marks} <= set(data.plans.tolist())
    steps = np.diff(np.sort(data.values[:, 0]))
    assert steps.max() <= np.ceil(rows / 2000) + 1
    for mark in data.marks:
        assert data.plans[mark.row] == mark.plan


def test_what_is_kept_is_kept_once() -> None:
    front = made_front(np.arange(20.0).reshape(10, 2), (SEARCH,) * 10)
    rows = sampled_rows(front, keep=[3, 0], most=4)
    assert len(np.unique(rows)) == len(rows)
    assert {0, 3} <= set(rows.tolist())


def test_the_scatter_matrix_has_a_panel_a_pair(run: Run) -> None:
    data = front_data(run.front, search=SEARCH)
    drawn = Figure(draw_scatter_matrix(data))
    panels = {(trace.xaxis, trace.yaxis) for trace in drawn.data}
    assert len(panels) == 6
    plain = [trace for trace in drawn.data if trace.name == "plans"]
    marked = [trace for trace in drawn.data if trace.name != "plans"]
    assert sum(len(trace.x) for trace in plain + marked) == 6 * len(run.front)
    first = plain[0]
    others = np.setdiff1d(np.arange(len(run.front)), [mark.row for mark in data.marks])
    assert (np.asarray(first.x) == run.front.F[others, 0]).all()
    assert (np.asarray(first.y) == run.front.F[others, 1]).all()


def test_parallel_lines_hold_every_plan_scaled(run: Run) -> None:
    data = front_data(run.front, search=SEARCH)
    drawn = Figure(draw_parallel(data))
    count = sum(np.isfinite(np.asarray(trace.y, dtype=float)).sum() for trace in drawn.data)
    assert count == run.front.F.size
    low, high = run.front.F.min(axis=0), run.front.F.max(axis=0)
    for mark in data.marks:
        trace = next(t for t in drawn.data if t.name == mark.name)
        expected = (run.front.F[mark.row] - low) / (high - low)
        assert np.asarray(trace.y) == pytest.approx(expected)


def test_parallel_axes_can_be_logarithmic() -> None:
    front = made_front(np.array([[1.0, 1.0], [10.0, 2.0], [100.0, 0.0]]), (SEARCH,) * 3)
    drawn = Figure(draw_parallel(front_data(front, search=SEARCH), logs=(True, False)))
    heights = {float(trace.y[0]) for trace in drawn.data if trace.showlegend is not False}
    assert heights <= {0.0, 0.5, 1.0}
    ticks = [a.text for a in drawn.layout.annotations if a.x == 0]
    assert ticks == ["1", "3.162", "10", "31.62", "100"]
    assert "(kg CO2e, log)" in drawn.layout.xaxis.ticktext[0].replace("<br>", " ")


@pytest.mark.parametrize("objectives", [1, 2])
def test_few_objectives_and_equal_values_can_be_drawn(objectives: int) -> None:
    front = Front(
        X=np.zeros((2, 3), np.int16),
        F=np.ones((2, objectives)),
        G=np.zeros(2),
        names=("carbon", "water")[:objectives],
        units=("kg CO2e", "L")[:objectives],
        methods=(SEARCH, "nearest"),
    )
    data = front_data(front, search=SEARCH)
    assert np.isfinite(np.asarray(Figure(draw_parallel(data)).data[0].y, dtype=float)).all()
    assert Figure(draw_scatter_matrix(data)).data


def test_marks_differ_in_symbol_or_color(run: Run) -> None:
    drawn = Figure(draw_parallel(front_data(run.front, search=SEARCH)))
    looks = [(t.marker.symbol, t.marker.color) for t in drawn.data if t.mode == "lines+markers"]
    assert len(looks) > 3
    assert len(set(looks)) == len(looks)


def test_hostile_names_stay_text_in_figures() -> None:
    front = made_front(np.array([[1.0, 2.0], [2.0, 1.0]]), (HOSTILE, SEARCH))
    for drawn in (draw_parallel, draw_scatter_matrix):
        said = str(drawn(front_data(front, search=SEARCH)))
        assert "<img" not in said
        assert "&lt;img" in said
