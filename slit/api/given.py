"""What callers may give in several forms."""

from datetime import date
from os import PathLike

from slit.errors import SlitError
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario


def scenario_of(
    scenario: Scenario | str | PathLike[str], start: str | date | None, hours: float | None
) -> Scenario:
    """A scenario, or the one of a name or file at another time. Raises SlitError."""
    if not isinstance(scenario, Scenario):
        return load_scenario(scenario, start=start, hours=hours)
    if start is not None or hours is not None:
        raise SlitError("start, hours: expected with the name or file of a scenario only")
    return scenario
