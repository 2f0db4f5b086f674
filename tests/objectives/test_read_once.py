"""What an objective states is read once a search, whoever needs it."""

from pathlib import Path

import numpy as np
import pytest

import slit
from operators.types import Floats
from slit.objectives import Coefficients, Objective, cell_objective, linear_objective
from slit.problem import Problem
from slit.scenario.scenario import Scenario

CALLS: list[str] = []


@linear_objective(name="read_linear", unit="kWh", title="Linear")
def weighed(problem: Problem, scenario: Scenario) -> Coefficients:
    CALLS.append("linear")
    return Coefficients(grid=np.ones(problem.pue.shape))


def data(problem: Problem, scenario: Scenario) -> Floats:
    CALLS.append("data")
    return np.ones((*problem.pue.shape, 1))


def below(problem: Problem, scenario: Scenario) -> Coefficients:
    CALLS.append("lower bound")
    return Coefficients(grid=np.ones(problem.pue.shape))


@cell_objective(name="read_cell", unit="kWh", title="Cell-wise", data=data, lower_bound=below)
def cellwise(
    it_kwh: float, facility_kwh: float, grid_kwh: float, active_nodes: float, data: Floats
) -> float:
    return float(grid_kwh * data[0])


@pytest.mark.parametrize("optimizer", ["slit", "nsga2"])
def test_each_function_of_an_objective_is_called_once(
    optimizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIT_CACHE_DIR", str(tmp_path / "cache"))
    CALLS.clear()
    objectives: list[str | Objective] = ["carbon", weighed, cellwise]
    budget = {"moves": 3000} if optimizer == "slit" else {"evaluations": 200}
    found = slit.optimize(
        "tiny",
        objectives=objectives,
        optimizer=optimizer,
        bound=True,
        output=tmp_path / "run",
        **budget,  # type: ignore[arg-type]
    )
    assert found.certified is not None
    assert found.certified.parts is not None
    assert (tmp_path / "run" / "report.html").exists()
    assert sorted(CALLS) == ["data", "linear", "lower bound"]
