"""What an objective is, and the decorators that make one of a function.

There are four kinds, from the fastest to the freest:

- linear: coefficients on what a plan uses (energy of datacenter-hours, active nodes, requests at
  placements, waits). Fast, incremental, and part of the linear programs.
- cell-wise: a function of one datacenter-hour, compiled by numba. Fast, incremental; in the linear
  programs only with a linear lower bound.
- placement-wise: a function of one placement-hour, compiled, but of a plan's ledger: as slow as
  the last kind (see `slit.objectives.placementwise`).
- ledger-wise: any Python function of the whole ledger of a plan. Slow: milliseconds a plan.

The local search of `slit` follows the change of linear and cell-wise objectives exactly. Of one
that takes the largest datacenter (`largest`) it follows the mean of the datacenters, of the largest
share that is rerouted (`ramp`) the mean share; the last two kinds it does not see: they count when
whole plans are evaluated.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ParamSpec, TypeVar

import numpy as np

from operators.types import Floats
from slit.arrays import frozen
from slit.errors import SlitError, failure
from slit.ledger import Ledger
from slit.problem import Problem
from slit.scenario.scenario import Scenario

RESERVED = ("plan", "method", "violation", "on_front")
"""What tables of a front call their other columns."""

OF_SERVICE = ("wait", "late", "quality")
"""Coefficients that are one number, or one for each group of requests."""
OWN_MODULES = ("slit.objectives.builtin", "slit.objectives.restricted")
"""Where a failure is slit's own bug."""
ONE_NUMBER = ("after", "reroute", "switches", "ramp", "constant")

P = ParamSpec("P")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """What a linear objective weighs; whatever is None counts nothing.

    Shapes: T epochs, D datacenters, P placements, Q pools, J request groups. What weighs waits,
    lateness and quality is one number, or one for each group (J,).
    """

    it: Floats | None = None  # (T, D) per kWh of IT energy
    facility: Floats | None = None  # (T, D) per kWh of facility energy
    grid: Floats | None = None  # (T, D) per kWh bought
    nodes: Floats | None = None  # (T, P) per active node and epoch
    requests: Floats | None = None  # (J, P) per request
    wait: float | Floats = 0.0  # per second that a request waits in queue or for loading
    late: float | Floats = 0.0  # per late request
    quality: float | Floats = 0.0  # per request of full quality (accuracy * mean sigma)
    after: float | None = None  # s to the first token from which a request is late, not its SLO
    reroute: float = 0.0  # per request that is served elsewhere than in the epoch before
    starts: Floats | None = None  # (P,) per node that starts
    switches: float = 0.0  # per placement that is turned on or off
    on_demand: Floats | None = None  # (Q,) per active node beyond the committed ones and epoch
    ramp: float = 0.0  # per share of the group of which most is served elsewhere than before
    constant: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            try:
                number = frozen(value, np.float64)
            except (TypeError, ValueError) as error:
                raise SlitError(f"{field.name}: {error}, expected numbers") from error
            if number.ndim and field.name in ONE_NUMBER:
                raise SlitError(f"{field.name}: shape {number.shape}, expected one number")
            one = not number.ndim and field.name in (*ONE_NUMBER, *OF_SERVICE)
            object.__setattr__(self, field.name, float(number) if one else number)

    @property
    def by_group(self) -> bool:
        """Whether service weighs differently from group to group, or another lateness counts."""
        return self.after is not None or any(np.ndim(getattr(self, f)) for f in OF_SERVICE)

    @property
    def falls_with_waits(self) -> bool:
        """Whether a longer wait may help."""
        return bool(np.min(self.wait) < 0)

    def service_of(self, problem: Problem) -> Floats:
        """(J, 4): what a request of each group weighs by its wait, lateness and quality, and the
        seconds to the first token from which it is late."""
        found = np.empty((problem.groups, 4))
        found[:, 0], found[:, 1], found[:, 2] = self.wait, self.late, self.quality
        found[:, 3] = problem.slo[problem.group_class] if self.after is None else self.after
        return found


@dataclass(frozen=True, slots=True)
class Linear:
    """Measured by coefficients. With `largest`, the largest datacenter's total counts; local search
    then follows the mean of all."""

    build: Callable[[Problem, Scenario], Coefficients]
    largest: bool = False


