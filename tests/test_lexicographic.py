"""Staged programs against one program over all epochs, caps, and the plans they lead to."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slit.errors import InfeasibleError, SlitError
from slit.evaluator import Evaluator
from slit.lexicographic import lexicographic, solve_stages
from slit.objectives import Objective, find, ledger_objective
from slit.objectives.builtin import BUILT_IN
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import minimize_capped
from tests.cases import Case, cases, make_case
from tests.relaxation.plain_relaxation import plain_minimum
from tests.relaxation.plans import feasible_objectives

INFINITE = np.inf


@settings(max_examples=40)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_every_stage_agrees_with_one_program_over_all_epochs(case: Case, seed: int) -> None:
    """Any objectives in any order, the largest datacenter's among them."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 5))
    objectives = tuple(BUILT_IN[i] for i in rng.permutation(len(BUILT_IN))[:count])
    tolerances = rng.choice([0.001, 0.05, 0.5], size=count)
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    steps = list(range(count))
    stages, _ = solve_stages(relaxation, steps, np.full(count, INFINITE), tolerances)
    caps: dict[int, float] = {}
    for m, stage in enumerate(stages):
        plain = plain_minimum(case.problem, case.scenario, objectives, np.eye(count)[m], caps)
        assert plain is not None
        assert stage.value == pytest.approx(plain, rel=1e-6, abs=1e-7)
        assert stage.bound <= stage.value
        assert stage.bound == pytest.approx(stage.value, rel=1e-6, abs=1e-7)
        caps[m] = stage.limit


@settings(max_examples=40)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_no_plan_within_the_caps_is_below_the_bound(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    evaluator = Evaluator(case.problem, case.scenario, objectives=BUILT_IN)
    values = feasible_objectives(case, evaluator, rng=rng)
    if not len(values):
        return
    relaxation = Relaxation(case.problem, case.scenario, BUILT_IN)
    weights = rng.exponential(size=len(BUILT_IN)) / np.maximum(np.abs(values).mean(axis=0), 1e-6)
    weights[rng.random(len(weights)) < 0.5] = 0.0
    weights[int(rng.integers(len(weights)))] = 1.0
    plan = values[int(rng.integers(len(values)))]
    caps = np.where(rng.random(len(weights)) < 0.5, plan, INFINITE)
    within = values[(values <= caps).all(axis=1)]
    bound = minimize_capped(relaxation, weights, caps).bound
    assert (within @ weights >= bound - 1e-12 * np.abs(within * weights).sum(axis=1)).all()


def two_sites() -> Case:
    """One group of one epoch that two datacenters may share."""
    return make_case(
        6, epochs=1, origins=1, classes=1, datacenters=2, pools_per_datacenter=1, variants=1,
        node_types=1, extras=False, residency=False, renewables=False, negative_prices=False,
        empty_groups=False, spare_nodes=40, genes=100,
    )  # fmt: skip


def test_tolerance_by_hand() -> None:
    """Between two sites the relaxed objectives lie on a line: the cap says how far along it."""
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon"]))
    cheap, clean = (relaxation.minimize(unit).objectives for unit in np.eye(2))
    assert cheap[1] > clean[1] * 1.01
    for tolerance in (0.0, 0.02, 10.0):
        stages, _ = solve_stages(
            relaxation, [0, 1], np.full(2, INFINITE), np.array([tolerance, 0.0])
        )
        way = min(1.0, tolerance * cheap[0] / (clean[0] - cheap[0]))
        assert stages[0].value == pytest.approx(cheap[0])
        assert stages[1].value == pytest.approx(cheap[1] + way * (clean[1] - cheap[1]), rel=1e-6)


def test_absolute_tolerance_by_hand() -> None:
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon"]))
    cheap, clean = (relaxation.minimize(unit).objectives for unit in np.eye(2))
    room = 0.3 * (clean[0] - cheap[0])
    stages, _ = solve_stages(
        relaxation, [0, 1], np.full(2, INFINITE), np.array([room, 0.0]), absolute=True
    )
    assert stages[1].value == pytest.approx(cheap[1] + 0.3 * (clean[1] - cheap[1]))


def test_the_plan_comes_near_the_relaxed_optimum() -> None:
    case = make_case(
        8, origins=3, genes=200, nodes_per_group=8.0, spare_nodes=20, residency=False, extras=False
    )
    objectives = find(["carbon", "water", "cost", "quality"])
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    rng = np.random.default_rng(0)
    found = lexicographic(relaxation, evaluator, ["carbon", "cost"], tolerance=0.05, rng=rng)
    assert [stage.name for stage in found.stages] == ["carbon", "cost"]
    assert found.violation == 0
    again = evaluator.evaluate(found.plan[None, :]).F[0]
    assert list(found.values.values()) == again.tolist()
    carbon = found.stages[0]
    assert carbon.bound <= found.values["carbon"] <= 1.15 * carbon.value
    assert found.relaxed["carbon"] <= carbon.limit * (1 + 1e-7)
    same = lexicographic(
        Relaxation(case.problem, case.scenario, objectives), evaluator, ["carbon", "cost"],
        tolerance=0.05, rng=np.random.default_rng(0),
    )  # fmt: skip
    np.testing.assert_array_equal(same.plan, found.plan)


def test_caps_bind_and_are_met_by_the_plan() -> None:
    case = make_case(
        8, origins=3, genes=200, nodes_per_group=8.0, spare_nodes=20, residency=False, extras=False
    )
    objectives = find(["carbon", "water"])
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    free = relaxation.lexicographic([0, 1]).objectives[1]
    least = relaxation.minimize([0.0, 1.0]).value
    cap = 0.5 * (free + least)
    found = lexicographic(
        relaxation, evaluator, ["carbon"], caps={"water": cap}, rng=np.random.default_rng(0)
    )
    assert found.relaxed["water"] == pytest.approx(cap, rel=1e-6)
    assert found.values["water"] <= cap
    assert found.broken == ()


def test_cap_below_the_minimum_says_the_minimum() -> None:
    case = make_case(3)
    relaxation = Relaxation(case.problem, case.scenario, find(["carbon", "water", "cost"]))
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(["carbon", "water"]))
    least = relaxation.minimize([0.0, 1.0, 0.0]).value
    message = (
        rf"phase 1 \(carbon\): cap water <= {0.9 * least:.6g} L, expected at least {least:.6g} "
    )
    with pytest.raises(InfeasibleError, match=message):
        lexicographic(
            relaxation, evaluator, ["carbon"], caps={"water": 0.9 * least, "cost": 1e9},
            rng=np.random.default_rng(0),
        )  # fmt: skip


