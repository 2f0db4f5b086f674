"""The layer over HiGHS: by-hand programs, statuses, warm starts, safe bounds, conflicts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, sparse

from operators.types import Floats
from slit.lp.iis import conflicting_groups
from slit.lp.rows import Rows
from slit.lp.solver import LinearModel, Solver, SolverOptions, Status

INFINITY = np.inf


def furniture(*, integer: bool = False) -> LinearModel:
    """Maximize 3 a + 2 b over a + b <= 4, a + 3 b <= 6, a <= 3: optimum 11 at (3, 1)."""
    return LinearModel(
        cost=np.array([-3.0, -2.0]),
        lower=np.zeros(2),
        upper=np.array([3.0, INFINITY]),
        matrix=sparse.csr_array(np.array([[1.0, 1.0], [1.0, 3.0]])),
        row_lower=np.full(2, -INFINITY),
        row_upper=np.array([4.0, 6.0]),
        integer=np.ones(2, dtype=bool) if integer else None,
    )


def small(rng: np.random.Generator, *, rows: int = 6, columns: int = 9) -> LinearModel:
    """A random program with a feasible point and finite bounds."""
    matrix = np.round(rng.normal(size=(rows, columns)), 2) * (rng.random((rows, columns)) < 0.6)
    inside = rng.random(columns)
    activity = matrix @ inside
    return LinearModel(
        cost=np.round(rng.normal(size=columns), 2),
        lower=np.zeros(columns),
        upper=np.ones(columns),
        matrix=sparse.csr_array(matrix),
        row_lower=np.where(rng.random(rows) < 0.5, -INFINITY, activity - rng.random(rows)),
        row_upper=activity + rng.random(rows),
    )


def independent(model: LinearModel, cost: Floats) -> float:
    matrix = model.matrix.toarray()
    low = np.isfinite(model.row_lower)
    result = optimize.linprog(
        cost,
        A_ub=np.vstack([matrix, -matrix[low]]),
        b_ub=np.concatenate([model.row_upper, -model.row_lower[low]]),
        bounds=list(zip(model.lower, model.upper, strict=True)),
        method="highs-ipm",
    )
    assert result.success
    assert result.fun is not None
    return float(result.fun)


def test_an_optimum_that_misses_its_bounds_is_solved_again_and_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def never(highs: Any) -> bool:
        asked.append(highs)
        return False

    monkeypatch.setattr("slit.lp.solver._fits", never)
    solution = Solver(furniture()).solve()
    assert solution.status is Status.OPTIMAL
    assert solution.x == pytest.approx([3, 1])
    assert asked


def test_optimum_and_duals_by_hand() -> None:
    solution = Solver(furniture()).solve()
    assert solution.status is Status.OPTIMAL
    assert solution.value == pytest.approx(-11)
    assert solution.x == pytest.approx([3, 1])
    assert solution.activity == pytest.approx([4, 6])
    # Degenerate: a + b <= 4 and a + 3 b <= 6 both hold with equality; weak duality must balance.
    balance = solution.row_duals @ [4, 6] + solution.reduced_costs[0] * 3
    assert balance == pytest.approx(-11)


def test_column_wise_matrix_gives_the_same() -> None:
    model = furniture()
    by_column = LinearModel(
        cost=model.cost,
        lower=model.lower,
        upper=model.upper,
        matrix=sparse.csc_array(model.matrix),
        row_lower=model.row_lower,
        row_upper=model.row_upper,
    )
    solver = Solver(by_column)
    assert solver.solve().value == pytest.approx(-11)
    solver.set_column_bounds(np.array([1]), np.zeros(1), np.array([2.0]))
    assert solver.lower_bound() == pytest.approx(-11)


def test_infeasible_and_unbounded_are_statuses() -> None:
    solver = Solver(furniture())
    solver.set_row_bounds(np.array([0]), np.array([20.0]), np.array([30.0]))
    infeasible = solver.solve()
    assert infeasible.status is Status.INFEASIBLE
    assert np.isnan(infeasible.value)
    assert infeasible.x.shape == (0,)
    solver.set_row_bounds(np.arange(2), np.full(2, -INFINITY), np.full(2, INFINITY))
    assert solver.solve().status is Status.UNBOUNDED


def test_crossed_bounds_are_infeasible() -> None:
    solver = Solver(furniture())
    solver.set_column_bounds(np.array([1]), np.array([2.0]), np.array([1.0]))
    assert solver.solve().status is Status.INFEASIBLE


def test_whole_columns() -> None:
    model = LinearModel(
        cost=np.array([-5.0, -4.0]),
        lower=np.zeros(2),
        upper=np.full(2, 10.0),
        matrix=sparse.csr_array(np.array([[6.0, 4.0], [1.0, 2.0]])),
        row_lower=np.full(2, -INFINITY),
        row_upper=np.array([24.0, 6.0]),
        integer=np.array([True, True]),
    )
    solver = Solver(model, options=SolverOptions(mip_gap=0.0))
    solution = solver.solve(start=np.array([0.0, 3.0]))
    assert solution.value == pytest.approx(-20)  # (4, 0); relaxed: -21 at (3, 1.5)
    assert solution.mip_bound == pytest.approx(-20)
    assert solution.row_duals.shape == (0,)
    assert solver.lower_bound() == -INFINITY


def test_without_presolve_an_optimum_that_presolve_misses_is_found() -> None:
    """HiGHS 1.16 with presolve calls 0.3614 optimal: a sum of whole numbers, a choice of one of
    three, and a continuous column that pays for the choice."""
    matrix = np.array([
        [1.0, 2, 1, 2, 0, 0, 0, 0, 0],
        [0.0, 0, 0, 0, 1, 1, 1, 0, 0],
        [0.0, 0, 0, 0, -6.40817, -20.5069, -26.0831, 1, 0],
        [0.243846, 0.305967, 0.00039308, 0.000493219, 0.000187568, 0.00060024, 0.000763457,
         0.0292895, -1],
    ])  # fmt: skip
    model = LinearModel(
        cost=np.eye(9)[8],
        lower=np.array([0.0] * 8 + [-np.inf]),
        upper=np.array([1.0] * 7 + [23.03840475, 1.13728374]),
        matrix=sparse.csc_array(matrix),
        row_lower=np.array([2.0, 1.0, -5.5020003, -0.0904579]),
        row_upper=np.array([2.0, 1.0, np.inf, -0.0904579]),
        integer=np.arange(9) < 7,
    )
    solution = Solver(model, options=SolverOptions(presolve=False)).solve(warm=False)
    # The last of four and the first of three: the continuous column is 6.40817 - 5.5020003.
    least = 0.0904579 + 0.000493219 + 0.000187568 + 0.0292895 * (6.40817 - 5.5020003)
    assert solution.value == pytest.approx(least, rel=1e-6)


@given(seed=st.integers(0, 2**32 - 1))
def test_agrees_with_another_solver_through_changes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = small(rng)
    before = (model.cost.copy(), model.matrix.toarray(), model.row_upper.copy())
    rows = np.vstack([model.matrix.toarray(), model.cost])
    solver = Solver(
        replace(
            model,
            matrix=sparse.csr_array(rows),
            row_lower=np.append(model.row_lower, -INFINITY),
            row_upper=np.append(model.row_upper, INFINITY),
        )
    )
    first = solver.solve()
    assert first.value == pytest.approx(independent(model, model.cost), abs=1e-6)
    # A cap on the first objective, then another objective: the lexicographic step.
    cap = first.value + 0.05
    solver.set_row_bounds(np.array([len(rows) - 1]), np.array([-INFINITY]), np.array([cap]))
    cost = np.round(rng.normal(size=solver.columns), 2)
    solver.set_cost(cost)
    second = solver.solve()
    assert second.value == pytest.approx(independent(solver.model(), cost), abs=1e-6)
    afresh = solver.solve(warm=False)
    assert afresh.value == pytest.approx(second.value, abs=1e-9)
    # Bounds that cut the optimum off, and back.
    solver.set_row_bounds(np.array([6]), np.array([-INFINITY]), np.array([first.value + 0.01]))
    assert solver.solve().value >= second.value - 1e-7
    solver.set_column_bounds(np.arange(3), np.zeros(3), np.full(3, 2.0))
    wider = solver.solve()
    assert wider.value == pytest.approx(independent(solver.model(), cost), abs=1e-6)
    # More columns.
    added = LinearModel(
        cost=np.full(2, -0.5),
        lower=np.zeros(2),
        upper=np.array([1.0, INFINITY]),
        matrix=sparse.csc_array(np.abs(rng.normal(size=(solver.rows, 2)))),
        row_lower=np.full(solver.rows, -INFINITY),
        row_upper=np.full(solver.rows, INFINITY),
    )
    solver.add_columns(added)
    cost = np.append(cost, [-0.5, -0.5])
    more = solver.solve()
    assert more.value == pytest.approx(independent(solver.model(), cost), abs=1e-6)
    assert more.value <= wider.value + 1e-9
    cost = np.round(rng.normal(size=solver.columns), 2)
    solver.set_cost(cost)
    assert solver.solve().value == pytest.approx(independent(solver.model(), cost), abs=1e-6)
    with pytest.raises(ValueError, match="rows, expected"):
        Solver(model).add_columns(added)
    assert (model.cost == before[0]).all()
    assert (model.matrix.toarray() == before[1]).all()
    assert (model.row_upper == before[2]).all()


@given(seed=st.integers(0, 2**32 - 1), noise=st.sampled_from([0.0, 1e-9, 1e-3, 1.0]))
def test_lower_bound_is_below_the_optimum_and_close(seed: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    model = small(rng)
    solver = Solver(model)
    value = solver.solve().value
    assert value - 1e-9 <= solver.lower_bound() <= value + 1e-7
    # Duals that are not optimal prove a weaker bound, never a wrong one.
    solver._row_duals = solver._row_duals + noise * rng.normal(size=solver.rows)
    exact = independent(model, model.cost)
    assert solver.lower_bound() <= exact + 1e-9


def test_lower_bound_needs_finite_columns() -> None:
    solver = Solver(furniture())
    solver.solve()
    assert solver.lower_bound() == -INFINITY
    solver.set_column_bounds(np.arange(2), np.zeros(2), np.full(2, 3.0))
    assert solver.lower_bound() == pytest.approx(-11)
    assert solver.lower_bound() <= -11


def test_threads_give_the_same_bits() -> None:
    models = [small(np.random.default_rng(seed), rows=30, columns=60) for seed in range(16)]

    def bits(model: LinearModel) -> bytes:
        return Solver(model).solve().x.tobytes()

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(bits, models))
    assert together == [bits(model) for model in models]


def test_conflict_between_rows_and_groups() -> None:
    # x0 + x1 = 2, x0 <= 0.5 and x1 <= 0.5 by rows; x2 is elsewhere.
    model = LinearModel(
        cost=np.zeros(3),
        lower=np.zeros(3),
        upper=np.full(3, 9.0),
        matrix=sparse.csr_array(np.array([[0, 0, 1.0], [1.0, 0, 0], [0, 1.0, 0], [1.0, 1.0, 0]])),
        row_lower=np.array([1.0, 0.0, 0.0, 2.0]),
        row_upper=np.array([2.0, 0.5, 0.5, 2.0]),
    )
    solver = Solver(model)
    groups = {
        "elsewhere": np.array([0]),
        "first": np.array([1]),
        "second": np.array([2]),
        "sum": np.array([3]),
    }
    assert conflicting_groups(solver, groups) == ("first", "second", "sum")
    restored = solver.model()
    assert (restored.row_lower == model.row_lower).all()
    assert (restored.row_upper == model.row_upper).all()
    solver.set_row_bounds(np.array([3]), np.array([1.0]), np.array([1.0]))
    assert conflicting_groups(solver, groups) == ()


def test_row_blocks() -> None:
    blocks = Rows()
    pairs = blocks.add_dense(np.array([[0, 1], [2, 3]]), [1.0, -1.0], upper=[5.0, 6.0])
    total = blocks.add_dense(np.arange(4)[None, :], 2.0, lower=1.0, upper=1.0)
    none = blocks.add_dense(np.empty((0, 2), dtype=int), 1.0)
    assert (pairs, total, none) == (slice(0, 2), slice(2, 3), slice(3, 3))
    matrix, lower, upper = blocks.assembled(4)
    assert matrix.toarray().tolist() == [[1, -1, 0, 0], [0, 0, 1, -1], [2, 2, 2, 2]]
    assert lower.tolist() == [-INFINITY, -INFINITY, 1]
    assert upper.tolist() == [5, 6, 1]


def test_no_rows() -> None:
    none, empty = sparse.csr_array((0, 2)), np.empty(0)
    model = LinearModel(np.array([1.0, -1.0]), np.zeros(2), np.ones(2), none, empty, empty)
    solver = Solver(model)
    assert solver.solve().x.tolist() == [0, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"cost": np.ones(3)},
        {"cost": np.array([1.0, np.nan])},
        {"cost": np.array([1.0, np.inf])},
        {"row_upper": np.ones(1)},
        {"integer": np.ones(1, dtype=bool)},
        {"upper": np.array([1.0, np.nan])},
    ],
)
def test_model_refuses_wrong_arrays(change: dict[str, Floats]) -> None:
    model = furniture()
    fields = {name: getattr(model, name) for name in LinearModel.__dataclass_fields__}
    with pytest.raises(ValueError, match="found"):
        LinearModel(**(fields | change))


def test_solver_refuses_wrong_arrays() -> None:
    solver = Solver(furniture())
    with pytest.raises(ValueError, match="cost"):
        solver.set_cost(np.ones(3))
    mistakes: tuple[dict[str, Any], ...] = (
        {"time_limit": 0.0},
        {"mip_gap": -1.0},
        {"feasibility_tolerance": 1.0},
        {"dual_tolerance": 0.0},
    )
    for wrong in mistakes:
        with pytest.raises(ValueError, match="found"):
            SolverOptions(**wrong)
