"""What a lint finds: also the one form of the messages that loading refuses with."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from operators.types import Floats
from slit.data.table import Table
from slit.scenario.limits import Limits


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: where, what, and what was expected instead."""

    severity: Severity
    where: str
    found: str
    expected: str

    def below(self, where: str) -> "Finding":
        """The same, with what holds it in front."""
        return replace(self, where=f"{where}: {self.where}" if self.where else where)

    def __str__(self) -> str:
        return f"{self.where}: {self.found}, expected {self.expected}"


def error_of(message: object) -> Finding:
    """The finding that a message of the form "where: found, expected what" states."""
    head, _, expected = str(message).partition(", expected ")
    where, _, found = head.rpartition(": ")
    return Finding(Severity.ERROR, where, found, expected or "what the message says")


def reading_of(table: Table, said: str) -> Finding:
    """How rows were read, as a finding."""
    return Finding(Severity.NOTE, str(table.path), said, "that it is so meant")


def impossible_figures(
    values: Floats, limits: Limits, table: Table | None = None, column: str = ""
) -> Finding | None:
    """The finding about figures that cannot be true, if there are any.

    Args:
        values: figures in the unit of `limits`, (N,); NaN is a gap.
        limits: of the signal.
        table: where the figures stand, row by row, for messages.
        column: its column.
    """
    wrong = np.flatnonzero(~limits.possible(values))
    if not len(wrong):
        return None
    row = int(wrong[0])
    where = f"{table.place(row)}: {column}" if table is not None else ""
    found = f"{shown(values[row], limits)} ({len(wrong)} such)"
    return Finding(Severity.ERROR, where, found, f"{limits.expected} (is the unit right?)")


def shown(value: float, limits: Limits) -> str:
    """A figure with its unit."""
    return f"{value:g}" if limits.unit == "1" else f"{value:g} {limits.unit}"


def doubtful_figures(values: Floats, limits: Limits, where: str) -> list[Finding]:
    """Findings about the extremes that are more likely in another unit than true.

    Args:
        values: figures in the unit of `limits`, (N,); NaN is a gap.
        limits: of the signal.
        where: what stands in front of each finding.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return []
    low, high = limits.plausible_low, limits.plausible_high
    expected = f"{max(low, limits.lowest):g} to {high:g} {limits.unit}"
    return [
        Finding(Severity.WARNING, where, shown(extreme, limits), f"{expected} (is the unit right?)")
        for extreme in (known.max(), known.min())
        if not low <= extreme <= high
    ]
