from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.types import Floats, Genes, Integers
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.kernels.evaluation import evaluate_population
from slit.ledger import Ledger
from slit.objectives import cell_objective, find, ledger_objective
from slit.objectives.builtin import BUILT_IN
from slit.objectives.limits import Limit, excess_over
from slit.problem import Start, compile_problem
from slit.scenario.records import Residency
from tests.cases import Case, cases, make_case
from tests.hand import hand_scenario

HAND = hand_scenario(residency=(Residency(datacenters=("here",)),))
PROBLEM = compile_problem(HAND)


@cell_objective(name="grid_cells", unit="kWh", title="Energy bought, cell by cell")
def grid_cells(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return grid


@ledger_objective(name="of_nodes", unit="1", title="Node-hours")
def of_nodes(ledger: Ledger) -> float:
    return float(ledger.nodes.sum())


def hand_evaluator(**options: Any) -> Evaluator:
    return Evaluator(PROBLEM, HAND, objectives=find(["carbon", "ttft"]), **options)


@pytest.mark.parametrize(
    ("plans", "message"),
    [
        (np.zeros(3, np.int16), r"plans: shape \(3,\), expected \(N, 3\)"),
        (np.zeros((2, 4), np.int16), r"plans: shape \(2, 4\), expected \(N, 3\)"),
        (np.zeros((1, 3)), r"plans: float64, expected integers \(placement indices\)"),
        (np.zeros((1, 3), np.bool_), "plans: bool, expected integers"),
        ([[0, 0, None]], "plans: object, expected integers"),
        ([[0, 0, -1]], r"plans: -1 to 0, expected placements in \[0, 1\]"),
        ([[0, 2, 0]], r"plans: 0 to 2, expected placements in \[0, 1\]"),
        ([[0, 2**16, 0]], r"plans: 0 to 65536, expected placements in \[0, 1\]"),
        (
            [[0, 0, 0], [0, 1, 0]],
            r"plans\[1, 1\]: placement 1, expected one that is allowed for its group \(residency",
        ),
    ],
)
def test_what_is_no_plan_is_refused_and_not_counted(plans: Any, message: str) -> None:
    evaluator = hand_evaluator()
    with pytest.raises(SlitError, match=message):
        evaluator.evaluate(plans)
    assert evaluator.evaluations == 0


def test_ledgers_are_of_plans_too() -> None:
    with pytest.raises(SlitError, match=r"plans\[0, 2\]: placement 1, expected one that is allow"):
        hand_evaluator().ledger(np.array([0, 0, 1]))
    with pytest.raises(SlitError, match=r"plans: shape \(1, 2\), expected \(N, 3\)"):
        hand_evaluator().ledger(np.array([0, 0]))


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.int64, np.uint64, ">i2"])
def test_any_integers_do(dtype: str) -> None:
    found = hand_evaluator().evaluate(np.zeros((2, 3), dtype)).F
    assert found.tolist() == hand_evaluator().evaluate(np.zeros((2, 3), np.int16)).F.tolist()


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_are_at_least_one(threads: int) -> None:
    with pytest.raises(SlitError, match=f"threads: {threads}, expected at least 1"):
        hand_evaluator(threads=threads)


@pytest.mark.parametrize("threads", [1, 2])
def test_evaluations_and_moves_are_counted(threads: int) -> None:
    evaluator = hand_evaluator(threads=threads)
    for count in (2, 0, 5):
        found = evaluator.evaluate(np.zeros((count, 3), np.int16))
        assert found.F.shape == (count, 2)
        assert found.G.shape == (count,)
    evaluator.ledger(np.zeros(3, np.int16))
    assert (evaluator.evaluations, evaluator.moves) == (7, 0)
    evaluator.count_moves(40)
    evaluator.count_moves(2)
    assert (evaluator.evaluations, evaluator.moves) == (7, 42)


def test_results_are_read_only() -> None:
    found = hand_evaluator().evaluate(np.zeros((2, 3), np.int16))
    assert not found.F.flags.writeable
    assert not found.G.flags.writeable


def test_names_and_kind() -> None:
    evaluator = hand_evaluator()
    assert evaluator.names == ("carbon", "ttft")
    assert evaluator.linear


def layouts(plans: Genes) -> list[Integers]:
    """The same plans as callers hold them: slices, copies, read-only, unaligned ..."""
    twice = np.repeat(plans, 2, axis=0)
    frozen = plans.copy()
    frozen.setflags(write=False)
    raw = np.frombuffer(b"x" + plans.tobytes(), np.uint8)[1:].view(np.int16)
    return [
        plans,
        plans[:],
        twice[::2],
        frozen,
        np.asfortranarray(plans),
        plans.astype(np.int64),
        raw.reshape(plans.shape),
    ]


@given(cases(plans=4))
def test_the_layout_of_a_population_does_not_matter(case: Case) -> None:
    evaluator = Evaluator(case.problem, case.scenario, objectives=BUILT_IN)
    expected = evaluator.evaluate(case.plans).F.tobytes()
    for plans in layouts(case.plans):
        assert evaluator.evaluate(plans).F.tobytes() == expected


