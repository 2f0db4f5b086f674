"""A small plan with shares known by hand, and what it takes to export it."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from slit.export.files import Rounding, epoch_rules, round_plan
from slit.export.mapping import Mapping, mapping_text, read_mapping
from slit.export.routes import PlanRoutes, Provenance, plan_routes
from slit.export.rules import EpochRules
from slit.export.targets import TARGETS
from slit.ledger import Ledger, write_ledger
from slit.objectives import DEFAULT, find
from slit.problem import compile_problem
from slit.problem.placements import placements_of
from slit.problem.shares import round_shares
from slit.scenario.load import load_scenario
from slit.scenario.records import Resolution

SHARES = {  # of epoch, origin and class at sunny/small, sunny/large, windy/small, windy/large
    (0, "east", "chat"): (0.50, 0.125, 0.375, 0.0),
    (0, "west", "chat"): (0.70, 0.0, 0.30, 0.0),
    (0, "west", "code"): (0.0, 0.0, 1.0, 0.0),
    (1, "east", "chat"): (0.15, 0.0, 0.85, 0.0),
    (1, "west", "chat"): (0.0, 1 / 3, 2 / 3, 0.0),
    (1, "west", "code"): (0.25, 0.75, 0.0, 0.0),
}
NAMES = tuple(each.name for each in TARGETS)


@cache
def small_ledger() -> Ledger:
    """The ledger of that plan on `tiny`, in chunks that hold its shares nearly."""
    scenario = replace(load_scenario("tiny"), resolution=Resolution(genes=4800))
    problem = compile_problem(scenario)
    placed = [
        f"{scenario.datacenters[each.datacenter].name}/{scenario.variants[each.variant].name}"
        for each in placements_of(scenario)
    ]
    columns = ["sunny/small", "sunny/large", "windy/small", "windy/large"]
    order = [columns.index(name) for name in placed]
    shares = np.array(
        [
            SHARES[
                int(problem.group_epoch[j]),
                scenario.origins[problem.group_origin[j]].name,
                scenario.classes[problem.group_class[j]].name,
            ]
            for j in range(problem.groups)
        ]
    )[:, order]
    return write_ledger(round_shares(problem, shares), problem, scenario)


def small_routes() -> PlanRoutes:
    """Its routes, with made-up hashes."""
    return plan_routes(small_ledger(), Provenance("tiny", "a" * 64, 7, "by hand", "b" * 64))


@cache
def small_rounding() -> Rounding:
    """It, on the grid of every gateway."""
    return round_plan(small_ledger(), NAMES, find(DEFAULT), tolerance=1e9)


def small_mapping(folder: Path) -> Mapping:
    """The mapping that slit writes for it."""
    file = folder / "mapping.toml"
    file.write_text(mapping_text(small_ledger().scenario))
    return read_mapping(file)


def small_rules(target: str, mapping: Mapping, *, epoch: int = 0) -> EpochRules:
    """The lists of an epoch for a gateway."""
    rounding, routes = small_rounding(), small_routes()
    rounded = next(each for each in rounding.found if each.target.name == target)
    return epoch_rules(
        small_ledger(), routes, rounded, rounding.backends, mapping, routes.epochs[epoch]
    )
