"""The fleet that can grow: a scenario with a pool for every row of a catalog."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from operators.types import Floats, Longs
from slit.growth.catalog import CatalogRow
from slit.scenario.pools import NodePool
from slit.scenario.scenario import Scenario, Signals


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """Q pools, those of new rows last: I rows of the catalog.

    scenario: with the new datacenters, and every pool at least one node large. nodes (Q,): as they
    are today, 0 in new pools. pool_of (I,): the pool that a row adds to. off (Q,): whether nodes
    that come or go are among those that are off where not needed. leave (Q,): nodes that can go.
    """

    scenario: Scenario
    rows: tuple[CatalogRow, ...]
    nodes: Longs
    pool_of: Longs
    off: Longs
    leave: Longs

    def grown(self, change: Longs) -> Scenario:
        """The scenario with `change` (Q,) nodes more, without what stays empty."""
        pools = []
        for pool, before, more, off in zip(
            self.scenario.pools, self.nodes, change, self.off, strict=True
        ):
            nodes = int(before + more)
            if nodes > 0 or before > 0:
                off_nodes = pool.off_nodes + int(more) if off else pool.off_nodes
                pools.append(pool.model_copy(update={"nodes": nodes, "off_nodes": off_nodes}))
        used = {pool.datacenter for pool in pools}
        today = {self.scenario.pools[q].datacenter for q in np.flatnonzero(self.nodes)}
        fresh = {row.datacenter for row in self.rows if row.like is not None} - today
        return _without(self.scenario, fresh - used, tuple(pools))


def build_fleet(scenario: Scenario, rows: Sequence[CatalogRow]) -> Fleet:
    """The fleet of a scenario and a checked catalog."""
    wider = scenario
    for name, like in {row.datacenter: row.like for row in rows if row.like}.items():
        wider = _with_site(wider, name, str(like))
    pools = list(wider.pools)
    place = {(pool.node_type, pool.datacenter): q for q, pool in reversed([*enumerate(pools)])}
    names = {pool.name for pool in pools}
    pool_of = []
    for row in rows:
        key = row.node_type, row.datacenter
        if key not in place:
            place[key] = len(pools)
            name = f"{row.datacenter}-{row.node_type}"
            while name in names:
                name += "-new"
            names.add(name)
            pools.append(
                NodePool(name=name, datacenter=row.datacenter, node_type=row.node_type, nodes=0)
            )
        pool_of.append(place[key])
    nodes = np.array([pool.nodes for pool in pools], np.int64)
    off = np.array([pool.off_nodes > 0 for pool in pools], np.int64)
    standing = [pool.model_copy(update={"nodes": max(pool.nodes, 1)}) for pool in pools]
    return Fleet(
        scenario=replace(wider, pools=tuple(standing)),
        rows=tuple(rows),
        nodes=nodes,
        pool_of=np.array(pool_of, np.int64),
        off=off,
        leave=np.array([_leaving(pool) for pool in pools], np.int64),
    )


def even_spread(fleet: Fleet, count: int) -> Longs:
    """(I,): `count` nodes spread evenly over the rows, the first ones taking what is left over, and
    no row more than it can have."""
    most = np.array([row.most for row in fleet.rows], np.int64)
    added = np.zeros(len(most), np.int64)
    left = min(count, int(most.sum()))
    while left > 0:
        open_rows = np.flatnonzero(added < most)
        if left < len(open_rows):
            # Every so many rows, so that what is left over does not all go to the first places.
            open_rows = open_rows[np.arange(left) * len(open_rows) // left]
        added[open_rows] += 1
        left -= len(open_rows)
    return added


def change_of(fleet: Fleet, added: Longs, retired: Longs | None = None) -> Longs:
    """(Q,): nodes more in each pool, from nodes added by row (I,) and retired by pool (Q,)."""
    change = np.bincount(fleet.pool_of, added, len(fleet.nodes)).astype(np.int64)
    return change if retired is None else change - retired


def _leaving(pool: NodePool) -> int:
    held = max(sum(pool.initial_nodes.values()), sum(pool.warm_nodes.values()))
    room = pool.nodes - max(held, pool.committed_nodes)
    return max(min(room, pool.off_nodes) if pool.off_nodes else room, 0)


def _with_site(scenario: Scenario, name: str, like: str) -> Scenario:
    """With a datacenter that has the signals of another, without its panels."""
    d = [center.name for center in scenario.datacenters].index(like)
    signals: dict[str, Floats] = {}
    for each in fields(Signals):
        table = getattr(scenario.signals, each.name)
        column = np.zeros_like(table[:, d]) if each.name == "renewable" else table[:, d]
        signals[each.name] = np.column_stack([table, column])
    residency = tuple(
        rule.model_copy(update={"datacenters": (*rule.datacenters, name)})
        if like in rule.datacenters
        else rule
        for rule in scenario.residency
    )
    return replace(
        scenario,
        datacenters=(
            *scenario.datacenters, scenario.datacenters[d].model_copy(update={"name": name}),
        ),
        signals=Signals(**signals),
        accounts=(),
        account_carbon=np.zeros((0, 0, 0)),
        round_trip_s=np.column_stack([scenario.round_trip_s, scenario.round_trip_s[:, d]]),
        residency=residency,
    )  # fmt: skip


def _without(scenario: Scenario, names: set[str], pools: tuple[NodePool, ...]) -> Scenario:
    """With these pools and without these datacenters."""
    kept = [d for d, center in enumerate(scenario.datacenters) if center.name not in names]
    signals = {each.name: getattr(scenario.signals, each.name)[:, kept] for each in fields(Signals)}
    residency = tuple(
        rule.model_copy(
            update={"datacenters": tuple(n for n in rule.datacenters if n not in names)}
        )
        for rule in scenario.residency
    )
    return replace(
        scenario,
        pools=pools,
        datacenters=tuple(scenario.datacenters[d] for d in kept),
        signals=Signals(**signals),
        accounts=(),
        account_carbon=np.zeros((0, 0, 0)),
        round_trip_s=scenario.round_trip_s[:, kept],
        residency=residency,
    )
