"""One parameter varied, everything else as it is: the numbers of a figure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from operators.types import Bools, Floats
from slit.errors import InfeasibleError, SlitError
from slit.papers.green_llm.instance import Instance, change
from slit.papers.green_llm.outcome import PaperTotals
from slit.papers.green_llm.solve import (
    DEFAULT_ORDER,
    DEFAULT_TOLERANCE,
    SolvedInstance,
    Tolerance,
    solve_lexicographic,
)


class Swept(StrEnum):
    """What can be varied."""

    RENEWABLES = "renewables"
    CARBON = "carbon"
    DEMAND = "demand"
    WATER_CAP = "water_cap"
    TOLERANCE = "tolerance"


UNITS = {
    Swept.RENEWABLES: "factor",
    Swept.CARBON: "factor",
    Swept.DEMAND: "factor",
    Swept.WATER_CAP: "L",
    Swept.TOLERANCE: "share of the optimum",
}
"""Unit of each swept parameter; an absolute tolerance is in USD."""


@dataclass(frozen=True, slots=True, eq=False)
class SweepData:
    """The last phase's outcome for each value.

    swept: what was varied, in `unit`; order: of the objectives. values (n,) as asked; feasible (n,)
    whether a solution exists; the other arrays (n,) are those of Outcome, NaN where there is none.
    problems: for each value without a solution the reason.
    """

    swept: Swept
    unit: str
    order: tuple[str, ...]
    values: Floats
    feasible: Bools
    energy_cost: Floats
    carbon_cost: Floats
    delay_penalty: Floats
    carbon_kg: Floats
    water_l: Floats
    latency_mean_s: Floats
    latency_max_s: Floats
    problems: tuple[str, ...]


def sweep_data(
    instance: Instance,
    swept: str,
    values: Sequence[float],
    *,
    order: Sequence[str] = DEFAULT_ORDER,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
) -> SweepData:
    """Solve the lexicographic order for every value.

    swept: a name of Swept. A value is a factor, a cap in L, or the amount of a tolerance (absolute
    where `tolerance` is). Raises SlitError on an unknown name, no values or values out of range.
    """
    if swept not in list(Swept):
        raise SlitError(f"sweep: found {swept}, expected one of {', '.join(Swept)}")
    if not len(values):
        raise SlitError("sweep: found no values, expected at least one")
    outcomes: list[PaperTotals | None] = []
    problems = []
    for value in values:
        try:
            solved = _solve(instance, Swept(swept), value, order=order, tolerance=tolerance)
            outcomes.append(solved.outcome)
        except InfeasibleError as error:
            outcomes.append(None)
            problems.append(f"{value:g}: {error}")

    def column(name: str) -> Floats:
        return np.array([np.nan if each is None else getattr(each, name) for each in outcomes])

    absolute = swept == Swept.TOLERANCE and tolerance.absolute
    return SweepData(
        swept=Swept(swept),
        unit="USD" if absolute else UNITS[Swept(swept)],
        order=tuple(str(name) for name in order),
        values=np.array(values, dtype=np.float64),
        feasible=np.array([each is not None for each in outcomes]),
        energy_cost=column("energy_cost"),
        carbon_cost=column("carbon_cost"),
        delay_penalty=column("delay_penalty"),
        carbon_kg=column("carbon_kg"),
        water_l=column("water_l"),
        latency_mean_s=column("latency_mean_s"),
        latency_max_s=column("latency_max_s"),
        problems=tuple(problems),
    )


def _solve(
    instance: Instance,
    swept: Swept,
    value: float,
    *,
    order: Sequence[str],
    tolerance: Tolerance,
) -> SolvedInstance:
    match swept:
        case Swept.TOLERANCE:
            tolerance = replace(tolerance, amount=value)
        case Swept.RENEWABLES:
            instance = change(instance, renewable_scale=value)
        case Swept.CARBON:
            instance = change(instance, carbon_scale=value)
        case Swept.DEMAND:
            instance = change(instance, demand_scale=value)
        case Swept.WATER_CAP:
            instance = change(instance, water_cap=value)
    return solve_lexicographic(instance, order, tolerance=tolerance)
