"""The four kinds of objective: what they measure, and what they say of a function that fails."""

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given

from operators.compiling import compiles
from operators.types import Floats, Genes
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.ledger import Ledger
from slit.objectives import (
    Coefficients,
    Objective,
    cell_objective,
    find,
    ledger_objective,
    linear_objective,
    placement_objective,
)
from slit.problem import Problem, compile_problem
from slit.scenario.scenario import Scenario
from tests.cases import Case, cases, make_case
from tests.hand import hand_scenario

HAND = hand_scenario()
PROBLEM = compile_problem(HAND)
PLANS = np.array([[0, 0, 1], [1, 1, 1]], dtype=np.int16)
HERE = __file__


def values(*objectives: Objective, plans: Genes = PLANS) -> Floats:
    return Evaluator(PROBLEM, HAND, objectives=objectives).evaluate(plans).F


def intensities(problem: Problem, scenario: Scenario) -> Floats:
    return np.stack([problem.carbon, problem.price, problem.wue], axis=-1)


def cell(function: Callable[..., Any], data: Callable[..., Any] | None = intensities) -> Objective:
    return cell_objective(name="own", unit="1", title="Own", data=data)(function)


def loose(**fields: Any) -> Coefficients:
    """Coefficients as somebody writes them who does not check types."""
    return Coefficients(**fields)


def linear(build: Callable[..., Any]) -> Objective:
    return linear_objective(name="own", unit="1", title="Own")(build)


def ledger_wise(function: Callable[..., Any]) -> Objective:
    return ledger_objective(name="own", unit="1", title="Own")(function)


@cell_objective(name="of_cells", unit="1", title="Of cells", data=intensities)
def of_cells(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return data[0] * grid + data[2] * it + 0.5 * facility + 3.0 * nodes  # type: ignore[no-any-return]


@ledger_objective(name="of_ledger", unit="1", title="Of the ledger")
def of_ledger(ledger: Ledger) -> float:
    return float(
        (ledger.problem.carbon * ledger.grid_kwh).sum()
        + ledger.water_on_site_l.sum()
        + 0.5 * ledger.facility_kwh.sum()
        + 3 * ledger.nodes.sum()
    )


@linear_objective(name="of_coefficients", unit="1", title="Of coefficients")
def of_coefficients(problem: Problem, scenario: Scenario) -> Coefficients:
    return Coefficients(
        grid=problem.carbon,
        it=problem.wue,
        facility=np.full(problem.pue.shape, 0.5),
        nodes=np.full((problem.epochs, problem.placements), 3.0),
    )


@given(cases(plans=3))
def test_a_ledger_objective_equals_the_linear_one(case: Case) -> None:
    kinds = (of_coefficients, of_ledger)
    evaluator = Evaluator(case.problem, case.scenario, objectives=kinds)
    found = evaluator.evaluate(case.plans).F
    np.testing.assert_allclose(found[:, 1], found[:, 0], rtol=1e-12)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_cell_objective_equals_the_linear_one_beyond_one_slice(threads: int) -> None:
    case = make_case(7, plans=600)
    objectives = (*find(["carbon"]), of_cells, of_coefficients, of_ledger)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives, threads=threads)
    found = evaluator.evaluate(case.plans).F
    np.testing.assert_allclose(found[:, 1], found[:, 2], rtol=1e-12)
    np.testing.assert_allclose(found[:, 3], found[:, 2], rtol=1e-12)
    alone = evaluator.evaluate(case.plans[300:301]).F[0]
    assert alone.tobytes() == found[300].tobytes()
    assert not evaluator.linear


def test_by_hand_of_a_datacenter_hour() -> None:
    # IT 1.4, 1.4 | 0.2, 1.4 kWh; active nodes 1, 1 | 0, 1 (see tests/kernels).
    def squares(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
        return it**2 + 100 * nodes

    expected = 3 * 1.4**2 + 0.2**2 + 300
    assert values(cell(squares, None))[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("coefficients", "expected"),
    [
        (Coefficients(constant=7), 7),
        (Coefficients(it=np.ones((2, 2))), 4.4),
        (loose(grid=[[1, 10], [100, 1000]]), 2 + 210 + 1000),
        (Coefficients(nodes=np.array([[1, 10], [100, 1000]])), 1 + 100 + 1000),
        (Coefficients(requests=np.array([[1, 10], [100, 1000]])), 1800 * (1 + 100 + 1000)),
        (Coefficients(requests=np.array([[-1e-9, 0], [1e9, 0]])), 1800 * (1e9 - 1e-9)),
    ],
)
def test_by_hand_of_coefficients(coefficients: Coefficients, expected: float) -> None:
    found = values(linear(lambda _, __: coefficients))[0, 0]
    assert found == pytest.approx(expected, rel=1e-14)


def test_coefficients_of_waits_equal_the_built_in_objectives() -> None:
    total = PROBLEM.total_requests

    def build(problem: Problem, scenario: Scenario) -> Coefficients:
        return Coefficients(requests=problem.base_ttft, wait=1, late=10, quality=-2, constant=5)

    found = values(linear(build), *find(["ttft", "slo_violation", "quality"]))
    ttft, late, quality = found[:, 1:].T
    expected = total * (ttft + 10 * late - 2 * (1 - quality)) + 5
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-13)