@pytest.mark.compiled
def test_one_machine_code_serves_every_population() -> None:
    """Read-only and writable arrays, rows of a slice and whole arrays are one type each here."""
    case = make_case(1, plans=1)
    Evaluator(case.problem, case.scenario, objectives=BUILT_IN).evaluate(case.plans)
    before = len(evaluate_population.signatures)  # type: ignore[attr-defined]
    for seed, threads in ((1, 1), (2, 3)):
        case = make_case(seed, plans=7)
        for objectives in (BUILT_IN, find(["carbon"]), find(["carbon", "ttft"])):
            evaluator = Evaluator(
                case.problem, case.scenario, objectives=objectives, threads=threads
            )
            for plans in layouts(case.plans):
                evaluator.evaluate(plans)
                evaluator.evaluate(plans[:1])
    assert len(evaluate_population.signatures) == before  # type: ignore[attr-defined]


@given(cases(plans=3))
def test_parts_of_the_epochs_add_up(case: Case) -> None:
    evaluator = Evaluator(case.problem, case.scenario, objectives=BUILT_IN)
    found = evaluator.evaluate(case.plans)
    assert found.parts.shape == (3, case.problem.epochs, len(evaluator.names))
    assert found.excess.sum(axis=1).tolist() == found.G.tolist()
    sums = evaluator.terms.constant + found.parts.sum(axis=1)
    largest = evaluator.terms.largest | (evaluator.terms.ramp != 0)
    np.testing.assert_allclose(sums[:, ~largest], found.F[:, ~largest], rtol=1e-12, atol=1e-13)
    assert not found.parts[:, :, largest].any()


@given(cases(plans=2, times=False), st.data())
def test_epochs_meet_only_through_loading(case: Case, data: st.DataObject) -> None:
    """Another plan of one epoch changes that epoch's part and, by what loads, the next one's."""
    problem = case.problem
    t = data.draw(st.integers(0, problem.epochs - 1))
    genes = slice(problem.epoch_gene[t], problem.epoch_gene[t + 1])
    plans = case.plans.copy()
    plans[0, genes] = plans[1, genes]
    evaluator = Evaluator(problem, case.scenario, objectives=BUILT_IN)
    before, after = evaluator.evaluate(case.plans[:1]), evaluator.evaluate(plans[:1])
    cyclic = problem.start == Start.CYCLIC
    untouched = set(range(problem.epochs)) - {t, (t + 1) % problem.epochs if cyclic else t + 1}
    for other in untouched:
        assert before.parts[0, other].tobytes() == after.parts[0, other].tobytes()
    elsewhere = [other for other in range(problem.epochs) if other != t]
    assert before.excess[0, elsewhere].tolist() == after.excess[0, elsewhere].tolist()


def test_parts_of_objectives_that_are_no_coefficients() -> None:
    case = make_case(11, plans=300, epochs=24)
    evaluator = Evaluator(
        case.problem, case.scenario, objectives=(grid_cells, of_nodes, *find(["energy"]))
    )
    found = evaluator.evaluate(case.plans)
    np.testing.assert_allclose(found.parts[:, :, 0].sum(axis=1), found.F[:, 0], rtol=1e-12)
    assert not found.parts[:, :, 1].any()
    for n in (0, 123, 299):
        ledger = evaluator.ledger(case.plans[n])
        np.testing.assert_allclose(found.parts[n, :, 0], ledger.grid_kwh.sum(axis=1), rtol=1e-12)
        assert found.F[n, 1] == ledger.nodes.sum()
        alone = evaluator.evaluate(case.plans[n : n + 1])
        assert alone.F[0].tobytes() == found.F[n].tobytes()
        assert alone.parts[0].tobytes() == found.parts[n].tobytes()
    for threads in (2, 5):
        several = Evaluator(
            case.problem, case.scenario, objectives=evaluator.objectives, threads=threads
        ).evaluate(case.plans)
        assert several.F.tobytes() == found.F.tobytes()
        assert several.parts.tobytes() == found.parts.tobytes()
        assert several.excess.tobytes() == found.excess.tobytes()


def test_a_plan_beyond_a_limit_is_infeasible_by_what_it_exceeds() -> None:
    scenario = hand_scenario()
    problem = compile_problem(scenario)
    carbon, water = find(["carbon", "water"])
    plans = np.array([[0, 0, 1], [0, 0, 0]], dtype=np.int16)
    free = Evaluator(problem, scenario, objectives=[carbon]).evaluate(plans)
    water_used = Evaluator(problem, scenario, objectives=[water]).evaluate(plans).F[:, 0]
    most = float(water_used.mean())
    limited = Evaluator(
        problem, scenario, objectives=[carbon], limits=[Limit(water, most)]
    ).evaluate(plans)
    assert limited.F.tobytes() == free.F.tobytes()
    assert limited.limited[:, 0].tolist() == water_used.tolist()
    excess = np.maximum(water_used - most, 0.0) / most
    assert (excess > 0).sum() == 1
    np.testing.assert_allclose(limited.G, free.G + excess / (1 + excess), rtol=1e-15)


def test_a_node_beyond_capacity_counts_more_than_any_excess() -> None:
    carbon = find(["carbon"])[0]
    values = np.array([[1e20], [2.0], [1.0], [-5.0]])
    excess = excess_over([Limit(carbon, 1.0)], values)
    assert (excess < 1).all()
    assert excess.argsort(kind="stable").tolist() == [2, 3, 1, 0]
    with pytest.raises(SlitError, match="limit carbon: nan, expected a finite number"):
        Limit(carbon, float("nan"))
