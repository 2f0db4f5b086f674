"""`world-quarters`: world-day by the quarter of an hour."""

from benchmarks.cases.scaled_world import between_hours, with_genes
from benchmarks.registry import Case
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario


def build() -> Scenario:
    """The signals and requests of world-day, interpolated between its hours."""
    quarters = between_hours(load_scenario("world-day"), parts=4)
    return with_genes(quarters, 9600, name="world-quarters")


WORLD_QUARTERS = Case(
    "world-quarters",
    "world-day in 96 epochs of 15 minutes, about 10,000 genes (interpolated between hours)",
    build,
    frozenset({"bound", "compile", "evaluate", "moves", "optimize", "stability"}),
)
