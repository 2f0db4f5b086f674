"""What callers may give in several forms."""

from collections.abc import Sequence
from datetime import date
from os import PathLike
from pathlib import Path

from slit.errors import SlitError
from slit.objectives import DEFAULT, Objective, find, load_plugin
from slit.optimizers.registry import OptimizerKind
from slit.optimizers.registry import find as find_optimizer
from slit.scenario.accounts import under
from slit.scenario.load import load_scenario
from slit.scenario.routing_table import with_today_file
from slit.scenario.scenario import Scenario
from slit.stop import Stop

Objectives = Sequence[str | Objective]
"""Objectives by name or as objects, mixed as one likes."""


def names_of(objectives: Objectives | None) -> tuple[str, ...] | None:
    """Their names; objects are known by them afterwards. None, or no objective, stays None."""
    return tuple(objective.name for objective in find(objectives)) if objectives else None


def objective_names(objectives: Objectives | None, plugin: str | Path | None) -> tuple[str, ...]:
    """The objectives asked for; by default the usual ones and those of the plug-in, which is
    loaded."""
    loaded = load_plugin(plugin) if plugin is not None else ()
    own = (objective.name for objective in loaded)
    return names_of(objectives) or tuple(dict.fromkeys((*DEFAULT, *own)))


def scenario_of(
    scenario: Scenario | str | PathLike[str],
    start: str | date | None,
    hours: float | None,
    today: str | PathLike[str] | None = None,
    *,
    account: str | None = None,
) -> Scenario:
    """A scenario, of a name or file or as it was loaded, at a time if one is given, with today's
    routing from a file if there is one, its carbon counted by an account if one is named.

    Raises SlitError.
    """
    found = scenario
    if not isinstance(found, Scenario):
        found = load_scenario(found, start=start, hours=hours)
    elif start is not None or hours is not None:
        found = found.window(start=start, hours=hours)
    if account is not None:
        found = under(found, account)
    return found if today is None else routed_today(found, today)


def routed_today(scenario: Scenario, file: str | PathLike[str]) -> Scenario:
    """The scenario with today's routing from a file. Raises SlitError."""
    try:
        return with_today_file(scenario, Path(file))
    except SlitError as error:
        raise SlitError(f"today: {error}") from None


def check_budget(optimizer: str, stop: Stop) -> None:
    """Raise SlitError for a budget of an optimizer that makes one plan: it would change nothing."""
    if stop.limited and find_optimizer(optimizer).kind is not OptimizerKind.SEARCH:
        raise SlitError(f"budget: given to {optimizer}, which makes one plan, expected none")
