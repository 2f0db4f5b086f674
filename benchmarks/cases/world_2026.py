"""`world-2026`: the fleet of today."""

from benchmarks.registry import Case
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario


def build() -> Scenario:
    """The built-in scenario."""
    return load_scenario("world-2026")


WORLD_2026 = Case(
    "world-2026",
    "H100, B200 and A100 nodes, nine variants at several batches, 380 placements (built in)",
    build,
    frozenset({"bound", "compile", "evaluate", "moves", "optimize", "stability"}),
)
