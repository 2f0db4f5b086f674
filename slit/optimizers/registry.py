"""Optimizers by name. Their modules are imported only when one is made."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from importlib import import_module
from typing import Any

from numpy.random import Generator

from operators.types import Genes
from slit.errors import SlitError, did_you_mean
from slit.optimizers.protocol import Optimizer, Setup, Task


class OptimizerKind(StrEnum):
    """What an optimizer is for."""

    SEARCH = "search"
    REFERENCE = "reference"
    BASELINE = "baseline"
    RIVAL = "rival"


@dataclass(frozen=True, slots=True)
class OptimizerEntry:
    """One optimizer: `module` has `Settings` and `build(setup)`; `line` says what it is.

    A search for which no budget is given ends after `evaluations`, or, where `moves` is not 0,
    after so many moves for each gene, and MOVES_PER_PLACEMENT for each placement where those are
    more; and, where `stagnation` is not 0, after so many evaluations that hardly helped.
    """

    name: str
    kind: OptimizerKind
    module: str
    line: str
    evaluations: int = 20_000
    moves: int = 0
    stagnation: int = 0


DEFAULT_OPTIMIZER = "slit"

MOVES_PER_PLACEMENT = 90
"""Moves of a gene for each placement: a descent looks at all of them, so that where there are many
(world-2026: 380) a budget by genes alone would end after few descents."""

_HERE = "slit.optimizers."
_GREEDY = _HERE + "greedy"
_SLIT = _HERE + "metaheuristic."

CATALOG: tuple[OptimizerEntry, ...] = (
    OptimizerEntry(
        "slit",
        OptimizerKind.SEARCH,
        _SLIT + "search",
        "local search recombined by epochs",
        moves=15_000,
        stagnation=2_500,
    ),
    OptimizerEntry(
        "slit-paper",
        OptimizerKind.SEARCH,
        _SLIT + "paper",
        "SLIT as its paper describes it",
        moves=15_000,
    ),
    OptimizerEntry("nsga2", OptimizerKind.SEARCH, _HERE + "nsga2", "NSGA-II in compiled code"),
    OptimizerEntry(
        "pymoo-nsga2", OptimizerKind.SEARCH, _HERE + "pymoo_adapter", "NSGA-II of pymoo"
    ),
    OptimizerEntry(
        "pymoo-nsga3", OptimizerKind.SEARCH, _HERE + "pymoo_adapter", "NSGA-III of pymoo"
    ),
    OptimizerEntry(
        "pymoo-agemoea2", OptimizerKind.SEARCH, _HERE + "pymoo_adapter", "AGE-MOEA-II of pymoo"
    ),
    OptimizerEntry(
        "deap-nsga2", OptimizerKind.SEARCH, _HERE + "deap_adapter", "NSGA-II with DEAP's selection"
    ),
    OptimizerEntry(
        "exact",
        OptimizerKind.SEARCH,
        _HERE + "exact.search",
        "all efficient plans, small scenarios",
    ),
    OptimizerEntry(
        "lexicographic",
        OptimizerKind.REFERENCE,
        _HERE + "lexicographic",
        "one objective after the other",
    ),
    OptimizerEntry(
        "nearest", OptimizerKind.BASELINE, _HERE + "nearest", "the closest datacenter with room"
    ),
    OptimizerEntry(
        "round_robin", OptimizerKind.BASELINE, _HERE + "round_robin", "the datacenters in turn"
    ),
    OptimizerEntry(
        "random", OptimizerKind.BASELINE, _HERE + "random_plan", "any placement with room"
    ),
    OptimizerEntry(
        "greedy_carbon",
        OptimizerKind.BASELINE,
        _GREEDY,
        "the least carbon per request, hour by hour",
    ),
    OptimizerEntry(
        "greedy_cost", OptimizerKind.BASELINE, _GREEDY, "the least energy cost per request"
    ),
    OptimizerEntry("greedy_water", OptimizerKind.BASELINE, _GREEDY, "the least water per request"),
    OptimizerEntry(
        "splitwise", OptimizerKind.RIVAL, _HERE + "splitwise", "shortest queue (a reconstruction)"
    ),
    OptimizerEntry(
        "helix", OptimizerKind.RIVAL, _HERE + "helix", "maximum flow of tokens (a reconstruction)"
    ),
    OptimizerEntry(
        "casper", OptimizerKind.RIVAL, _HERE + "casper", "carbon within the SLO (a reconstruction)"
    ),
)

_registered: dict[str, OptimizerEntry] = {entry.name: entry for entry in CATALOG}


def register(entry: OptimizerEntry) -> OptimizerEntry:
    """Make an optimizer available by its name. Raises SlitError if the name is taken."""
    if _registered.setdefault(entry.name, entry) != entry:
        raise SlitError(f"optimizer: {entry.name!r} twice, expected a name of its own")
    return entry


def available(*kinds: OptimizerKind) -> tuple[OptimizerEntry, ...]:
    """All optimizers, or those of the given kinds."""
    return tuple(entry for entry in _registered.values() if not kinds or entry.kind in kinds)


def find(name: str) -> OptimizerEntry:
    """The optimizer called `name`; SlitError listing the known ones if there is none."""
    if name not in _registered:
        known = ", ".join(_registered) + did_you_mean(name, _registered)
        raise SlitError(f"optimizer: {name!r}, expected one of {known}")
    return _registered[name]


def default_settings(name: str, **changes: Any) -> Any:
    """The settings of an optimizer (a frozen dataclass) with the changes that are not None.

    Raises SlitError for a setting that this optimizer does not have.
    """
    settings = import_module(find(name).module).Settings()
    known = [field.name for field in fields(settings)]
    wanted = {field: value for field, value in changes.items() if value is not None}
    for field in wanted:
        if field not in known:
            listed = ", ".join(known) or "none"
            near = did_you_mean(field, known)
            said = f"expected one of its settings ({listed}){near}"
            raise SlitError(f"{name}: setting {field!r}, {said}")
    return replace(settings, **wanted)


def make_optimizer(
    name: str,
    task: Task,
    *,
    rng: Generator,
    settings: object | None = None,
    start: Genes | None = None,
) -> Optimizer:
    """A new optimizer for a task.

    `start` (S, G) are plans that a search begins with, beside its own. Raises SlitError for an
    unknown name, or if `start` is given to an optimizer that does not search.
    """
    entry = find(name)
    if start is not None and entry.kind is not OptimizerKind.SEARCH:
        raise SlitError(f"start plan: {name} makes one plan of its own, expected a search")
    chosen = default_settings(name) if settings is None else settings
    built: Optimizer = import_module(entry.module).build(Setup(name, task, chosen, rng, start))
    return built
