"""Records of pools of nodes, and of how they are run whatever the plan."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from slit.scenario.records import Name, Record, quantity, text

EVERY = "*"
"""Stands for every variant that is not stated by its name."""

NodeCounts = dict[Name, Annotated[int, Field(strict=True, ge=0, le=10_000_000)]]
"""Nodes by variant."""


def of_every(value: Any) -> Any:
    """One figure for all variants, as figures by variant."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return {EVERY: value} if plain else value


class MoveCost(Record):
    """What one node start costs besides loading weights."""

    kwh: float = quantity(
        "IT energy, in the epoch and datacenter of the start", "kWh", default=0.0, ge=0, le=1e4
    )
    usd: float = quantity("money", "USD", default=0.0, ge=0, le=1e6)


def _cost_of_every(value: Any) -> Any:
    """One cost for all variants, as costs by variant."""
    fields = MoveCost.model_fields
    plain = isinstance(value, MoveCost) or (
        isinstance(value, dict)
        and any(name in fields and not isinstance(each, dict) for name, each in value.items())
    )
    return {EVERY: value} if plain else value


MoveCosts = Annotated[dict[Name, MoveCost], BeforeValidator(_cost_of_every)]
"""By variant."""


NodeHours = Annotated[
    dict[Name, Annotated[float, Field(strict=True, ge=0, le=10_000)]], BeforeValidator(of_every)
]
"""Hours by variant."""


class Operation(Record):
    """How the fleet is run, whatever the plan."""

    warm_nodes: Annotated[NodeCounts, BeforeValidator(of_every)] = text(
        "nodes that are active with a variant in every epoch, with or without requests: of every "
        'variant, or by variant ("*" for the others); in each pool that can serve it, unless its '
        "own warm_nodes state the variant",
        default_factory=dict,
    )
    move_cost: MoveCosts = text(
        "what a node start costs: { kwh = , usd = } of every variant, or such a cost by variant "
        '("*" for the others); unless the own move_cost of a pool states the variant',
        default_factory=dict,
    )
    min_up_hours: NodeHours = text(
        "hours that a node stays active once it has started, with or without requests: of every "
        "variant, or by variant; unless the own min_up_hours of a pool state the variant",
        default_factory=dict,
    )
    min_down_hours: NodeHours = text(
        "hours that a node stays inactive once it has stopped serving a variant: of every "
        "variant, or by variant; unless the own min_down_hours of a pool state the variant",
        default_factory=dict,
    )
    today: str | None = text(
        "table of today's routing: a plan to compare with, which others follow", default=None
    )


class NodePool(Record):
    """Identical nodes inside one datacenter."""

    name: Name = text("name")
    datacenter: Name = text("name of the datacenter")
    node_type: Name = text("name of the node type")
    nodes: int = quantity("nodes of the pool", "1", ge=0, le=10_000_000)
    off_nodes: int = quantity(
        "nodes that are off where they are not needed; the others stay powered",
        "1",
        default=0,
        ge=0,
        le=10_000_000,
    )
    committed_nodes: int = quantity(
        "nodes that are owned or committed: they cost their rent whether used or not, the others "
        "only where active",
        "1",
        default=0,
        ge=0,
        le=10_000_000,
    )
    initial_nodes: NodeCounts = text(
        "nodes that hold a variant before the first epoch, by variant", default_factory=dict
    )
    warm_nodes: NodeCounts = text(
        "nodes that are active with a variant in every epoch, with or without requests, by variant",
        default_factory=dict,
    )
    move_cost: MoveCosts = text(
        "what a node start costs: { kwh = , usd = } of every variant, or such a cost by variant",
        default_factory=dict,
    )

    min_up_hours: NodeHours = text(
        "hours that a node stays active once it has started, of every variant or by variant",
        default_factory=dict,
    )
    min_down_hours: NodeHours = text(
        "hours that a node stays inactive once it has stopped, of every variant or by variant",
        default_factory=dict,
    )

    @model_validator(mode="after")
    def _holds_its_nodes(self) -> "NodePool":
        for name in ("initial_nodes", "warm_nodes"):
            held = sum(getattr(self, name).values())
            if held > self.nodes:
                raise ValueError(
                    f"{name}: {held}, expected at most {self.nodes} (nodes of the pool)"
                )
        for name in ("off_nodes", "committed_nodes"):
            if getattr(self, name) > self.nodes:
                raise ValueError(
                    f"{name}: {getattr(self, name)}, expected at most {self.nodes} (nodes of the "
                    "pool)"
                )
        return self
