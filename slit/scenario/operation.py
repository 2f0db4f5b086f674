"""How the fleet is run whatever the plan: nodes that stay warm, what a start costs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from slit.errors import SlitError, did_you_mean
from slit.scenario.fit import misfit, pairs
from slit.scenario.pools import EVERY, Operation, of_every
from slit.scenario.scenario import Scenario

X = TypeVar("X")


def operate(scenario: Scenario, operation: Operation) -> Scenario:
    """The scenario with what is stated for every pool written into the pools.

    What a pool states itself of a variant counts instead. Raises SlitError for what cannot be.
    """
    pools = scenario.pools
    for field in ("move_cost", "min_up_hours", "min_down_hours"):
        figures = getattr(operation, field)
        if figures:
            spread = _spread(scenario, figures, f"operation.{field}")
            pools = tuple(
                pool
                if EVERY in getattr(pool, field)
                else pool.model_copy(update={field: here | getattr(pool, field)})
                for pool, here in zip(pools, spread, strict=True)
            )
    return keep_warm(replace(scenario, pools=pools), operation.warm_nodes)


def keep_warm(scenario: Scenario, everywhere: Mapping[str, int]) -> Scenario:
    """The scenario with nodes, by variant, that stay warm in every pool that can serve it.

    `EVERY` stands for each variant that is not named. What a pool states of a variant counts
    instead. Raises SlitError for unknown variants, and where a pool has fewer nodes.
    """
    return _keeping(scenario, everywhere, "operation.warm_nodes", lambda stated, _: stated)


def keep_warm_at_least(scenario: Scenario, everywhere: int | Mapping[str, int]) -> Scenario:
    """As `keep_warm`, of every variant where one number is given; what pools state counts where it
    is more."""
    counts = of_every(everywhere)
    if not isinstance(counts, Mapping):
        raise SlitError(f"warm nodes: {counts!r}, expected a number, or numbers by variant")
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            said = f"{count!r}" if name == EVERY else f"{count!r} of {name}"
            raise SlitError(f"warm nodes: {said}, expected a whole number of nodes >= 0")
    return _keeping(scenario, counts, "warm nodes", max)


def warm_note(scenario: Scenario) -> str | None:
    """What is to be said of nodes that stay warm, None if there are none."""
    totals = {variant.name: 0 for variant in scenario.variants}
    for pool in scenario.pools:
        for name, count in pool.warm_nodes.items():
            totals[name] += count
    if not any(totals.values()):
        return None
    pools = sum(any(pool.warm_nodes.values()) for pool in scenario.pools)
    nodes = sum(pool.nodes for pool in scenario.pools)
    parts = ", ".join(f"{count} {name}" for name, count in totals.items() if count)
    return (
        f"warm in every epoch, with or without requests: {sum(totals.values())} of {nodes} nodes, "
        f"in {pools} of {len(scenario.pools)} pools ({parts})"
    )


def states_note(scenario: Scenario) -> str | None:
    """What is to be said of nodes that are committed and of those that may be off; None where all
    are on demand and none is ever off."""
    nodes = sum(pool.nodes for pool in scenario.pools)
    parts = []
    committed = [pool for pool in scenario.pools if pool.committed_nodes]
    if committed and scenario.accounting.rental:
        kinds = {kind.name: kind for kind in scenario.node_types}
        hourly = 0.0
        for pool in committed:
            kind = kinds[pool.node_type]
            rent = kind.committed_usd_per_hour
            hourly += pool.committed_nodes * (kind.rental_usd_per_hour if rent is None else rent)
        hours = scenario.horizon.epochs * scenario.horizon.epoch_seconds / 3600
        count = sum(pool.committed_nodes for pool in committed)
        parts.append(
            f"{count} of {nodes} committed, {hourly * hours:,.0f} USD whether used or not, the "
            "others on demand"
        )
    off = sum(pool.off_nodes for pool in scenario.pools)
    if off:
        parts.append(f"{off} of {nodes} off while not needed, the others idle")
    return f"nodes: {'; '.join(parts)}" if parts else None


def _keeping(
    scenario: Scenario,
    everywhere: Mapping[str, int],
    said: str,
    joined: Callable[[int, int], int],
) -> Scenario:
    """`joined` makes one of what a pool states and what is asked for everywhere."""
    pools = []
    for pool, counts in zip(scenario.pools, _spread(scenario, everywhere, said), strict=True):
        own = pool.warm_nodes
        warm = own | {
            name: joined(own[name], count) if name in own else count
            for name, count in counts.items()
        }
        if sum(warm.values()) > pool.nodes:
            parts = ", ".join(f"{count} {name}" for name, count in warm.items() if count)
            raise SlitError(
                f"pools.{pool.name}.warm_nodes: {sum(warm.values())} ({parts}), expected at most "
                f"{pool.nodes} (nodes of the pool; {said} counts for every variant in each pool "
                "that can serve it: fewer, or of some variants)"
            )
        pools.append(pool if warm == own else pool.model_copy(update={"warm_nodes": warm}))
    kept = replace(scenario, pools=tuple(pools))
    check_warm_nodes(kept)
    return kept


def _spread(scenario: Scenario, everywhere: Mapping[str, X], said: str) -> list[dict[str, X]]:
    """For each pool what is stated of the variants that it can serve. SlitError for unknown
    variants."""
    names = [variant.name for variant in scenario.variants]
    for name in everywhere:
        if name not in (*names, EVERY):
            raise SlitError(
                f"{said}: {name!r}, expected one of {', '.join(names)}{did_you_mean(name, names)}"
            )
    figures = dict(everywhere)
    if EVERY in figures:
        figures = dict.fromkeys(names, figures.pop(EVERY)) | figures
    able = _able(scenario)
    return [
        {name: figure for name, figure in figures.items() if (q, name) in able}
        for q in range(len(scenario.pools))
    ]


def check_warm_nodes(scenario: Scenario) -> None:
    """Raise SlitError for warm nodes of a variant that its pool cannot serve."""
    able = _able(scenario)
    for q, pool in enumerate(scenario.pools):
        for name, count in pool.warm_nodes.items():
            if count and (q, name) not in able:
                served = [variant for own, variant in sorted(able) if own == q]
                raise SlitError(
                    f"pools.{pool.name}.warm_nodes: {count} {name}, expected variants that the "
                    f"pool can serve ({', '.join(served) or 'it serves none'})"
                )


def _able(scenario: Scenario) -> set[tuple[int, str]]:
    """Pools, by index, and names of variants that they can serve."""
    share = scenario.accounting.memory_share
    return {
        (pair.pool, variant.name)
        for pair in pairs(scenario)
        for variant in [scenario.variants[pair.variant]]
        if misfit(pair.service, pair.node_type, variant, share) is None
    }