def test_caps_in_conflict_are_named_without_the_innocent_one() -> None:
    case = two_sites()
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon", "energy"]))
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(["cost", "carbon"]))
    cheap, clean = (relaxation.minimize(unit).objectives for unit in np.eye(3)[:2])
    caps = {
        "cost": cheap[0] + 0.1 * (clean[0] - cheap[0]),
        "energy": 1e9,
        "carbon": clean[1] + 0.1 * (cheap[1] - clean[1]),
    }
    least = cheap[1] + 0.1 * (clean[1] - cheap[1])
    minimum = rf"\(attainable minimum under cost <= {caps['cost']:.6g} USD"
    message = rf"cap carbon .* at least (\S+) kg CO2e {minimum}"
    with pytest.raises(InfeasibleError, match=message) as raised:
        lexicographic(relaxation, evaluator, ["energy"], caps=caps, rng=np.random.default_rng(0))
    said = re.search(message, str(raised.value))
    assert said is not None
    # Rounded up: the number said is one that works.
    assert least * (1 - 1e-9) <= float(said[1]) <= least * (1 + 1e-5)


def test_wrong_input_is_one_message() -> None:
    @ledger_objective(name="peak", unit="kWh", title="Peak")
    def peak(ledger: object) -> float:
        return 0.0

    case = make_case(2)
    objectives: tuple[Objective, ...] = (*find(["carbon", "water"]), peak)
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)

    def refused(message: str, order: list[str], **options: object) -> None:
        with pytest.raises(SlitError, match=message):
            lexicographic(
                relaxation, evaluator, order, rng=np.random.default_rng(0),
                **options,  # type: ignore[arg-type]
            )  # fmt: skip

    refused("order: 'cost', expected one of carbon, water", ["cost"])
    refused("order: 'peak' has no linear part, expected one of carbon, water", ["peak"])
    refused("order: 'water' twice", ["water", "water"])
    refused("order: none", [])
    refused("tolerance: -0.1, expected 0 or more", ["water"], tolerance=-0.1)
    refused("tolerance: 2 numbers, expected 1 or 1", ["water"], tolerance=[0.1, 0.1])
    refused("cap water: nan, expected a finite number", ["carbon"], caps={"water": np.nan})
    refused("cap: 'cost_', expected one of carbon, water", ["carbon"], caps={"cost_": 1.0})


def test_unlimited_objectives_need_no_rounds() -> None:
    """Without caps the coupled optimum is the relaxation's."""
    case = make_case(12)
    relaxation = Relaxation(case.problem, case.scenario, find(["carbon", "cost"]))
    free = relaxation.minimize([1.0, 2.0])
    found = minimize_capped(relaxation, np.array([1.0, 2.0]), np.full(2, INFINITE))
    assert found.value == pytest.approx(free.value, rel=1e-12)
    assert found.bound == free.bound
    assert not found.multipliers.any()
