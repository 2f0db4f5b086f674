"""What the commands print, as functions for a notebook."""

from pathlib import Path

import pytest

import slit
from slit.errors import SlitError
from slit.front import Front
from slit.record import Run
from tests.stored import small_scenario, stored_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return stored_run(tmp_path_factory.mktemp("notebook") / "run", evaluations=480)


def test_named_plans_with_their_changes(run: Run) -> None:
    picks = slit.show(run)
    assert picks.reference == "nearest"
    assert slit.show(run.folder).values.tolist() == picks.values.tolist()
    name = f"{run.manifest.optimizer}-balance"
    assert set(slit.show(run, against=name).changes[picks.row(name)]) <= {0.0, None}
    with pytest.raises(SlitError, match="against: 'nobody', expected one of"):
        slit.show(run, against="nobody")


def test_a_plan_of_a_run_by_its_name(run: Run) -> None:
    row = run.front.row_of("nearest", prefix=run.manifest.optimizer)
    plan = slit.plan(run, "nearest")
    assert (run.front.X[row] == plan.X).all()
    assert plan.totals()["carbon"] == pytest.approx(run.front.F[row, 0])


def test_what_an_allowance_buys_and_what_is_worth_most(run: Run) -> None:
    traded = slit.tradeoff(run, allow={"cost": "10%"})
    names = traded.start.relaxation.names
    cost = traded.start.values[names.index("cost")]
    assert traded.allow == {"cost": pytest.approx(0.1 * abs(cost))}
    assert [each.name for each in traded.purchases] == [n for n in names if n != "cost"]
    assert traded.curves().shares[-1] == 2
    rates = slit.tradeoff(run, top=1)
    assert rates.rates is not None
    assert len(rates.capacity) <= len(names)
    assert not rates.purchases
    with pytest.raises(SlitError, match="allow: 'cost=much', expected a number or a share"):
        slit.tradeoff(run, allow={"cost": "much"})


def test_reference_plans_are_told_of_when_they_are_made() -> None:
    made: dict[str, Front] = {}
    result = slit.optimize(
        small_scenario(), optimizer="nsga2", evaluations=60, prepared=made.__setitem__
    )
    assert set(result.front.methods) == {"nsga2", *made}
    assert list(made)[-1] == "lexicographic"
    for name, front in made.items():
        row = result.front.methods.index(name)
        assert (front.F[0] == result.front.F[row]).all()


def test_reports_and_checks(run: Run, tmp_path: Path) -> None:
    assert slit.write_report(run, tmp_path / "report.html").stat().st_size > 10_000
    assert slit.reevaluate(run).equal
