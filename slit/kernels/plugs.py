"""Objectives of one datacenter-hour as kernels take them: one function for the values of all.

The function is called by its address, so that kernels are compiled once, whatever it computes.
(numba's own function type would be unpacked anew, in 0.2 ms, each time a kernel is called.)
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from operators.compiling import compiles

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

Fill = Callable[[float, float, float, float, Floats, Floats], None]
"""fill(it_kwh, facility_kwh, grid_kwh, active_nodes, data, values) writes the values (C,)."""
_NUMBERS = types.CPointer(types.float64)  # type: ignore[no-untyped-call]
FILL_SIGNATURE = types.void(*[types.float64] * 4, _NUMBERS, _NUMBERS)
"""The same as compiled: the arrays are pointers to their first numbers."""


class Plugs(NamedTuple):
    """C objectives of one datacenter-hour, summed over all."""

    fill: int | Fill  # the address of a function; itself under NUMBA_DISABLE_JIT
    data: Floats  # (T, D, n) what the function reads, side by side
    owners: Ints  # (C,) the objective that each value belongs to


def _call(
    fill: Fill, it: float, facility: float, grid: float, nodes: float, data: Floats, values: Floats
) -> None:
    fill(it, facility, grid, nodes, data, values)


@intrinsic
def _call_address(
    _typing: Any, address: Any, _1: Any, _2: Any, _3: Any, _4: Any, data: Any, values: Any
) -> Any:
    """As `_call`, with the address of a function of FILL_SIGNATURE."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = signature.args
        pointers = [context.make_array(kinds[k])(context, builder, given[k]).data for k in (5, 6)]
        kind = ir.FunctionType(
            ir.VoidType(), [ir.DoubleType()] * 4 + [pointer.type for pointer in pointers]
        )
        function = builder.inttoptr(given[0], ir.PointerType(kind))
        builder.call(function, [*given[1:5], *pointers])
        return context.get_dummy_value()

    number = types.float64
    return types.void(address, number, number, number, number, data, values), generate


call_fill: Any = _call_address if compiles() else _call
"""call_fill(fill, it, facility, grid, nodes, data, values) writes the values (C,)."""
