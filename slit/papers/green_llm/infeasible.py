"""Why an instance has no solution, in its own words."""

import math

import numpy as np

from operators.types import Integers
from slit.lp.iis import conflicting_groups
from slit.lp.solver import Solver, Status
from slit.papers.green_llm.program import WATER_CAP, Program, Total


def explain(program: Program) -> str:
    """A message for an infeasible program: the least water, or the hour and limits in conflict."""
    solver = Solver(program.model)
    _free(solver, program.groups[WATER_CAP].ravel())
    solver.set_cost(program.costs[Total.WATER])
    solution = solver.solve()
    if solution.status is Status.OPTIMAL:
        least = float(program.costs[Total.WATER] @ solution.x)
        # Rounded up, so that the number said is one that works.
        return (
            f"water cap: found {program.instance.water_cap:g} L, expected at least "
            f"{math.ceil(least * 10) / 10:.1f} L (the least that serves all queries within the "
            "other limits)"
        )
    # Without the water cap the hours do not touch each other: the conflict lies in one.
    groups = {name: rows for name, rows in program.groups.items() if name != WATER_CAP}
    names = program.instance.names["T"]
    by_hour = {
        name: np.concatenate([rows[:, at] for rows in groups.values()])
        for at, name in enumerate(names)
    }
    hours = conflicting_groups(solver, by_hour)
    for name, rows in by_hour.items():
        if name not in hours:
            _free(solver, rows)
    within = {
        name: np.concatenate([rows[:, names.index(hour)] for hour in hours])
        for name, rows in groups.items()
    }
    limits = conflicting_groups(solver, within)
    return (
        f"instance: the queries of {', '.join(hours)} cannot be served, expected limits that can "
        f"be met together (in conflict: {', '.join(limits)})"
    )


def _free(solver: Solver, rows: Integers) -> None:
    infinite = np.full(len(rows), np.inf)
    solver.set_row_bounds(rows, -infinite, infinite)