def test_coefficients_where_only_forbidden_placements_count() -> None:
    case = make_case(3, plans=3)
    table = np.where(case.problem.allowed, 0.0, 1e300)
    assert table.any()
    evaluator = Evaluator(
        case.problem, case.scenario, objectives=[linear(lambda _, __: Coefficients(requests=table))]
    )
    assert evaluator.evaluate(case.plans).F.tolist() == [[0.0]] * 3


def test_coefficients_are_read_only_copies() -> None:
    mine = np.ones((2, 2))
    coefficients = Coefficients(it=mine)
    mine[:] = 5
    assert coefficients.it is not None
    assert coefficients.it.tolist() == [[1, 1], [1, 1]]
    assert not coefficients.it.flags.writeable


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda p, s: None, "objective own: returns NoneType, expected Coefficients"),
        (
            lambda p, s: loose(it=np.ones((2, 3))),
            r"objective own: it has shape \(2, 3\), expected \(2, 2\)",
        ),
        (lambda p, s: loose(grid=np.float64(1)), r"grid has shape \(\), expected"),
        (lambda p, s: loose(nodes=np.ones(2)), r"nodes has shape \(2,\), expected \(2, 2\)"),
        (lambda p, s: loose(requests=np.ones((3, 2))), r"requests has shape \(3, 2\)"),
        (lambda p, s: loose(facility=np.full((2, 2), np.nan)), "facility is not finite"),
        (lambda p, s: loose(wait=math.inf), "own: a weight is not finite, expected numbers"),
        (lambda p, s: loose(late="many"), "late: could not convert .*, expected numbers"),
        (lambda p, s: loose(it=[[1], [1, 2]]), "it: .*, expected numbers"),
        (
            lambda p, s: loose(quality=[1.0]),
            r"quality has shape \(1,\), expected one number or",
        ),
        (lambda p, s: vars(s)["key"], rf"objective own: TypeError: .* \({HERE}:\d+\), expected"),
    ],
)
def test_wrong_coefficients_are_said(build: Callable[..., Any], message: str) -> None:
    with pytest.raises(SlitError, match=message):
        values(linear(build))


def test_the_largest_datacenter_counts_energy_and_nodes_only() -> None:
    def build(problem: Problem, scenario: Scenario) -> Coefficients:
        return Coefficients(it=problem.pue, constant=1.0)

    largest = linear_objective(name="own", unit="1", title="Own", largest=True)
    with pytest.raises(
        SlitError, match="terms per request or change, or a constant, expected only energy"
    ):
        values(largest(build))

    def nodes(problem: Problem, scenario: Scenario) -> Coefficients:
        return Coefficients(nodes=np.array([[1.0, 10.0], [1.0, 10.0]]))

    assert values(largest(nodes)).tolist() == [[10.0], [30.0]]


def test_the_linear_part() -> None:
    def bound(problem: Problem, scenario: Scenario) -> Coefficients:
        return Coefficients(constant=-1.0)

    def broken(problem: Problem, scenario: Scenario) -> Coefficients:
        raise ZeroDivisionError("by nothing")

    decorators: tuple[Callable[..., Any], ...] = (cell_objective, ledger_objective)
    for decorator in decorators:
        own = {"name": "own", "unit": "1", "title": "Own"}
        with_bound = decorator(**own, lower_bound=bound)(of_ledger)
        assert with_bound.linear_part(PROBLEM, HAND).constant == -1.0
        assert decorator(**own)(of_ledger).linear_part(PROBLEM, HAND) is None
        failing = decorator(**own, lower_bound=broken)(of_ledger)
        with pytest.raises(SlitError, match="objective own: ZeroDivisionError: by nothing"):
            failing.linear_part(PROBLEM, HAND)
    carbon, equity = find(["carbon", "carbon_equity"])
    assert carbon.linear_part(PROBLEM, HAND) is not None
    assert equity.linear_part(PROBLEM, HAND) is None


def test_a_ledger_objective_that_fails_says_where() -> None:
    def failing(ledger: Ledger) -> float:
        return float(ledger.carbon_kg[7, 7])

    with pytest.raises(SlitError, match=rf"objective own: IndexError: .* \({HERE}:\d+\), expected"):
        values(ledger_wise(failing))
    evaluator = Evaluator(PROBLEM, HAND, objectives=[ledger_wise(failing)], threads=2)
    with pytest.raises(SlitError, match="objective own: IndexError"):
        evaluator.evaluate(PLANS)


@pytest.mark.parametrize("result", [math.nan, math.inf, None, "much", [1.0, 2.0]])
def test_a_ledger_objective_gives_a_finite_number(result: object) -> None:
    with pytest.raises(SlitError, match=r"objective own: .*, expected a finite number"):
        values(ledger_wise(lambda _: result))


