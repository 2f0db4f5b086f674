"""Which rows of an infeasible program contradict each other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import highspy
import numpy as np

from operators.types import Integers, Positions
from slit.lp.solver import Solver, SolverError, Status

# Bits of HiGHS' option `iis_strategy`, and its status of a set that is irreducible.
_FROM_LP, _IRREDUCIBLE = 2, 4
_IS_IRREDUCIBLE = 3


@dataclass(frozen=True, slots=True, eq=False)
class Conflict:
    """Rows and bounded columns that cannot hold together; `irreducible`: without any one they can.

    Both empty: the program is feasible once no column needs to be whole.
    """

    rows: Positions
    columns: Positions
    irreducible: bool


def conflicting_rows(
    solver: Solver, *, irreducible: bool = True, time_limit: float = 10.0
) -> Conflict:
    """An infeasible subsystem of the program `solver` holds, found by HiGHS.

    Integrality is ignored. Without `irreducible` one solve finds a set that is often far larger;
    the search for an irreducible one stops after about `time_limit` s with what it has (long dense
    rows make it slow: see conflicting_groups).
    """
    relaxed = Solver(replace(solver.model(), integer=None), settings=solver.settings)
    if relaxed.solve().status is Status.OPTIMAL:
        return Conflict(np.empty(0, np.intp), np.empty(0, np.intp), irreducible=False)
    highs = relaxed.highs
    highs.setOptionValue("iis_strategy", _FROM_LP | (_IRREDUCIBLE if irreducible else 0))
    highs.setOptionValue("iis_time_limit", time_limit)
    status, found = highs.getIis()
    if status == highspy.HighsStatus.kError or not found.valid_:
        raise SolverError("getIis: HiGHS answered with an error")
    bounds = np.array(found.col_bound_, dtype=np.int64)
    columns = np.array(found.col_index_, dtype=np.intp)
    bounded = bounds != int(highspy.IisBoundStatus.kIisBoundStatusFree.value)
    return Conflict(
        rows=np.sort(np.array(found.row_index_, dtype=np.intp)),
        columns=np.sort(columns[bounded]),
        irreducible=int(found.status_) == _IS_IRREDUCIBLE,
    )


def conflicting_groups(solver: Solver, groups: Mapping[str, Integers]) -> tuple[str, ...]:
    """The named groups of rows that contradict each other: without any one of them, feasible.

    Leaves out group after group in the given order and puts back only what the conflict needs
    (deletion filter, Chinneck and Dravnieks 1991), so earlier groups are left out first. Rows
    outside the groups and column bounds always hold: (), if they alone are infeasible or if the
    whole is feasible. The bounds are restored afterwards.
    """
    if solver.solve().status is not Status.INFEASIBLE:
        return ()
    model = solver.model()
    needed = []
    for name, rows in groups.items():
        infinite = np.full(len(rows), np.inf)
        solver.set_row_bounds(rows, -infinite, infinite)
        if solver.solve().status is not Status.INFEASIBLE:
            solver.set_row_bounds(rows, model.row_lower[rows], model.row_upper[rows])
            needed.append(name)
    solver.set_row_bounds(np.arange(solver.rows), model.row_lower, model.row_upper)
    return tuple(needed)
