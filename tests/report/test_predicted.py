"""Which share of a plan rests on predictions."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import slit
from slit.commands.app import app
from slit.ledger import Ledger, write_ledger
from slit.report.plan import describe_plan, plan_data
from slit.report.predicted import predicted_share
from slit.report.recommendation import describe_recommendation
from slit.scenario.records import Predicted
from tests.cases import Case, make_case

GUESS = Predicted(
    basis="predicted", step_low_s=0.01, step_high_s=0.02, decode_low_w=500.0, decode_high_w=900.0
)


def _ledger(case: Case, variants: set[str]) -> Ledger:
    """Of the first plan, where services of these variants are predicted."""
    services = tuple(
        each.model_copy(update={"predicted": GUESS if each.variant in variants else None})
        for each in case.scenario.services
    )
    scenario = replace(case.scenario, services=services)
    return write_ledger(case.plans[0], case.problem, scenario)


def test_shares_add_up_over_variants() -> None:
    case = make_case(3, plans=1)
    names = {each.name for each in case.scenario.variants}
    whole = predicted_share(_ledger(case, names))
    parts = [predicted_share(_ledger(case, {name})) for name in names]
    assert whole == pytest.approx((1.0, 1.0))
    assert np.sum([part for part in parts if part is not None], axis=0) == pytest.approx(1.0)
    assert predicted_share(_ledger(case, set())) is None


def test_a_plan_says_what_rests_on_predictions() -> None:
    case = make_case(3, plans=1)
    ledger = _ledger(case, {each.name for each in case.scenario.variants})
    assert "100 % of carbon and 100 % of cost rest on predicted" in describe_plan(plan_data(ledger))
    assert "predicted" not in describe_plan(plan_data(_ledger(case, set())))


def test_a_run_says_for_each_pick_what_rests_on_predictions(tmp_path: Path) -> None:
    """In manifest, recommendation and plan: the same shares."""
    case = make_case(3, plans=1)
    services = tuple(
        each.model_copy(update={"predicted": GUESS if n % 2 else None})
        for n, each in enumerate(case.scenario.services)
    )
    scenario = replace(case.scenario, services=services)
    folder = tmp_path / "run"
    slit.optimize(scenario, optimizer="random", baselines=False, seed=1, output=folder)
    run = slit.read_run(folder)
    shares = run.manifest.predicted
    picks = run.front.picks(prefix="random")
    assert set(shares) == {pick.name for pick in picks}
    for pick in picks:
        ledger = write_ledger(run.front.X[pick.row], run.problem, run.scenario)
        found = predicted_share(ledger)
        assert found is not None
        assert shares[pick.name] == pytest.approx(found._asdict())
    recommended = slit.recommend(run)
    assert recommended is not None
    assert any(
        "rest on predicted services." in each for each in describe_recommendation(recommended)
    )
    said = CliRunner().invoke(app, ["show", str(folder), "--plan", "random-balance", "--json"])
    content = json.loads(said.stdout)
    assert content["plan"]["predicted"] == pytest.approx(shares["random-balance"])
    assert content["recommended"]["predicted"] is not None


def test_runs_without_predictions_hold_none(tmp_path: Path) -> None:
    case = make_case(3, plans=1)
    slit.optimize(
        case.scenario, optimizer="random", baselines=False, seed=1, output=tmp_path / "run"
    )
    assert slit.read_run(tmp_path / "run").manifest.predicted == {}
