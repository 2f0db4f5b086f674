"""Irreducible infeasible subsets: what contradicts each other only as a whole."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from operators.types import Integers
from slit.lp.solver import Solver, Status

Item = TypeVar("Item")


def irreducible(
    items: Sequence[Item], contradict: Callable[[Sequence[Item]], bool]
) -> tuple[Item, ...]:
    """Of items that contradict each other some that do so, and not without any one of them.

    Leaves out one item after the other and puts back what the conflict needs (deletion filter,
    Chinneck and Dravnieks 1991), so earlier items are left out first.
    """
    needed = list(items)
    for item in items:
        rest = [other for other in needed if other != item]
        if contradict(rest):
            needed = rest
    return tuple(needed)


def conflicting_groups(solver: Solver, groups: Mapping[str, Integers]) -> tuple[str, ...]:
    """The named groups of rows that contradict each other: without any one of them, feasible.

    Rows outside the groups and column bounds always hold: (), if they alone are infeasible or if
    the whole is feasible. The bounds are restored afterwards.
    """
    model = solver.model()

    def contradict(names: Sequence[str]) -> bool:
        for name, rows in groups.items():
            infinite = np.full(len(rows), np.inf)
            held = name in names
            lower = model.row_lower[rows] if held else -infinite
            solver.set_row_bounds(rows, lower, model.row_upper[rows] if held else infinite)
        return solver.solve().status is Status.INFEASIBLE

    if not contradict(tuple(groups)):
        return ()
    needed = irreducible(tuple(groups), contradict)
    solver.set_row_bounds(np.arange(solver.rows), model.row_lower, model.row_upper)
    return needed
