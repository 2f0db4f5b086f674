"""The linear relaxation of one epoch, as arrays (model.md section 5).

The decision is the share of each request group at each placement. Active nodes are the nodes that
the work needs plus a surplus in [0, 1] (rounding up), so they need no columns of their own; surplus
and prewarmed nodes get columns only where more energy may help: where some objective has a
negative coefficient. What changes with the active nodes of a pool from some number on (nodes that
were off, nodes on demand) gets a column for the nodes beyond it. Grid energy gets a column only
where on-site renewables may cover a part of the load but not all of it; everywhere else it is
linear in the load.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from scipy import sparse

from operators.types import Bools, Floats, Integers, Ints, Longs
from slit.lp.rows import Rows
from slit.lp.solver import LinearModel
from slit.problem import Problem, Start
from slit.relaxation.nodes_beyond import NodesBeyond, nodes_beyond
from slit.relaxation.terms import RelaxedTerms


@dataclass(frozen=True, slots=True, eq=False)
class Subproblem:
    """One epoch's program: K columns, M objectives, D datacenters, P placements.

    Rows: one per group (its shares sum to 1), then `pools` (active nodes within capacity), then
    the others. All columns are >= 0; shares come first, in the order of their groups.
    """

    epoch: int
    first_group: int
    groups: int
    group: Ints  # (shares,) group of each share, counted from first_group
    share_start: Ints  # (groups,) first share of each group
    placement: Ints  # (K,) -1 where the column is grid energy, or nodes beyond a number of a pool
    center: Ints  # (K,) datacenter
    nodes: Floats  # (K,) active nodes of a unit
    upper: Floats  # (K,) bound that holds even where the program does not state it
    values: Floats  # (M, K) what a unit adds to each objective
    constant: Floats  # (M, D) what each datacenter adds whatever the plan
    matrix: sparse.csc_array[np.float64]  # (rows, K) without the rows of the groups
    row_lower: Floats
    row_upper: Floats
    pools: Ints  # the pools whose capacity can bind, one row each
    mixed: Ints  # datacenters with a grid column, and a row each after those of the pools
    follows: Bools  # (D,) where grid energy is load less renewables whatever the plan

    def model(self, columns: Integers | None = None) -> LinearModel:
        """The program for HiGHS with no cost, whole or with some columns (k,), ascending."""
        if columns is None:
            columns = np.arange(len(self.placement))
        shares = int(np.searchsorted(columns, len(self.group)))
        sums = sparse.csc_array(
            (
                np.ones(shares),
                self.group[columns[:shares]],
                np.minimum(np.arange(len(columns) + 1), shares),
            ),
            shape=(self.groups, len(columns)),
        )
        upper = self.upper[columns]
        upper[:shares] = np.inf  # implied by the rows of the groups
        matrix = self.matrix[:, columns]
        return LinearModel(
            cost=np.zeros(len(columns)),
            lower=np.zeros(len(columns)),
            upper=upper,
            matrix=sparse.csc_array(sparse.vstack([sums, matrix], format="csc")),
            row_lower=np.concatenate([np.ones(self.groups), self.row_lower]),
            row_upper=np.concatenate([np.ones(self.groups), self.row_upper]),
        )

    def content(self) -> bytes:
        """What solving it depends on: all but which epoch and groups it stands for."""
        matrix = self.matrix
        tables = (
            self.group, self.share_start, self.placement, self.center, self.nodes, self.upper,
            self.values, self.constant, matrix.indptr, matrix.indices, matrix.data,
            self.row_lower, self.row_upper, self.pools, self.mixed, self.follows,
        )  # fmt: skip
        shapes = [(table.shape, table.dtype.str) for table in tables]
        return b"".join([repr(shapes).encode(), *(table.tobytes() for table in tables)])


def first_alike(programs: Sequence[Subproblem]) -> tuple[int, ...]:
    """For each program the position of the first one whose solutions have the same bits."""
    first: dict[bytes, int] = {}
    return tuple(
        first.setdefault(sha256(program.content()).digest(), t)
        for t, program in enumerate(programs)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Shares, then surplus nodes: what a unit of each stands for."""

    group: Ints  # -1 for surplus
    placement: Ints
    nodes: Floats
    energy: Floats  # kWh of IT energy beyond standby
    prewarmed: Bools


@dataclass(frozen=True, slots=True, eq=False)
class _Sites:
    """How grid energy follows the load at each datacenter, (D,) each."""

    standby: Floats  # kWh of facility energy with no node active
    most: Floats  # kWh of facility energy that no plan exceeds
    follows: Bools  # grid = load - renewable
    mixed: Bools  # neither always that nor always 0
    helpful: Bools  # more energy may help some objective
    bought_helpful: Bools  # buying more may help some objective


