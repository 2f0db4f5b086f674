"""Objectives of one datacenter-hour as kernels take them: one function for the values of all.

The function is called by its address, so that kernels are compiled once, whatever it computes.
(numba's own function type would be unpacked anew, in 0.2 ms, each time a kernel is called.)
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from operators.compiling import compiles, kernel
from operators.types import Floats, Ints, Longs
from slit.kernels.model import grid_energy

Fill = Callable[[float, float, float, float, Floats, Floats], None]
"""fill(it_kwh, facility_kwh, grid_kwh, active_nodes, data, values) writes the values (C,)."""
_NUMBERS = types.CPointer(types.float64)  # type: ignore[no-untyped-call]
FILL_SIGNATURE = types.void(*[types.float64] * 4, _NUMBERS, _NUMBERS)
"""The same as compiled: the arrays are pointers to their first numbers."""


class CellObjectives(NamedTuple):
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

HERE, NEXT = range(2)
ACTIVE, VALUE = range(2)
KWH_OF_TICK, PUE, RENEWABLE, DATA = range(4)
LEAST_GAIN = 1e-13
"""What a change must save at least as a share of its size: less is rounding, and a search could
follow it in circles."""


class EpochCellObjectives(NamedTuple):
    """What C objectives of one datacenter-hour weigh in an epoch and in the next one.

    Where there are none, kernels take None instead: compiled for it, they do nothing here.

    Two rows of `state` beyond the datacenters' are scratch: what a move would make of one of them.
    """

    fill: int | Fill  # as in `CellObjectives`
    state: Floats  # (2, D + 2, 2) active nodes, value
    hours: Floats  # (2, D, 3 + n) kWh of an energy tick, PUE, renewable kWh, what `fill` reads
    values: Floats  # (2, C) weights, scratch


@kernel
def hour_value(energy: int, nodes: float, hour: Floats, fill: int | Fill, values: Floats) -> float:
    """What a datacenter-hour of `energy` ticks weighs; hour (3 + n,) is a row of
    `EpochCellObjectives.hours`.

    In kWh of the same bits as in full evaluation.
    """
    it = energy * hour[KWH_OF_TICK]
    facility = hour[PUE] * it
    grid = grid_energy(facility, hour[RENEWABLE])
    call_fill(fill, it, facility, grid, nodes, hour[DATA:], values[1])
    total = 0.0
    for c in range(values.shape[1]):
        total += values[0, c] * values[1, c]
    return total


@kernel
def hour_change(
    d: int,
    known: int,
    into: int,
    nodes: int,
    energy: int,
    next_energy: int,
    next_changes: bool,
    objectives: EpochCellObjectives | None,
) -> float:
    """What plug-ins weigh more with `nodes` more in datacenter `d`, and so much energy in both
    epochs.

    More than row `known` of the state says, and `LEAST_GAIN` of that on top; the new row is written
    to row `into`.
    """
    if objectives is None:
        return 0.0
    fill, state = objectives.fill, objectives.state
    hours, values = objectives.hours, objectives.values
    active = state[HERE, known, ACTIVE] + nodes
    value = hour_value(energy, active, hours[HERE, d], fill, values)
    change = value - state[HERE, known, VALUE]
    size = abs(change)
    state[HERE, into, ACTIVE], state[HERE, into, VALUE] = active, value
    active, before = state[NEXT, known, ACTIVE], state[NEXT, known, VALUE]
    value = before
    if next_changes:
        value = hour_value(next_energy, active, hours[NEXT, d], fill, values)
        change += value - before
        size += abs(value - before)
    state[NEXT, into, ACTIVE], state[NEXT, into, VALUE] = active, value
    return float(change + LEAST_GAIN * size)


@kernel
def sum_hours(
    cells: Longs,
    place: Ints,
    ticks: Longs,
    energy: Longs,
    next_energy: Longs,
    objectives: EpochCellObjectives | None,
) -> None:
    """Fill in the state from the arrays of `slit.kernels.epoch.Epoch`."""
    if objectives is None:
        return
    fill, state = objectives.fill, objectives.state
    hours, values = objectives.hours, objectives.values
    state[:] = 0.0
    for p in range(cells.shape[0]):
        state[HERE, place[p, 1], ACTIVE] += cells[p, 4]
        state[NEXT, place[p, 1], ACTIVE] += ticks[p, 3]
    for d in range(energy.shape[0]):
        for when, used in ((HERE, energy[d]), (NEXT, next_energy[d])):
            nodes = state[when, d, ACTIVE]
            state[when, d, VALUE] = hour_value(used, nodes, hours[when, d], fill, values)
