"""Objectives of one datacenter-hour: a user's function, compiled and summed over a plan."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from operators.compiling import uncached_kernel
from slit.arrays import frozen
from slit.errors import SlitError
from slit.objectives.define import CellWise, call_function
from slit.problem import Problem
from slit.scenario.scenario import Scenario

Floats = NDArray[np.float64]

COLOR = re.compile(r"\x1b\[[0-9;]*m")
NOISE = ("Failed in nopython mode", "During:", "File ")
ARGUMENTS = "it_kwh, facility_kwh, grid_kwh, active_nodes, data"


class CellSum:
    """Sums a compiled function over the datacenter-hours of plans.

    Raises SlitError, naming the objective and the line, if the function cannot be compiled, or if
    its data are no finite (T, D, n) array.
    """

    def __init__(self, name: str, measure: CellWise, problem: Problem, scenario: Scenario) -> None:
        self.name = name
        self._data = _data_of(name, measure, problem, scenario)
        cell = _compiled(name, measure.function)

        @uncached_kernel
        def add_up(sites: Floats, data: Floats, totals: Floats) -> None:
            for n in range(sites.shape[0]):
                for t in range(sites.shape[1]):
                    total = 0.0
                    for d in range(sites.shape[2]):
                        site = sites[n, t, d]
                        total += cell(site[0], site[1], site[2], site[3], data[t, d])
                    totals[n, t] = total

        self._add_up = add_up

    def __call__(self, sites: Floats) -> Floats:
        """Totals (N, T) of plans whose datacenter-hours used `sites` (N, T, D, 4)."""
        totals = np.full(sites.shape[:2], np.nan)
        call_function(self.name, self._add_up, sites, self._data, totals)
        if not np.isfinite(totals).all():
            worst = totals[~np.isfinite(totals)][0]
            raise SlitError(f"objective {self.name}: {worst}, expected a finite number")
        return totals


def _data_of(name: str, measure: CellWise, problem: Problem, scenario: Scenario) -> Floats:
    shape = problem.pue.shape
    if measure.data is None:
        return frozen(np.zeros((*shape, 0)), np.float64)
    found = call_function(name, measure.data, problem, scenario)
    try:
        data = frozen(found, np.float64)
    except (TypeError, ValueError) as error:
        raise SlitError(f"objective {name}: data: {error}, expected an array (T, D, n)") from error
    if data.ndim != 3 or data.shape[:2] != shape:
        raise SlitError(
            f"objective {name}: data has shape {data.shape}, expected {shape} and one more axis "
            "(epochs, datacenters, values)"
        )
    if not np.isfinite(data).all():
        raise SlitError(f"objective {name}: data is not finite, expected numbers")
    return data


def _compiled(name: str, function: Callable[..., float]) -> Callable[..., float]:
    """`function` compiled for one datacenter-hour; as it is under NUMBA_DISABLE_JIT."""
    plain: Any = getattr(function, "py_func", function)  # what numba.njit was applied to
    cell: Any = uncached_kernel(plain)
    if cell is plain:  # NUMBA_DISABLE_JIT
        return plain  # type: ignore[no-any-return]
    number = numba.float64
    row = numba.types.Array(number, 1, "C", readonly=True)
    code = plain.__code__
    try:
        cell.compile((number, number, number, number, row))
    except Exception as error:
        what, line = _first_complaint(error, Path(code.co_filename).name)
        raise SlitError(
            f"objective {name}: cannot be compiled ({code.co_filename}:"
            f"{line or code.co_firstlineno}: {what}), expected plain arithmetic on numbers in a "
            f"function of ({ARGUMENTS})"
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