def build_epoch(
    problem: Problem, terms: RelaxedTerms, epoch: int, *, all_surplus: bool = False
) -> Subproblem:
    """The arrays of one epoch's relaxation.

    With `all_surplus` every placement has a column of surplus nodes, whether it may help or not;
    placements with warm nodes always have one, as a row keeps their nodes at that number or above.
    So nodes are at least the larger of work and warm ones, as in every plan; what rounding up costs
    beyond that stays out.
    """
    first, last = int(problem.epoch_group[epoch]), int(problem.epoch_group[epoch + 1])
    sites = _sites(problem, terms, epoch)
    columns = _columns(problem, terms, epoch, sites, all_surplus=all_surplus)
    beyond = nodes_beyond(problem, terms)
    values, constant = _values(problem, terms, epoch, sites, columns, beyond)
    mixed = np.flatnonzero(sites.mixed).astype(np.int32)
    shares = int(np.count_nonzero(columns.group >= 0))
    matrix, row_lower, row_upper, pools = _rows(problem, epoch, sites, columns, mixed, beyond)
    group = columns.group[:shares]
    center = problem.placement_datacenter[columns.placement]
    upper = np.where(columns.group < 0, most_surplus(problem)[columns.placement], 1.0)
    bought = np.maximum(sites.most - problem.renewable[epoch], 0.0)[mixed]
    return Subproblem(
        epoch=epoch,
        first_group=first,
        groups=last - first,
        group=group,
        share_start=np.searchsorted(group, np.arange(last - first)).astype(np.int32),
        placement=np.concatenate(
            [columns.placement, np.full(len(mixed) + len(beyond.pool), -1, np.int32)]
        ),
        center=np.concatenate([center, mixed, problem.pool_datacenter[beyond.pool]]),
        nodes=np.concatenate([columns.nodes, np.zeros(len(mixed) + len(beyond.pool))]),
        upper=np.concatenate([upper, bought, problem.pool_nodes[beyond.pool] - beyond.number]),
        values=values,
        constant=constant,
        matrix=matrix,
        row_lower=row_lower,
        row_upper=row_upper,
        pools=pools,
        mixed=mixed,
        follows=sites.follows,
    )


def load_limits(problem: Problem, epoch: int) -> tuple[Floats, Floats]:
    """Facility energy of each datacenter with no node active, and the most that any feasible plan
    uses: two arrays (D,) of kWh."""
    kwh, pue = problem.kwh_per_energy_tick, problem.pue[epoch]
    off = problem.pool_nodes - problem.powered_nodes
    unused = problem.standby_energy * problem.powered_nodes + problem.off_energy * off
    standby_ticks = unused.astype(np.float64)
    standby_it = np.bincount(problem.pool_datacenter, standby_ticks, problem.datacenters).astype(
        np.float64
    )
    standby = pue * standby_it * kwh
    most = np.maximum(pue * kwh * _most_energy(problem, epoch, standby_it), standby)
    return standby, most


def most_surplus(problem: Problem) -> Floats:
    """(P,): nodes beyond the work of a cell that no plan exceeds: one by rounding, or the warm; all
    of the pool where nodes have to stay up."""
    room = problem.pool_nodes[problem.placement_pool]
    lasting = np.where(problem.min_up > 1, room, 1)
    return np.maximum(problem.warm_nodes, lasting).astype(np.float64)


def _sites(problem: Problem, terms: RelaxedTerms, epoch: int) -> _Sites:
    renewable = problem.renewable[epoch]
    standby, most = load_limits(problem, epoch)
    follows = renewable <= standby
    bought_helpful: Bools = np.any(terms.grid[:, epoch] < 0, axis=0)
    used_helpful = np.any((terms.it[:, epoch] < 0) | (terms.facility[:, epoch] < 0), axis=0)
    return _Sites(
        standby=standby,
        most=most,
        follows=follows,
        mixed=~follows & (renewable < most),
        helpful=bought_helpful | used_helpful,
        bought_helpful=bought_helpful,
    )


