"""`tiny`: small enough to enumerate, with everything that binds."""

from benchmarks.registry import Case
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario


def build() -> Scenario:
    """The built-in scenario."""
    return load_scenario("tiny")


TINY = Case(
    "tiny",
    "2 datacenters, 2 hours, 9 genes (built in)",
    build,
    frozenset({"bound", "compile", "enumerate", "evaluate", "moves", "optimize", "stability"}),
)
