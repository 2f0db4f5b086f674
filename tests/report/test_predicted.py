"""Which share of a plan rests on predictions."""

from dataclasses import replace

import numpy as np
import pytest

from slit.ledger import Ledger, write_ledger
from slit.report.plan import describe_plan, plan_data
from slit.report.predicted import predicted_share
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
