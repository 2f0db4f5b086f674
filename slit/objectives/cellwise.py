"""Objectives of one datacenter-hour: a user's function, compiled and summed over a plan."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np

from operators.compiling import compiles, pointer, uncached_kernel
from operators.types import Floats
from slit.arrays import frozen
from slit.errors import SlitError
from slit.kernels.cell_objectives import FILL_SIGNATURE, CellObjectives, Fill
from slit.objectives.define import CellWise, call_function
from slit.problem import Problem
from slit.scenario.scenario import Scenario

COLOR = re.compile(r"\x1b\[[0-9;]*m")
NOISE = ("Failed in nopython mode", "During:", "File ")
carray: Any = numba.carray  # type: ignore[attr-defined]

ARGUMENTS = "it_kwh, facility_kwh, grid_kwh, active_nodes, data"


class CellSum:
    """Sums a compiled function over the datacenter-hours of plans.

    Raises SlitError, naming the objective and the line, if the function cannot be compiled, or if
    its data are no finite (T, D, n) array.
    """

    def __init__(self, name: str, measure: CellWise, problem: Problem, scenario: Scenario) -> None:
        self.name = name
        shape = problem.pue.shape
        self.data = data_of(name, measure.data, problem, scenario, shape, "datacenters")
        # What numba.njit was applied to, if it was.
        self.function = getattr(measure.function, "py_func", measure.function)
        self._add_up = _adder(compiled(name, self.function, ARGUMENTS))

    def __call__(self, sites: Floats) -> Floats:
        """Totals (N, T) of plans whose datacenter-hours used `sites` (N, T, D, 4)."""
        totals = np.full(sites.shape[:2], np.nan)
        call_function(self.name, self._add_up, sites, self.data, totals)
        if not np.isfinite(totals).all():
            worst = totals[~np.isfinite(totals)][0]
            raise SlitError(f"objective {self.name}: {worst}, expected a finite number")
        return totals


@cache
def _adder(cell: Callable[..., float]) -> Callable[[Floats, Floats, Floats], None]:
    @uncached_kernel
    def add_up(sites: Floats, data: Floats, totals: Floats) -> None:
        for n in range(sites.shape[0]):
            for t in range(sites.shape[1]):
                total = 0.0
                for d in range(sites.shape[2]):
                    site = sites[n, t, d]
                    total += cell(site[0], site[1], site[2], site[3], data[t, d])
                totals[n, t] = total

    return add_up


def joined_cell_objectives(sums: Mapping[int, CellSum], problem: Problem) -> CellObjectives:
    """All cell-wise objectives as one function; `sums` by the objective's place."""
    if not sums:
        return CellObjectives(0, np.zeros((*problem.pue.shape, 0)), np.zeros(0, np.int32))
    functions = tuple((each.function, each.data.shape[2]) for each in sums.values())
    fill = _filling(functions)
    return CellObjectives(
        fill.address if compiles() else fill,
        frozen(np.concatenate([each.data for each in sums.values()], axis=2), np.float64),
        frozen(list(sums), np.int32),
    )


@cache
def _filling(functions: tuple[tuple[Callable[..., float], int], ...]) -> Any:
    """One function that writes the values of all, given each one's number of data; kept for good,
    as an address does not keep what it points to."""
    fill: Any = uncached_kernel(_fill_nothing)
    first = 0
    for index, (function, width) in enumerate(functions):
        fill = _with_cell(fill, uncached_kernel(function), slice(first, first + width), index)
        first += width
    columns, count = first, len(functions)

    def at_pointers(
        it: float, facility: float, grid: float, nodes: float, data: Any, values: Any
    ) -> None:
        row = carray(data, (columns,))
        fill(it, facility, grid, nodes, row, carray(values, (count,)))

    return pointer(at_pointers, FILL_SIGNATURE) if compiles() else fill


def _with_cell(fill: Fill, cell: Callable[..., float], columns: slice, index: int) -> Fill:
    first, last = columns.start, columns.stop

    @uncached_kernel
    def with_cell(
        it: float, facility: float, grid: float, nodes: float, data: Floats, values: Floats
    ) -> None:
        fill(it, facility, grid, nodes, data, values)
        try:
            values[index] = cell(it, facility, grid, nodes, data[first:last])
        except Exception:  # noqa: BLE001 - who is called by address cannot raise
            values[index] = np.nan

    return with_cell


def _fill_nothing(
    it: float, facility: float, grid: float, nodes: float, data: Floats, values: Floats
) -> None:
    """Of no objective."""


def data_of(
    name: str,
    build: Callable[[Problem, Scenario], Floats] | None,
    problem: Problem,
    scenario: Scenario,
    shape: tuple[int, ...],
    places: str,
) -> Floats:
    """The data of each hour at each of `places` (datacenters, placements): `shape` and one more
    axis, which is empty if nothing builds them. SlitError for anything else."""
    if build is None:
        return frozen(np.zeros((*shape, 0)), np.float64)
    found = call_function(name, build, problem, scenario)
    try:
        data = frozen(found, np.float64)
    except (TypeError, ValueError) as error:
        raise SlitError(
            f"objective {name}: data: {error}, expected an array (T, {places[0].upper()}, n)"
        ) from error
    if data.ndim != 3 or data.shape[:2] != shape:
        raise SlitError(
            f"objective {name}: data has shape {data.shape}, expected {shape} and one more axis "
            f"(epochs, {places}, values)"
        )
    if not np.isfinite(data).all():
        raise SlitError(f"objective {name}: data is not finite, expected numbers")
    return data


@cache
def compiled(name: str, plain: Any, arguments: str) -> Callable[..., float]:
    """A function of these arguments, all numbers but the last, compiled; as it is under
    NUMBA_DISABLE_JIT. Raises SlitError, naming the objective and the line, if it cannot be."""
    cell: Any = uncached_kernel(plain)
    if cell is plain:  # NUMBA_DISABLE_JIT
        return plain  # type: ignore[no-any-return]
    number = numba.float64
    row = numba.types.Array(number, 1, "C", readonly=True)
    code = plain.__code__
    try:
        cell.compile((*[number] * arguments.count(","), row))
    except Exception as error:
        what, line = _first_complaint(error, Path(code.co_filename).name)
        raise SlitError(
            f"objective {name}: cannot be compiled ({code.co_filename}:"
            f"{line or code.co_firstlineno}: {what}), expected plain arithmetic on numbers in a "
            f"function of ({arguments})"
        ) from error
    [signature] = cell.nopython_signatures
    if not isinstance(signature.return_type, numba.types.Integer | numba.types.Float):
        raise SlitError(
            f"objective {name}: returns {signature.return_type} ({code.co_filename}:"
            f"{code.co_firstlineno}), expected a number"
        )
    return cell  # type: ignore[no-any-return]


def _first_complaint(error: Exception, file: str) -> tuple[str, int | None]:
    """What the compiler found wrong, and the line of the user's file, from numba's long text."""
    text = COLOR.sub("", str(error))
    lines = (line.strip() for line in text.splitlines())
    what = next(
        (line for line in lines if line and not line.startswith(NOISE)), type(error).__name__
    )
    places = re.findall(rf'File "[^"]*{re.escape(file)}", line (\d+)', text)
    return what, int(places[0]) if places else None
