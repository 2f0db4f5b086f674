"""Health cost of the air pollution that electricity from the grid causes.

The figures are ILLUSTRATIVE: made up by us, in the range that damage studies report, to show how a
table of your own becomes an objective. Decide nothing by them. Sources of real ones: EPA, "Public
Health Benefits per kWh of Energy Efficiency and Renewable Energy in the United States"; EEA, "Costs
of air pollution from European industrial facilities".
"""

import csv
from functools import cache
from pathlib import Path

import numpy as np

from slit.objectives import Coefficients, linear_objective
from slit.problem import Problem
from slit.scenario.scenario import Scenario

TABLE = Path(__file__).with_name("health_cost.csv")
USD_PER_KG = 0.05
"""For a zone that the table does not hold: USD per kg CO2e of its grid. Illustrative as well."""


@linear_objective(name="air_health", unit="USD", title="Health cost of air pollution")
def air_health(problem: Problem, scenario: Scenario) -> Coefficients:
    """Grid energy times the health cost of a kWh in its zone."""
    known = health_cost()
    rate = USD_PER_KG * problem.carbon  # (T, D) USD/kWh
    for d, center in enumerate(scenario.datacenters):
        if center.zone in known:
            rate[:, d] = known[center.zone]
    return Coefficients(grid=np.maximum(rate, 0.0))


@cache
def health_cost() -> dict[str, float]:
    """USD per kWh by grid zone, from health_cost.csv beside this file."""
    with TABLE.open(encoding="utf-8", newline="") as stream:
        return {row["zone"]: float(row["usd_per_kwh"]) for row in csv.DictReader(stream)}