def _most_energy(problem: Problem, epoch: int, standby: Floats) -> Floats:
    """IT energy in ticks that no feasible plan exceeds at each datacenter, (D,).

    The smaller of two: all pools full of active nodes with as much work as they may take, and all
    groups of the epoch served there, with a surplus node at each placement.
    """
    first, last = problem.epoch_group[epoch], problem.epoch_group[epoch + 1]
    centers = problem.datacenters
    work, energy = problem.chunk[first:last, :, 0], problem.chunk[first:last, :, 1]
    allowed = problem.allowed[first:last]
    chunks = problem.group_chunks[first:last, None]
    active = (problem.idle_energy + most_extra_energy(problem, epoch)).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(allowed & (work > 0), energy / work, 0.0)
    node = active + problem.node_ticks * density.max(axis=0, initial=0.0)
    pool_most = problem.standby_energy.astype(np.float64)
    np.maximum.at(pool_most, problem.placement_pool, node)
    full = np.bincount(problem.pool_datacenter, pool_most * problem.pool_nodes, centers)
    served = np.where(allowed, chunks * (energy + work / problem.node_ticks * active), 0.0)
    here = np.zeros((last - first, centers))
    np.maximum.at(here.T, problem.placement_datacenter, served.T)
    held = (problem.warm_nodes > 0) | (problem.min_up > 1)
    surplus = np.where(allowed.any(axis=0) | held, active * most_surplus(problem), 0.0)
    demand = here.sum(axis=0) + standby
    demand += np.bincount(problem.placement_datacenter, surplus, centers)
    most: Floats = np.minimum(full, demand) * (1 + 1e-12)
    return most


def most_extra_energy(problem: Problem, epoch: int) -> Longs:
    """(P,): energy ticks that no active node exceeds beside its work and idle power: of a start
    that boots where any of the pool can, and of a partly filled node above its share."""
    if loads_nothing(problem, epoch):
        return problem.most_last_node
    boots = problem.boot_energy * (problem.powered_nodes < problem.pool_nodes)
    start = problem.start_energy + boots[problem.placement_pool]
    return np.asarray(start + problem.most_last_node)


def loads_nothing(problem: Problem, epoch: int) -> bool:
    """Whether no node can load weights in an epoch, whatever the plan."""
    return epoch == 0 and problem.start == Start.FREE


def _columns(
    problem: Problem, terms: RelaxedTerms, epoch: int, sites: _Sites, *, all_surplus: bool
) -> _Columns:
    first, last = problem.epoch_group[epoch], problem.epoch_group[epoch + 1]
    kwh = problem.kwh_per_energy_tick
    pairs = np.nonzero(problem.allowed[first:last])
    group, placement = pairs[0].astype(np.int32), pairs[1].astype(np.int32)
    chunks = problem.group_chunks[first:last][group]
    chunk = problem.chunk[first:last][group, placement]
    nodes = chunks * chunk[:, 0] / problem.node_ticks
    standby = problem.standby_energy[problem.placement_pool]
    beyond = (problem.idle_energy - standby) * kwh  # of an active node
    energy = chunks * chunk[:, 1] * kwh + nodes * beyond[placement]
    helpful = sites.helpful[problem.placement_datacenter]
    extra_energy = most_extra_energy(problem, epoch)
    loads = helpful & (extra_energy > 0)
    if terms.nodes.size:
        helpful = helpful | (terms.nodes[:, epoch] < 0).any(axis=0)
    surplus = np.flatnonzero(
        (helpful | all_surplus) & (problem.allowed[first:last].any(axis=0) | (problem.min_up > 1))
        | (problem.warm_nodes > 0)
    ).astype(np.int32)
    group = np.concatenate([group, np.full(len(surplus), -1, np.int32)])
    placement = np.concatenate([placement, surplus])
    nodes = np.concatenate([nodes, np.ones(len(surplus))])
    energy = np.concatenate([energy, beyond[surplus]])
    twins = np.flatnonzero(loads[placement])
    prewarmed = np.repeat([False, True], [len(group), len(twins)])
    every = np.concatenate([np.arange(len(group)), twins])
    order = np.argsort(np.where(group < 0, last - first, group)[every], kind="stable")
    every, prewarmed = every[order], prewarmed[order]
    loading = prewarmed * nodes[every] * (extra_energy[placement[every]] * kwh)
    return _Columns(
        group[every], placement[every], nodes[every], energy[every] + loading, prewarmed
    )


def _values(
    problem: Problem,
    terms: RelaxedTerms,
    epoch: int,
    sites: _Sites,
    columns: _Columns,
    beyond: NodesBeyond,
) -> tuple[Floats, Floats]:
    """(M, K) what a unit of each column adds, and (M, D) what is added whatever the plan."""
    first = problem.epoch_group[epoch]
    pue, grid = problem.pue[epoch], terms.grid[:, epoch]
    per_it = terms.it[:, epoch] + pue * (terms.facility[:, epoch] + grid * sites.follows)
    center = problem.placement_datacenter[columns.placement]
    values = per_it[:, center] * columns.energy
    if terms.nodes.size:
        values += terms.nodes[:, epoch][:, columns.placement] * columns.nodes
    shares = columns.group >= 0
    group, placement = columns.group[shares] + first, columns.placement[shares]
    values[:, shares] += terms.groups[:, group, placement]
    mixed = np.flatnonzero(sites.mixed)
    constant = per_it * (sites.standby / pue)
    constant -= grid * np.where(sites.follows, problem.renewable[epoch], 0.0)
    woken = per_it[:, problem.pool_datacenter[beyond.pool]] * beyond.energy + beyond.values
    return np.ascontiguousarray(np.hstack([values, grid[:, mixed], woken])), constant


