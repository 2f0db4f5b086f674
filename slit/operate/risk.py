"""How much what may come counts beside what is expected, as text and as a record."""

import re
from dataclasses import dataclass

from slit.errors import SlitError

PATHS = 20
"""Courses of the coming epochs that are drawn, where no number is stated."""


@dataclass(frozen=True, slots=True)
class Risk:
    """A plan is chosen by the mean of its weighted sum over the worst `tail` of so many drawn
    `paths`: 1 is the mean of all, 1 / paths the worst. It is marked where it breaks limits in more
    than a share `broken` of them."""

    tail: float = 1.0
    paths: int = PATHS
    broken: float = 0.1


def read_risk(text: str, *, paths: int = PATHS, broken: float = 0.1) -> Risk:
    """The risk that a text states: mean, cvar:0.9 (the mean of the worst tenth), worst.

    Raises SlitError.
    """
    if paths < 2:
        raise SlitError(f"paths: {paths}, expected 2 or more (drawn courses of what comes)")
    if not 0 <= broken <= 1:
        raise SlitError(f"broken: {broken:g}, expected 0 to 1 (share of paths)")
    name, _, figure = text.strip().partition(":")
    if name in ("mean", "worst") and not figure:
        return Risk(1.0 if name == "mean" else 1.0 / paths, paths, broken)
    if name == "cvar" and re.fullmatch(r"0?\.\d+", figure):
        return Risk(1.0 - float(figure), paths, broken)
    raise SlitError(f"risk: {text!r}, expected mean, worst, or cvar:LEVEL such as cvar:0.9")
