"""Figures per request: by hand, and named where no published figure is near."""

from dataclasses import replace

import numpy as np
import pytest

from slit.ledger import write_ledger
from slit.problem import compile_problem
from slit.report.per_request import beyond_published, per_request
from slit.report.plan import plan_data
from slit.scenario.sanity import PerRequest
from tests.stored import small_scenario


def test_a_request_takes_its_share_of_all() -> None:
    scenario = small_scenario()
    problem = compile_problem(scenario)
    plan = problem.options[problem.gene_row, 0]
    data = plan_data(write_ledger(plan, problem, scenario))
    data = replace(
        data,
        flows=np.full((1, 1, 1), 2000.0),
        energy=np.full((1, 1), 3.0),  # kWh
        carbon=np.full((1, 1), 0.5),  # kg
        water_on_site=np.full((1, 1), 4.0),  # L
        water_off_site=np.full((1, 1), 6.0),
    )
    found = per_request(data, scenario)
    assert found.watt_hours == pytest.approx(1.5)
    assert found.grams == pytest.approx(0.25)
    assert found.milliliters == pytest.approx(5.0)
    tokens = (scenario.demand.requests * scenario.demand.output).sum()
    assert found.joules_per_token == pytest.approx(3 * 3.6e6 / tokens)


def test_figures_far_outside_the_published_ones_are_named() -> None:
    fine = PerRequest(watt_hours=0.1, grams=0.01, milliliters=1.0, joules_per_token=0.5)
    assert beyond_published(fine) == []
    wrong = fine._replace(watt_hours=0.02, joules_per_token=61.0)
    assert beyond_published(wrong) == [
        "0.02 Wh, expected 0.024 to 2.4",
        "61 J per output token, expected 0.006421 to 60.42",
    ]