def _rows(
    problem: Problem,
    epoch: int,
    sites: _Sites,
    columns: _Columns,
    mixed: Ints,
    beyond: NodesBeyond,
) -> tuple[sparse.csc_array[np.float64], Floats, Floats, Ints]:
    """Capacity of pools, grid energy at mixed datacenters, surplus nodes of placements, and their
    warm nodes."""
    rows = Rows()
    every = np.arange(len(columns.group))
    pool = problem.placement_pool[columns.placement]
    binding = _binding_pools(problem, columns)
    rows.add(
        (_position(binding, len(problem.pool_nodes))[pool], every, columns.nodes),
        lower=np.full(len(binding), -np.inf),
        upper=problem.pool_nodes[binding].astype(np.float64),
    )
    center = problem.placement_datacenter[columns.placement]
    load = problem.pue[epoch][center] * columns.energy
    renewable, standby = problem.renewable[epoch], sites.standby
    bought = len(every) + np.arange(len(mixed))
    more = len(every) + len(mixed) + np.arange(len(beyond.pool))
    home = problem.pool_datacenter[beyond.pool]
    woken = problem.pue[epoch][home] * beyond.energy
    # grid >= load - renewable
    rows.add(
        (_position(mixed, problem.datacenters)[center], every, -load),
        (_position(mixed, problem.datacenters)[home], more, -woken),
        (np.arange(len(mixed)), bought, np.ones(len(mixed))),
        lower=(standby - renewable)[mixed],
        upper=np.full(len(mixed), np.inf),
    )
    # grid <= the chord over [standby, most] of the convex function max(0, load - renewable)
    chord = np.flatnonzero(sites.bought_helpful[mixed])
    slope = np.zeros(problem.datacenters)
    slope[mixed] = ((sites.most - renewable)[mixed]) / ((sites.most - standby)[mixed])
    rows.add(
        (_position(mixed[chord], problem.datacenters)[center], every, -slope[center] * load),
        (_position(mixed[chord], problem.datacenters)[home], more, -slope[home] * woken),
        (np.arange(len(chord)), bought[chord], np.ones(len(chord))),
        lower=np.full(len(chord), -np.inf),
        upper=np.zeros(len(chord)),
    )
    # A placement's surplus nodes and their prewarmed twins are the same nodes.
    twins = np.unique(columns.placement[(columns.group < 0) & columns.prewarmed])
    position = _position(twins, problem.placements)[columns.placement]
    rows.add(
        (np.where(columns.group < 0, position, -1), every, np.ones(len(every))),
        lower=np.full(len(twins), -np.inf),
        upper=most_surplus(problem)[twins],
    )
    # nodes >= warm nodes
    warm = np.flatnonzero(problem.warm_nodes > 0)
    rows.add(
        (_position(warm, problem.placements)[columns.placement], every, columns.nodes),
        lower=problem.warm_nodes[warm].astype(np.float64),
        upper=np.full(len(warm), np.inf),
    )
    pools_of, helpful = problem.placement_pool[columns.placement], sites.helpful[home]
    beyond.add_rows(rows, problem, pools_of, columns.nodes, more, helpful)
    return *rows.assembled(len(every) + len(mixed) + len(more)), binding


def _binding_pools(problem: Problem, columns: _Columns) -> Ints:
    """Pools that some choice of shares and surplus nodes would overload."""
    pool = problem.placement_pool[columns.placement]
    shares = columns.group >= 0
    need = np.zeros((int(columns.group.max(initial=-1)) + 1, len(problem.pool_nodes)))
    np.maximum.at(need, (columns.group[shares], pool[shares]), columns.nodes[shares])
    surplus = most_surplus(problem)[columns.placement[~shares]]
    most = need.sum(axis=0) + np.bincount(pool[~shares], surplus, len(problem.pool_nodes))
    return np.flatnonzero(most > problem.pool_nodes).astype(np.int32)


def _position(chosen: Integers, count: int) -> Longs:
    """Where each of `count` things stands among the chosen ones, -1 if it is not."""
    position = np.full(count, -1)
    position[chosen] = np.arange(len(chosen))
    return position