def no_match(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    text = "grid"
    return find(text)  # type: ignore[return-value]


def too_few(it: float, facility: float) -> float:
    return it


def unknown(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return it * undefined  # type: ignore[name-defined,no-any-return]  # noqa: F821


def with_file(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    with open("x") as file:  # noqa: PTH123
        return float(file.read())


def nothing(it: float, facility: float, grid: float, nodes: float, data: Floats) -> None:
    return None


def writes(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    data[0] = 1.0
    return it


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("function", "line", "message"),
    [
        (no_match, 2, "cannot be compiled"),
        (too_few, 0, "5 argument.*function of .it_kwh, facility_kwh, grid_kwh, active_nodes, data"),
        (unknown, 0, "name 'undefined' is not defined"),
        (with_file, 0, "with"),
        (nothing, 0, "returns none .*, expected a number"),
        (writes, 1, "setitem"),
    ],
)
def test_a_function_that_does_not_compile_says_what_and_where(
    function: Callable[..., Any], line: int, message: str
) -> None:
    with pytest.raises(SlitError, match=message) as error:
        values(cell(function))
    said = str(error.value)
    assert said.startswith("objective own: ")
    assert f"{HERE}:{function.__code__.co_firstlineno + line}" in said
    assert "\x1b" not in said
    assert "\n" not in said


@pytest.mark.compiled
def test_a_function_compiled_by_its_author_is_taken() -> None:
    @numba.njit
    def theirs(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
        return grid

    assert values(cell(theirs, None))[0, 0] == pytest.approx(5.1)


def beyond(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return data[3]  # type: ignore[no-any-return]


def raising(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    if nodes > 0:
        raise ValueError("no nodes, please")
    return it


def endless(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return math.inf * it


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (beyond, "objective own: IndexError: .*out of bounds"),
        (raising, "objective own: ValueError: no nodes, please"),
        (endless, "objective own: inf, expected a finite number"),
    ],
)
def test_a_function_that_fails_on_numbers_is_said(
    function: Callable[..., Any], message: str
) -> None:
    objective = cell(function)
    evaluator = Evaluator(PROBLEM, HAND, objectives=[objective])
    with pytest.raises(SlitError, match=message):
        evaluator.evaluate(PLANS)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lambda p, s: np.ones((2, 2)), r"data has shape \(2, 2\), expected \(2, 2\) and one more"),
        (lambda p, s: np.ones((2, 3, 1)), r"data has shape \(2, 3, 1\), expected \(2, 2\) and one"),
        (lambda p, s: np.full((2, 2, 1), np.inf), "objective own: data is not finite"),
        (lambda p, s: "series", r"objective own: data: .*, expected an array \(T, D, n\)"),
        (lambda p, s: s.missing, rf"objective own: AttributeError: .*missing.* \({HERE}:\d+\)"),
    ],
)
def test_wrong_data_are_said(data: Callable[..., Any], message: str) -> None:
    with pytest.raises(SlitError, match=message):
        values(cell(too_few, data))


def placement_wise(
    function: Callable[..., Any], data: Callable[..., Any] | None = None
) -> Objective:
    return placement_objective(name="own", unit="1", title="Own", data=data)(function)


def place_prices(problem: Problem, scenario: Scenario) -> Floats:
    return np.stack([problem.price[:, problem.placement_datacenter]], axis=-1)


def mixed(
    requests: float, nodes: float, loading: float, use: float, chance: float, wait: float, data: Any
) -> float:
    price = data[0]
    return float(price * math.sqrt(nodes) + 3.0 * loading + use**2 + requests * chance * wait)


@given(case=cases())
def test_placement_wise_objectives_by_a_plain_loop(case: Case) -> None:
    objective = placement_wise(mixed, place_prices)
    evaluator = Evaluator(case.problem, case.scenario, objectives=[objective])
    found = evaluator.evaluate(case.plans).F[:, 0]
    for value, plan in zip(found, case.plans, strict=True):
        ledger, expected = evaluator.ledger(plan), 0.0
        for t in range(case.problem.epochs):
            for p in range(case.problem.placements):
                if ledger.requests[t, p] > 0:
                    site = case.problem.placement_datacenter[p]
                    expected += case.problem.price[t, site] * math.sqrt(ledger.nodes[t, p])
                    expected += 3.0 * ledger.loading_nodes[t, p] + ledger.utilization[t, p] ** 2
                    queue = ledger.wait_chance[t, p] * ledger.mean_wait[t, p]
                    expected += ledger.requests[t, p] * queue
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_placement_wise_functions_that_fail_are_named() -> None:
    def unknown(a: float, b: float, c: float, d: float, e: float, f: float, g: Any) -> float:
        return a + nobody  # type: ignore[name-defined,no-any-return] # noqa: F821

    def two(problem: Problem, scenario: Scenario) -> Floats:
        return np.ones((2, 2))

    if compiles():
        with pytest.raises(SlitError, match=r"objective own: cannot be compiled .*mean_wait_s"):
            values(placement_wise(unknown))
    with pytest.raises(SlitError, match=r"objective own: data has shape \(2, 2\).*placements"):
        values(placement_wise(mixed, two))
