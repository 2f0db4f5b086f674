"""How the fleet is run whatever the plan: nodes that stay warm."""

from collections.abc import Mapping
from dataclasses import replace

from slit.errors import SlitError
from slit.scenario.fit import misfit, pairs
from slit.scenario.scenario import Scenario, known


def keep_warm(scenario: Scenario, everywhere: Mapping[str, int]) -> Scenario:
    """The scenario with nodes, by variant, that stay warm in every pool that can serve it.

    What a pool states of a variant counts instead. Raises SlitError for unknown variants, and
    where a pool has fewer nodes.
    """
    for name in everywhere:
        known("operation", "warm_nodes", "variant", name, scenario.variants)
    able, pools = _able(scenario), list(scenario.pools)
    for q, pool in enumerate(pools):
        added = {name: count for name, count in everywhere.items() if (q, name) in able}
        warm = added | pool.warm_nodes
        if sum(warm.values()) > pool.nodes:
            parts = ", ".join(f"{count} {name}" for name, count in warm.items() if count)
            raise SlitError(
                f"pools.{pool.name}.warm_nodes: {sum(warm.values())} ({parts}), expected at most "
                f"{pool.nodes} (nodes of the pool; operation.warm_nodes counts for every variant "
                "in each pool that can serve it)"
            )
        if warm != pool.warm_nodes:
            pools[q] = pool.model_copy(update={"warm_nodes": warm})
    kept = replace(scenario, pools=tuple(pools))
    check_warm_nodes(kept)
    return kept


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
