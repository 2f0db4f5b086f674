"""`cell-day`: answers over the air, as `slit wireless` has them."""

from benchmarks.registry import Case
from slit.errors import SlitError
from slit.papers.aolo.agents import check_extra
from slit.papers.aolo.requests import CellDay, load_cell_day


def build(name: str = "cell-day") -> CellDay:
    """A built-in cell-day."""
    return load_cell_day(name)


def missing() -> str:
    """What learning agents need and is not installed, or nothing."""
    try:
        check_extra()
    except SlitError as error:
        return str(error)
    return ""


CELL_DAY = Case(
    "cell-day", "5,204 requests over the air (built in)", build, frozenset({"learn"}), missing
)
