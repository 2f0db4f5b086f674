"""Sweeps: plain numbers, and figures that draw just those."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slit.errors import SlitError
from slit.papers.green_llm.figures import draw_sweep
from slit.papers.green_llm.generator import Sizes, generate_instance
from slit.papers.green_llm.instance import Instance, change, load_instance
from slit.papers.green_llm.solve import Tolerance, solve_lexicographic
from slit.papers.green_llm.sweeps import Swept, sweep_data


@pytest.fixture(scope="module")
def instance() -> Instance:
    drawn = generate_instance(rng=np.random.default_rng(3), sizes=Sizes(2, 3, 2, 3, 1))
    # The cleaner the dearer.
    price = 0.5 - 0.4 * drawn.carbon_intensity
    return replace(drawn, renewable=drawn.renewable / 10, price=price)


@pytest.mark.parametrize(
    ("swept", "argument"),
    [
        ("renewables", "renewable_scale"),
        ("carbon", "carbon_scale"),
        ("demand", "demand_scale"),
        ("water_cap", "water_cap"),
    ],
)
def test_sweep_is_the_single_solves(instance: Instance, swept: str, argument: str) -> None:
    values = [instance.water_cap, 1e6] if swept == "water_cap" else [0.5, 1.0]
    data = sweep_data(instance, swept, values, order=("carbon", "energy"))
    single = [
        solve_lexicographic(change(instance, **{argument: value}), ["carbon", "energy"]).outcome
        for value in values
    ]
    for name in ("energy_cost", "carbon_cost", "delay_penalty", "carbon_kg", "water_l",
                 "latency_mean_s", "latency_max_s"):  # fmt: skip
        assert getattr(data, name).tolist() == [getattr(outcome, name) for outcome in single]
    assert data.order == ("carbon", "energy")
    assert data.values.tolist() == values


def test_tolerance_sweep(instance: Instance) -> None:
    absolute = Tolerance(absolute=True)
    data = sweep_data(instance, "tolerance", [0.0, 0.5], order=("energy", "carbon"),
                      tolerance=absolute)  # fmt: skip
    assert data.unit == "USD"
    assert data.energy_cost[1] <= data.energy_cost[0] + 0.5 + 1e-6
    assert data.carbon_cost[1] < data.carbon_cost[0]


def test_values_without_a_solution_leave_a_gap(instance: Instance) -> None:
    data = sweep_data(instance, "water_cap", [0.0, 1e6])
    assert data.feasible.tolist() == [False, True]
    assert np.isnan(data.energy_cost[0])
    assert np.isfinite(data.energy_cost[1])
    assert len(data.problems) == 1
    assert data.problems[0].startswith("0: water cap: found 0 L")
    figure = draw_sweep(data)
    assert "no solution at 0" in figure.layout.title.text


def test_cost_carbon_curve_of_the_letter(shared_data: Path) -> None:
    letter = load_instance(shared_data / "green_llm" / "instance.json")
    data = sweep_data(letter, Swept.TOLERANCE, [0.0, 0.001, 0.03], order=("energy", "carbon"))
    rise = data.energy_cost[1:] / data.energy_cost[0] - 1
    saving = 1 - data.carbon_cost[1:] / data.carbon_cost[0]
    assert rise == pytest.approx([0.001, 0.03], abs=1e-6)
    assert saving == pytest.approx([0.08, 0.57], abs=0.005)


def test_figures_draw_the_numbers(instance: Instance) -> None:
    data = sweep_data(instance, "demand", [0.5, 1.0, 1.1])
    figure = draw_sweep(data)
    assert len(figure.data) == 6
    assert figure.data[0].y.tolist() == data.energy_cost.tolist()
    assert figure.data[3].x.tolist() == [0.5, 1.0, 1.1]


def test_wrong_sweeps(instance: Instance) -> None:
    with pytest.raises(SlitError, match="sweep: found prices, expected one of renewables, carbon"):
        sweep_data(instance, "prices", [1.0])
    with pytest.raises(SlitError, match="found no values"):
        sweep_data(instance, Swept.CARBON, [])
    with pytest.raises(SlitError, match="renewable scale: found -1"):
        sweep_data(instance, Swept.RENEWABLES, [1.0, -1.0])
