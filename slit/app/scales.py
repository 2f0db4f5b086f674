"""Which axes are logarithmic."""

from slit.app.points import FrontPoints

WIDE = 20.0
"""An axis is logarithmic by itself where the largest value is more than so many times the least."""


def can_be_log(points: FrontPoints, m: int) -> bool:
    """Whether all values of an objective that may be chosen are above zero."""
    return bool(points.F[points.best, m].min() > 0)


def is_wide(points: FrontPoints, m: int) -> bool:
    """Whether the values of an objective span so much that most would crowd at one end."""
    values = points.F[points.best, m]
    return can_be_log(points, m) and bool(values.max() > WIDE * values.min())


def is_log(points: FrontPoints, m: int, scale: str) -> bool:
    """Whether an axis is logarithmic, given the state's `scale`."""
    return is_wide(points, m) if scale == "auto" else scale == "log" and can_be_log(points, m)
