"""What the front offers without losing more quality than the reference plans."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import slit
from slit.commands.app import app
from slit.front import Front, change_percent, distance_to_best
from slit.record import Run
from slit.report import report_html
from slit.report.equal_quality import (
    EqualQuality,
    EqualQualityRow,
    balanced_within,
    equal_quality_columns,
    equal_quality_data,
    equal_quality_rows,
    first_rows,
    lost_answers,
)
from slit.report.notebook import plan as plan_of
from slit.report.picks import picks_data

# Carbon, cost and lost quality. Against nearest (lost: 0.2) plans 0 and 1 lose no more, with 1 %
# more plan 2 joins them, with 5 % more plan 3; against splitwise (lost: 0.05) none.
VALUES = np.array(
    [
        [90.0, 50.0, 0.1],
        [60.0, 60.0, 0.2],
        [50.0, 55.0, 0.201],
        [40.0, 54.0, 0.209],
        [10.0, 10.0, 0.9],
        [100.0, 0.0, 0.2],
        [200.0, 100.0, 0.05],
    ]
)
METHODS = ("own",) * 5 + ("nearest", "splitwise")


def front_of(values: np.ndarray, methods: tuple[str, ...] = METHODS, **more: object) -> Front:
    names = ("carbon", "cost", "quality")
    fields = {
        "X": np.zeros((len(values), 1)), "F": values, "G": np.zeros(len(values)), "names": names,
        "units": ("kg CO2e", "USD", "share"), "methods": methods,
    }  # fmt: skip
    return Front(**(fields | more))  # type: ignore[arg-type]


def of(front: Front, lost: np.ndarray | None = None) -> EqualQuality:
    lost = np.zeros((len(front), 1)) if lost is None else lost
    found = equal_quality_data(front, picks_data(front, search="own"), lost=lost)
    assert found is not None
    return found


def together(found: EqualQuality) -> list[EqualQualityRow]:
    return [each for each in found.rows if not each.by_class]


def test_the_balanced_of_the_plans_that_lose_no_more_by_hand() -> None:
    found = of(front_of(VALUES))
    rows = together(found)
    assert [(each.reference, each.allowance, each.plans, each.row) for each in rows] == [
        # Scaled: carbon 1, 0; cost 0, 1: both at 1, the first counts.
        ("nearest", 0.0, 2, 0),
        # Carbon 1, 0.25, 0; cost 0, 1, 0.5: plan 2 at 0.5.
        ("nearest", 0.01, 3, 2),
        # Carbon 1, 0.4, 0.2, 0; cost 0, 1, 0.5, 0.4: plan 3 at 0.4.
        ("nearest", 0.05, 4, 3),
        ("splitwise", 0.0, 0, None),
        ("splitwise", 0.01, 0, None),
        ("splitwise", 0.05, 0, None),
    ]
    carbon, cost, lost = found.rows[0].change
    assert [carbon, lost] == pytest.approx([-10.0, -50.0])
    assert cost is None  # nearest has none
    assert equal_quality_columns(found.axes) == [
        "Against", "May lose", "Plans", "Plan", "carbon", "cost", "quality lost",
    ]  # fmt: skip
    printed = equal_quality_rows(found)
    assert printed[0] == ["nearest", "no more", "2", "0", "−10.0 %", "–", "−50.0 %"]
    assert printed[1][:2] == ["nearest", "no more by class"]
    assert printed[2][1] == "+1 %"
    assert printed[6] == ["splitwise", "no more", "0", "–", "–", "–", "–"]


def test_an_allowance_that_lets_another_plan_in_changes_the_answer() -> None:
    values = np.array([[90.0, 60.0, 0.1], [50.0, 55.0, 0.202], [100.0, 100.0, 0.2]])
    found = of(front_of(values, ("own", "own", "nearest")))
    rows = together(found)
    assert [(each.plans, each.row) for each in rows] == [(1, 0), (2, 1), (2, 1)]
    assert rows[1].change == pytest.approx((-50.0, -45.0, 1.0))


def test_by_class_a_plan_may_be_worse_in_none() -> None:
    values = np.array([[90.0, 60.0, 0.1], [50.0, 55.0, 0.2], [100.0, 100.0, 0.2]])
    front = front_of(values, ("own", "own", "nearest"))
    # Plan 1 is better in the first class and 4 % worse in the second.
    lost = np.array([[0.1, 0.1], [0.1, 0.26], [0.2, 0.25]])
    rows = of(front, lost).rows
    assert [(each.by_class, each.allowance, each.plans) for each in rows] == [
        (False, 0.0, 2), (True, 0.0, 1), (False, 0.01, 2), (True, 0.01, 1), (False, 0.05, 2),
        (True, 0.05, 2),
    ]  # fmt: skip
    assert (rows[1].row, rows[5].row) == (0, rows[4].row)
    # Classes alone are not enough: a plan that answers later loses more quality.
    values[1, 2] = 0.3
    assert all(each.row == 0 for each in of(front_of(values, front.methods), 0 * lost).rows)


def test_lost_answers_are_those_of_each_class(run: Run) -> None:
    problem, front = run.problem, run.front
    totals = plan_of(run, 0).totals()
    requests = np.bincount(problem.group_class, problem.group_requests)
    lost = lost_answers(problem, front.X)
    assert lost.shape == (len(front), len(requests))
    assert lost[0] @ requests / requests.sum() == pytest.approx(totals["answer_loss"])


def test_what_stands_first_is_the_reference_then_the_rivals() -> None:
    found = of(front_of(VALUES, (*METHODS[:4], "random", "nearest", "splitwise")))
    assert (found.first, found.others) == (("nearest", "splitwise"), ("random",))
    assert [row[:4] for row in first_rows(found)] == [
        ["nearest", "no more", "2", "0"],
        ["nearest", "no more by class", "2", "0"],
        ["splitwise", "no more", "0", "–"],
        ["splitwise", "no more by class", "0", "–"],
    ]
    # Where nothing loses no more, the least more that something does.
    values = np.array([[50.0, 55.0, 0.202], [100.0, 100.0, 0.2]])
    found = of(front_of(values, ("own", "nearest")))
    assert [row[:3] for row in first_rows(found)] == [
        ["nearest", "no more", "0"],
        ["nearest", "+1 %", "1"],
        ["nearest", "+1 % by class", "1"],
    ]


def test_the_same_variants_leave_place_and_time(run: Run) -> None:
    every, first = slit.equal_quality(run), slit.equal_quality(run, every=False)
    assert every is not None
    assert first is not None
    known = {each.reference for each in every.rows if each.same_variants is not None}
    assert {"nearest", "splitwise", "helix", "casper", "random"} <= known
    assert "lexicographic" not in known
    assert {each.reference for each in first.rows if each.same_variants} <= set(first.first)
    for each in every.rows:
        same = each.same_variants
        if same is not None and same.violation == 0:
            assert list(same.change) == change_percent(each.values, same.values)
            assert not each.by_class
    printed = equal_quality_rows(every)
    assert len(printed) == len(every.rows) + len(known)
    # Without its objectives nothing can be evaluated, but compared.
    names = tuple("strange" if name == "carbon" else name for name in run.front.names)
    unknown = slit.equal_quality(replace(run, front=replace(run.front, names=names, titles=())))
    assert unknown is not None
    assert all(each.same_variants is None for each in unknown.rows)


def test_plans_that_are_infeasible_dominated_or_references_do_not_count() -> None:
    values = VALUES.copy()
    values[5] = 100.0, 100.0, 0.2
    # Plan 0 is infeasible; plan 1 is dominated by 3, which loses as much as it now.
    values[3, 2] = 0.2
    violation = np.array([1.0, 0, 0, 0, 0, 2.0, 0])
    found = of(front_of(values, G=violation))
    assert [(each.plans, each.row) for each in found.rows[:6]] == [(1, 3)] * 6
    assert equal_quality_rows(found)[0][0] == "nearest (2 nodes beyond capacity)"
    # A steady version of a pick has the name of the pick as its method: the search made it.
    steady = of(front_of(values, (*METHODS[:3], "own-balance", *METHODS[4:]), G=violation))
    assert steady.rows[0].row == 3


def test_nothing_without_quality_or_a_reference_plan() -> None:
    front = front_of(VALUES)
    alone = front.rows(np.arange(5))
    assert equal_quality_data(alone, picks_data(alone, search="own"), lost=np.zeros((5, 1))) is None
    other = front_of(VALUES, names=("carbon", "cost", "ttft"), units=("kg CO2e", "USD", "s"))
    lost = np.zeros((len(other), 1))
    assert equal_quality_data(other, picks_data(other, search="own"), lost=lost) is None


@given(st.integers(0, 2**32 - 1))
def test_the_balanced_plan_is_that_of_all_objectives_but_quality(seed: int) -> None:
    rng = np.random.default_rng(seed)
    front = front_of(rng.integers(0, 9, (7, 3)).astype(float))
    for each in of(front).rows:
        base = front.F[front.methods.index(each.reference)]
        inside = [
            n
            for n in range(5)
            if front.undominated[n] and front.F[n, 2] <= base[2] * (1 + each.allowance)
        ]
        assert each.plans == len(inside)
        assert (each.row is None) == (not inside)
        if each.row is not None:
            others = front.F[inside, :2]
            distance = distance_to_best(others, others)
            assert each.row == inside[int(np.argmin(distance))]
            assert list(each.change) == change_percent(each.values, base)


def test_exactly_as_much_is_no_more() -> None:
    F = np.array([[1.0, 0.3], [2.0, 0.1]])
    every = np.ones(2, bool)
    assert balanced_within(F, every, objective=1, most=0.3)[1] == 2
    assert balanced_within(F, every, objective=1, most=np.nextafter(0.3, 0))[1] == 1
    assert balanced_within(F, every, objective=1, most=0.0) == (None, 0)


def test_show_report_and_python_say_the_same(run: Run) -> None:
    found = slit.equal_quality(run)
    assert found is not None
    assert {each.reference for each in found.rows} == set(slit.show(run).references)
    printed = CliRunner().invoke(app, ["show", str(run.folder)]).stdout
    at = printed.index("At equal quality.")
    assert printed.index("Recommended: plan") < at < printed.index("pick ")
    assert "same variants" in printed[at:]
    assert "round_robin" not in printed[at : printed.index("--all")]
    everything = CliRunner().invoke(app, ["show", str(run.folder), "--all"]).stdout
    assert "round_robin, same variants" in everything
    said = json.loads(CliRunner().invoke(app, ["show", str(run.folder), "--json"]).stdout)
    for row, each in zip(found.rows, said["equal_quality"], strict=True):
        assert (each["against"], each["by_class"], each["plans"], each["plan"]) == (
            row.reference, row.by_class, row.plans, row.plan,
        )  # fmt: skip
        assert (each["change_percent"] is None) == (row.row is None)
    page = report_html(run)
    assert page.index('id="recommended"') < page.index('id="equal-quality"')
    assert page.index('id="equal-quality"') < page.index('id="picks"')
    assert 'href="#equal-quality"' in page


def test_where_it_means_nothing_it_is_not_printed(run: Run) -> None:
    names = tuple("strange" if name == "quality" else name for name in run.front.names)
    other = replace(run, front=replace(run.front, names=names, titles=()))
    assert slit.equal_quality(other) is None
    empty = replace(run, front=run.front.rows(np.empty(0, np.intp)))
    assert slit.equal_quality(empty) is None
    assert "equal-quality" not in report_html(empty)
