"""Objectives: the built-in ones, and the registry that plug-ins join."""

from slit.objectives.define import (
    CellWise,
    Coefficients,
    LedgerWise,
    Linear,
    Measure,
    Objective,
    cell_objective,
    ledger_objective,
    linear_objective,
)
from slit.objectives.placementwise import placement_objective
from slit.objectives.registry import available, find, load_plugin, register

__all__ = [
    "CellWise",
    "Coefficients",
    "LedgerWise",
    "Linear",
    "Measure",
    "Objective",
    "available",
    "cell_objective",
    "find",
    "ledger_objective",
    "linear_objective",
    "load_plugin",
    "placement_objective",
    "register",
]

DEFAULT = ("carbon", "water", "cost", "quality")
"""The objectives of a run that names none."""
