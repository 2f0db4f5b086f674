"""`world-day`: the default scenario."""

from benchmarks.registry import Case
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario


def build() -> Scenario:
    """The built-in scenario."""
    return load_scenario("world-day")


WORLD_DAY = Case(
    "world-day",
    "14 regions, a typical October day by the hour, about 2,000 genes (built in)",
    build,
    frozenset({"bound", "compile", "evaluate", "moves", "optimize", "stability"}),
)