@dataclass(frozen=True, slots=True)
class CellWise:
    """Measured by a compiled function of one datacenter-hour, summed over all.

    `function(it_kwh, facility_kwh, grid_kwh, active_nodes, data)` returns a float; `data` is the
    row of this datacenter-hour in the (T, D, n) array that `data(problem, scenario)` returns.
    Local search calls it for each move that it tries. `lower_bound` gives coefficients that are
    nowhere above it, for the linear programs.
    """

    function: Callable[..., float]
    data: Callable[[Problem, Scenario], Floats] | None = None
    lower_bound: Callable[[Problem, Scenario], Coefficients] | None = None


@dataclass(frozen=True, slots=True)
class LedgerWise:
    """Measured by any Python function of the ledger of a plan: slow, milliseconds each.

    Local search does not see it.
    """

    function: Callable[[Ledger], float]
    lower_bound: Callable[[Problem, Scenario], Coefficients] | None = None


Measure = Linear | CellWise | LedgerWise


@dataclass(frozen=True, slots=True)
class Objective:
    """Something to minimize: its name, unit, title and measure."""

    name: str
    unit: str
    title: str
    measure: Measure
    retitled: Callable[[Scenario], str] | None = None
    """What it is called in a scenario, where that is not the title."""

    def __post_init__(self) -> None:
        word, bracket, _ = self.name.partition("[")
        if not word.isidentifier() or (bracket and not self.name.endswith("]")):
            raise SlitError(
                f"objective: {self.name!r}, expected a name of letters, digits and underscores"
            )
        if self.name in RESERVED:
            raise SlitError(
                f"objective: {self.name!r}, expected another name (a column of front.csv)"
            )

    def title_in(self, scenario: Scenario) -> str:
        """What it is called in a scenario."""
        return self.title if self.retitled is None else self.retitled(scenario)

    def linear_part(self, problem: Problem, scenario: Scenario) -> Coefficients | None:
        """Coefficients that are nowhere above the objective, or None if it states none.

        The largest of several totals has none of this form (see `slit.relaxation.dantzig_wolfe`).
        """
        if isinstance(self.measure, Linear):
            build = None if self.measure.largest else self.measure.build
        else:
            build = self.measure.lower_bound
        return None if build is None else build_coefficients(self.name, build, problem, scenario)


def build_coefficients(
    name: str,
    build: Callable[[Problem, Scenario], Coefficients],
    problem: Problem,
    scenario: Scenario,
) -> Coefficients:
    """What `build` returns for the objective called `name`; SlitError if it fails."""
    found = call_function(name, build, problem, scenario)
    if not isinstance(found, Coefficients):
        raise SlitError(f"objective {name}: returns {type(found).__name__}, expected Coefficients")
    return found


def call_function(
    name: str, function: Callable[P, Result], *arguments: P.args, **options: P.kwargs
) -> Result:
    """Call a function of the objective called `name`.

    Raises SlitError with the line where a user's function fails; a built-in one raises as it does.
    """
    try:
        return function(*arguments, **options)
    except SlitError:
        raise
    except Exception as error:
        if function.__module__ in OWN_MODULES:
            raise
        code = getattr(function, "__code__", None)
        reason = failure(error, "" if code is None else code.co_filename)
        raise SlitError(f"objective {name}: {reason}, expected a function that works") from error


def linear_objective(
    *,
    name: str,
    unit: str,
    title: str,
    largest: bool = False,
    retitled: Callable[[Scenario], str] | None = None,
) -> Callable[[Callable[[Problem, Scenario], Coefficients]], Objective]:
    """Make an objective of a function (problem, scenario) -> Coefficients."""

    def decorate(build: Callable[[Problem, Scenario], Coefficients]) -> Objective:
        return Objective(name, unit, title, Linear(build, largest), retitled)

    return decorate


def cell_objective(
    *,
    name: str,
    unit: str,
    title: str,
    data: Callable[[Problem, Scenario], Floats] | None = None,
    lower_bound: Callable[[Problem, Scenario], Coefficients] | None = None,
) -> Callable[[Callable[..., float]], Objective]:
    """Make an objective of a function of one datacenter-hour (see `CellWise`)."""

    def decorate(function: Callable[..., float]) -> Objective:
        return Objective(name, unit, title, CellWise(function, data, lower_bound))

    return decorate


def ledger_objective(
    *,
    name: str,
    unit: str,
    title: str,
    lower_bound: Callable[[Problem, Scenario], Coefficients] | None = None,
) -> Callable[[Callable[[Ledger], float]], Objective]:
    """Make an objective of a function of a plan's ledger (see `LedgerWise`)."""

    def decorate(function: Callable[[Ledger], float]) -> Objective:
        return Objective(name, unit, title, LedgerWise(function, lower_bound))

    return decorate
