"""Linear and mixed-integer programs: arrays in, one call to HiGHS, arrays out.

A thin layer over highspy that everything exact in slit shares: silent, on one thread (callers
run independent solvers on a thread pool; HiGHS releases the interpreter lock), deterministic.
Infeasible and unbounded are statuses here; what they mean to a user is said by the caller.
"""

from dataclasses import dataclass
from enum import Enum

import highspy
import numpy as np
from highspy import HighsModelStatus, HighsStatus
from scipy import sparse

from operators.types import Bools, Floats, Integers
from slit.lp.dual_bound import dual_bound
from slit.lp.silent import SilentHighs

Sparse = sparse.csr_array[np.float64] | sparse.csc_array[np.float64]


class Status(Enum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    UNBOUNDED_OR_INFEASIBLE = "unbounded or infeasible"
    LIMIT = "stopped by a limit"
    FAILED = "failed"


_STATUSES = {
    HighsModelStatus.kOptimal: Status.OPTIMAL,
    HighsModelStatus.kModelEmpty: Status.OPTIMAL,
    HighsModelStatus.kInfeasible: Status.INFEASIBLE,
    HighsModelStatus.kUnbounded: Status.UNBOUNDED,
    HighsModelStatus.kUnboundedOrInfeasible: Status.UNBOUNDED_OR_INFEASIBLE,
    HighsModelStatus.kTimeLimit: Status.LIMIT,
    HighsModelStatus.kIterationLimit: Status.LIMIT,
    HighsModelStatus.kSolutionLimit: Status.LIMIT,
    HighsModelStatus.kInterrupt: Status.LIMIT,
}

_DUAL, _PRIMAL = 1, 4  # values of HiGHS' option `simplex_strategy`


class SolverError(RuntimeError):
    """HiGHS refused a call: a defect of ours, never of the user's input."""


@dataclass(frozen=True, slots=True)
class SolverOptions:
    """How HiGHS is run.

    time_limit: s of one solve, None for no limit (a limit makes results depend on the machine).
    mip_gap: relative gap at which a mixed-integer solve stops.
    feasibility_tolerance: absolute violation allowed of a bound or row, 1e-10 to 1e-2.
    dual_tolerance: the same of reduced costs: absolute, hence of the costs as given.
    interior_point: for linear programs the interior point method, then crossover to a vertex:
    faster on some large degenerate ones, but it does not start from a previous basis.
    presolve: whether solves from no basis simplify the program first.
    """

    time_limit: float | None = None
    mip_gap: float = 1e-6
    feasibility_tolerance: float = 1e-7
    dual_tolerance: float = 1e-7
    interior_point: bool = False
    presolve: bool = True

    def __post_init__(self) -> None:
        if self.time_limit is not None and not self.time_limit > 0:
            raise ValueError(f"time_limit: found {self.time_limit}, expected a positive time (s)")
        if not 0 <= self.mip_gap < np.inf:
            raise ValueError(f"mip_gap: found {self.mip_gap}, expected 0 or more (relative gap)")
        for name in ("feasibility_tolerance", "dual_tolerance"):
            if not 1e-10 <= getattr(self, name) <= 1e-2:
                raise ValueError(f"{name}: found {getattr(self, name)}, expected 1e-10 to 1e-2")


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """Minimize cost @ x over row_lower <= matrix @ x <= row_upper, lower <= x <= upper.

    Shapes: n columns, m rows. cost, lower, upper (n,); matrix sparse (m, n), each entry once;
    row_lower, row_upper (m,); integer (n,) marks the columns that must be whole, None for none.
    Bounds may be infinite, costs and coefficients may not.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    matrix: Sparse
    row_lower: Floats
    row_upper: Floats
    integer: Bools | None = None

    def __post_init__(self) -> None:
        rows, columns = self.matrix.shape
        for name, size in (("cost", columns), ("lower", columns), ("upper", columns),
                           ("row_lower", rows), ("row_upper", rows)):  # fmt: skip
            found = getattr(self, name)
            if found.shape != (size,):
                raise ValueError(f"{name}: found shape {found.shape}, expected ({size},)")
            if np.isnan(found).any():
                raise ValueError(f"{name}: found NaN, expected numbers")
        if self.integer is not None and self.integer.shape != (columns,):
            raise ValueError(f"integer: found shape {self.integer.shape}, expected ({columns},)")
        if not (np.isfinite(self.cost).all() and np.isfinite(self.matrix.data).all()):
            raise ValueError("cost and matrix: found infinite numbers or NaN, expected finite ones")


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """What a solve gave.

    value: attained objective, NaN without a feasible point. x (n,), activity = matrix @ x (m,),
    row_duals (m,) and reduced_costs (n,) are empty where HiGHS has none (duals only of linear
    programs). mip_bound: a lower bound on the optimum of a mixed-integer program, as HiGHS states
    it; NaN for a linear one (see Solver.lower_bound).
    """

    status: Status
    value: float
    x: Floats
    activity: Floats
    row_duals: Floats
    reduced_costs: Floats
    mip_bound: float


@dataclass(frozen=True, slots=True, eq=False)
class Vertex:
    """Where a solve ended: a basis to start from again."""

    basis: highspy.HighsBasis
    x: Floats
    activity: Floats


class _Program:
    """The program a solver holds, as changed so far, and the last optimum while it fits."""

    def __init__(self, model: LinearModel, *, slack: float) -> None:
        self.matrix = model.matrix
        self.cost = model.cost.copy()
        self.lower, self.upper = model.lower.copy(), model.upper.copy()
        self.row_lower, self.row_upper = model.row_lower.copy(), model.row_upper.copy()
        self.integer = None if model.integer is None else model.integer.copy()
        self.slack = slack
        self.x, self.activity = np.empty(0), np.empty(0)
        self.feasible = False  # x meets every row and bound as they stand

    def model(self) -> LinearModel:
        return LinearModel(
            cost=self.cost.copy(),
            lower=self.lower.copy(),
            upper=self.upper.copy(),
            matrix=self.matrix,
            row_lower=self.row_lower.copy(),
            row_upper=self.row_upper.copy(),
            integer=None if self.integer is None else self.integer.copy(),
        )

    def widen(self, columns: LinearModel) -> None:
        matrix = sparse.hstack([self.matrix, columns.matrix], format="csc")
        self.matrix = sparse.csc_array(matrix)
        self.cost = np.concatenate([self.cost, columns.cost])
        self.lower = np.concatenate([self.lower, columns.lower])
        self.upper = np.concatenate([self.upper, columns.upper])
        if self.feasible:
            self.x = np.concatenate([self.x, np.zeros(len(columns.cost))])

    def recheck(self, values: Floats, lower: Floats, upper: Floats) -> None:
        within = (values >= lower - self.slack) & (values <= upper + self.slack)
        self.feasible = bool(within.all())


class Solver:
    """One program held by HiGHS: solve, change, solve again from the previous basis."""

    def __init__(self, model: LinearModel, *, options: SolverOptions | None = None) -> None:
        self.options = options or SolverOptions()
        self._highs = _highs(model, self.options)
        self._program = _Program(model, slack=self.options.feasibility_tolerance)
        self._every = np.arange(self.columns, dtype=np.int32)
        self._row_duals = np.empty(0)
        self._cost_changed = False

    @property
    def rows(self) -> int:
        """Number of rows, those added included."""
        return len(self._program.row_lower)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self._program.cost)

    def model(self) -> LinearModel:
        """The program as it stands, with all changes."""
        return self._program.model()

    def set_cost(self, cost: Floats) -> None:
        """Replace the cost vector (n,)."""
        if cost.shape != (self.columns,) or not np.isfinite(cost).all():
            raise ValueError(
                f"cost: found shape {cost.shape}, expected ({self.columns},), finite numbers"
            )
        self._program.cost = cost.copy()
        self._cost_changed = True
        _check(self._highs.changeColsCost(self.columns, self._every, cost), "changeColsCost")

    def set_column_bounds(self, columns: Integers, lower: Floats, upper: Floats) -> None:
        """Replace the bounds of `columns` (k,): lower (k,), upper (k,)."""
        program, index = self._program, columns.astype(np.int32)
        program.lower[index], program.upper[index] = lower, upper
        low, high = program.lower[index], program.upper[index]
        if program.feasible:
            program.recheck(program.x[index], low, high)
        _check(self._highs.changeColsBounds(len(index), index, low, high), "changeColsBounds")

    def set_row_bounds(self, rows: Integers, lower: Floats, upper: Floats) -> None:
        """Replace the bounds of `rows` (k,): lower (k,), upper (k,)."""
        program, index = self._program, rows.astype(np.int32)
        program.row_lower[index], program.row_upper[index] = lower, upper
        low, high = program.row_lower[index], program.row_upper[index]
        if program.feasible:
            program.recheck(program.activity[index], low, high)
        # Missing in highspy's stubs.
        status = self._highs.changeRowsBounds(len(index), index, low, high)  # type: ignore[attr-defined]
        _check(status, "changeRowsBounds")

    def add_columns(self, columns: LinearModel) -> None:
        """Add the columns of another program on the same rows, continuous ones that may be 0."""
        rows, count = columns.matrix.shape
        if rows != self.rows or columns.integer is not None:
            raise ValueError(
                f"columns: found {rows} rows, expected {self.rows}, none of them whole"
            )
        matrix = sparse.csc_array(columns.matrix)
        status = self._highs.addCols(
            count,
            columns.cost,
            columns.lower,
            columns.upper,
            int(matrix.nnz),
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )
        _check(status, "addCols")
        self._program.widen(columns)
        self._every = np.arange(self.columns, dtype=np.int32)
        self._cost_changed = True

    def solve(self, *, warm: bool = True, start: Floats | None = None) -> Solution:
        """Solve from the previous basis (`warm`) or afresh with presolve.

        `start` (n,) is a point that a mixed-integer solve may begin with. The path taken, and with
        several optima the one returned, depends on the solves before; the same calls give the same
        bits.
        """
        if not warm:
            _check(self._highs.clearSolver(), "clearSolver")
        # The last optimum is still feasible and only the cost is new: the primal simplex needs far
        # fewer steps from it. Otherwise the basis is dual feasible, or nothing is known.
        primal = warm and self._program.feasible and self._cost_changed
        strategy = _PRIMAL if primal else _DUAL
        _check(self._highs.setOptionValue("simplex_strategy", strategy), "simplex_strategy")
        if start is not None:
            _check(self._highs.setSolution(self.columns, self._every, start), "setSolution")
        status = _run(self._highs)
        missed = status is Status.OPTIMAL and not _fits(self._highs)
        if warm and (missed or status is Status.FAILED):
            # Numerical trouble on the way from the previous basis.
            _check(self._highs.clearSolver(), "clearSolver")
            status = _run(self._highs)
        mixed = self._program.integer is not None and bool(self._program.integer.any())
        solution = _solution(self._highs, status, mixed=mixed)
        self._row_duals, self._cost_changed = solution.row_duals, False
        self._program.x, self._program.activity = solution.x, solution.activity
        self._program.feasible = solution.status is Status.OPTIMAL
        return solution

    def vertex(self) -> Vertex:
        """Where the last solve ended."""
        return Vertex(self._highs.getBasis(), self._program.x, self._program.activity)

    def go_to(self, vertex: Vertex) -> None:
        """Start the next solve from an optimum of before, feasible for the bounds as they stand."""
        _check(self._highs.setBasis(vertex.basis), "setBasis")
        self._program.x, self._program.activity = vertex.x, vertex.activity
        self._program.feasible = True

    def lower_bound(self) -> float:
        """A value no feasible point can go below, proved by the duals of the last solve.

        Holds whatever the tolerances the solver stopped at, rounding of our own sums included (see
        slit.lp.dual_bound). A column without a finite bound may make the result -inf, and so does
        a last solve that left no duals (mixed-integer programs: see Solution.mip_bound).
        """
        program = self._program
        if not len(self._row_duals):
            return float("-inf")
        return dual_bound(
            self._row_duals,
            cost=program.cost,
            matrix=program.matrix,
            row_lower=program.row_lower,
            row_upper=program.row_upper,
            lower=program.lower,
            upper=program.upper,
        )


def _run(highs: highspy.Highs) -> Status:
    if highs.run() == HighsStatus.kError:
        return Status.FAILED
    return _STATUSES.get(highs.getModelStatus(), Status.FAILED)


def _fits(highs: highspy.Highs) -> bool:
    """Whether HiGHS' point is within all bounds, to its tolerance."""
    return bool(highs.getInfo().primal_solution_status == int(highspy.kSolutionStatusFeasible))


def _solution(highs: highspy.Highs, status: Status, *, mixed: bool) -> Solution:
    info, solution = highs.getInfo(), highs.getSolution()
    # An optimum may miss its bounds by more than the tolerance, once it is scaled back.
    found = status is Status.OPTIMAL or (status is Status.LIMIT and _fits(highs))
    usable = bool(solution.value_valid) and found
    dual = bool(solution.dual_valid) and not mixed
    empty = np.empty(0)
    return Solution(
        status=status,
        value=float(info.objective_function_value) if usable else float("nan"),
        x=np.array(solution.col_value) if usable else empty,
        activity=np.array(solution.row_value) if usable else empty,
        row_duals=np.array(solution.row_dual) if dual else empty,
        reduced_costs=np.array(solution.col_dual) if dual else empty,
        mip_bound=float(info.mip_dual_bound) if mixed else float("nan"),
    )


def _highs(model: LinearModel, options: SolverOptions) -> highspy.Highs:
    highs = SilentHighs()  # type: ignore[no-untyped-call]
    values: dict[str, bool | int | float | str] = {
        "output_flag": False,
        "threads": 1,
        "parallel": "off",
        "random_seed": 0,
        "mip_rel_gap": options.mip_gap,
        "mip_abs_gap": 0.0,
        "primal_feasibility_tolerance": options.feasibility_tolerance,
        "dual_feasibility_tolerance": options.dual_tolerance,
    }
    if options.interior_point:
        values["solver"] = "ipm"
    if not options.presolve:
        values["presolve"] = "off"
    if options.time_limit is not None:
        values["time_limit"] = options.time_limit
    for name, value in values.items():
        _check(highs.setOptionValue(name, value), f"setOptionValue({name})")
    rows, columns = model.matrix.shape
    by_row = isinstance(model.matrix, sparse.csr_array)
    integer = np.zeros(columns, np.int32) if model.integer is None else model.integer
    status = highs.passModel(
        columns,
        rows,
        int(model.matrix.nnz),
        int((highspy.MatrixFormat.kRowwise if by_row else highspy.MatrixFormat.kColwise).value),
        int(highspy.ObjSense.kMinimize.value),
        0.0,  # offset
        model.cost,
        model.lower,
        model.upper,
        model.row_lower,
        model.row_upper,
        model.matrix.indptr.astype(np.int32, copy=False),
        model.matrix.indices.astype(np.int32, copy=False),
        model.matrix.data,
        integer.astype(np.int32),
    )
    _check(status, "passModel")
    return highs


def _check(status: HighsStatus, call: str) -> None:
    if status == HighsStatus.kError:
        raise SolverError(f"{call}: HiGHS answered with an error")
