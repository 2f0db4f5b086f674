"""Figures of a signal against its limits: impossible ones, and those that are hardly true."""

import numpy as np

from operators.types import Floats
from slit.scenario.findings import Finding, Severity
from slit.scenario.limits import Limits
from slit.scenario.tabular import Table


def impossible_figures(
    values: Floats, limits: Limits, table: Table | None = None, column: str = ""
) -> Finding | None:
    """The finding about figures that cannot be true, if there are any."""
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
    """Findings about figures that are more likely in another unit than true."""
    known = values[~np.isnan(values)]
    if not len(known):
        return []
    expected = f"{max(limits.least, limits.lowest):g} to {limits.most:g} {limits.unit}"
    return [
        Finding(Severity.WARNING, where, shown(extreme, limits), f"{expected} (is the unit right?)")
        for extreme in (known.max(), known.min())
        if not limits.least <= extreme <= limits.most
    ]
