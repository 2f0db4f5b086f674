"""A weighted sum of objectives as plain tables, for local search."""

from typing import NamedTuple

import numpy as np

from operators.types import Floats, Ints, Longs
from slit.arrays import frozen, product
from slit.kernels.cell_objectives import CellObjectives
from slit.kernels.objective_terms import ObjectiveTerms
from slit.kernels.pools import POOL_COLUMNS
from slit.problem.arrays import Problem
from slit.problem.first_token import late_while_loading


class EpochLayout(NamedTuple):
    """What the epochs of a problem have in common, as `Epoch` takes it.

    Columns that differ from epoch to epoch are 0.
    """

    place: Ints  # (P, 2)
    ticks: Longs  # (P, 5)
    fixed: Floats  # (P, 9)
    pool: Longs  # (Q, 7)
    last_node: Floats  # (P, S, 3)


class Scalarization(NamedTuple):
    """What one chunk, node or unit of energy weighs in a weighted sum of objectives.

    Of a request class with a late or poor answer only the part without a queue stands in `moves`;
    `queued` weighs the wait: chance * exp(-slack / wait) * (late + lost * wait / (slo + wait)).
    """

    site: Floats  # (T, D, 4) per energy tick of IT energy, per kWh bought; kWh of facility energy
    #               per energy tick, renewable kWh
    nodes: Floats  # (T, P) per active node
    moves: Floats  # (J, P, 3) per chunk: always, without loading, on a loading node
    queued: Floats  # (J, P, W) per chunk: slack (s, at least 0), late, lost; where waits weigh by
    #                 group also a second of waiting, then slack and late of each other lateness
    wait: float  # per request-second of waiting
    reroute: float  # per request that is served elsewhere than in the epoch before
    starts: Floats  # (P,) per node that starts
    switches: float  # per placement that is turned on or off
    on_demand: Floats  # (Q,) per active node beyond the committed ones
    cell_objectives: CellObjectives | None  # None where none has a weight
    cell_weights: Floats  # (C,) of their values
    layout: EpochLayout


def scalarize(
    weights: Floats,
    problem: Problem,
    terms: ObjectiveTerms,
    *,
    cell_objectives: CellObjectives | None = None,
    center_share: Floats | None = None,
) -> Scalarization:
    """The tables of `weights` (M,) @ objectives, and of the cell-wise ones where
    `cell_objectives` are given.

    An objective that takes the largest datacenter enters as the sum over datacenters weighted by
    `center_share` (D,), by default equal shares: a lower bound that local search can follow. The
    largest share that is rerouted enters as the mean share. One of the ledger does not enter.
    """
    centers = problem.datacenters
    shares = np.full(centers, 1.0 / centers) if center_share is None else center_share
    by_center = np.where(terms.largest[:, None], shares[None, :], 1.0) * weights[:, None]  # (M, D)
    it, facility, grid = np.einsum("tdcm,md->ctd", terms.site, by_center)
    kwh = problem.kwh_per_energy_tick
    nodes = np.zeros((problem.epochs, problem.placements))
    if terms.nodes.size:
        nodes += np.einsum("tpm,mp->tp", terms.nodes, by_center[:, problem.placement_datacenter])
    by_group = _ByGroup(weights, problem, terms)
    wait = float(product(terms.service[0], weights))
    late, good = by_group.late, by_group.quality
    moves = np.zeros((problem.groups, problem.placements, 3))
    for index, owner in enumerate(terms.request_objective):
        if weights[owner] != 0.0:
            moves[:, :, 0] += terms.requests[index] * (terms.request_unit[index] * weights[owner])
    requests = problem.chunk_requests[:, None]
    answers = problem.accuracy[problem.group_class] * (good * requests)
    slack, sigma, loaded_sigma, loaded_late = np.moveaxis(problem.service, -1, 0)
    behind = slack < 0
    moves[:, :, 1] = answers * sigma + late * requests * behind
    moves[:, :, 2] = (
        answers * loaded_sigma
        + late * requests * loaded_late
        + (wait + by_group.wait) * requests * (problem.load_seconds / 2.0)
    )
    columns = [np.maximum(slack, 0.0), late * requests * ~behind, -answers * sigma]
    by_group.add_to(moves, columns)
    reroute = float(product(terms.reroute, weights))
    if terms.ramp.any():
        compared = float(problem.group_requests[problem.compared].sum())
        reroute += float(product(terms.ramp, weights)) / (compared or 1.0)
    weighed = cell_objectives is not None and bool(weights[cell_objectives.owners].any())
    pue = problem.pue
    site = (it + facility * pue) * kwh, grid, pue * kwh, problem.renewable
    return Scalarization(
        site=frozen(np.stack(site, axis=-1), np.float64),
        nodes=frozen(nodes, np.float64),
        moves=frozen(moves, np.float64),
        queued=frozen(np.stack(columns, axis=-1), np.float64),
        wait=wait,
        reroute=reroute,
        starts=product(terms.starts, weights)
        if len(terms.starts)
        else np.zeros(problem.placements),
        switches=float(product(terms.switches, weights)),
        on_demand=product(terms.on_demand, weights)
        if len(terms.on_demand)
        else np.zeros(len(problem.pool_nodes)),
        cell_objectives=cell_objectives if weighed else None,
        cell_weights=weights[cell_objectives.owners]
        if weighed and cell_objectives
        else np.zeros(0),
        layout=layout_of(problem),
    )


class _ByGroup:
    """What service weighs in a weighted sum, group by group: (J, 1) arrays of waits (of those
    objectives that weigh them by groups), lateness and quality."""

    def __init__(self, weights: Floats, problem: Problem, terms: ObjectiveTerms) -> None:
        self.problem = problem
        self.weighed = weights[terms.group_objective] != 0.0
        tables = terms.group_service[self.weighed]
        weighed = weights[terms.group_objective[self.weighed]]
        tables = np.concatenate([tables[:, :, :3] * weighed[:, None, None], tables[:, :, 3:]], 2)
        slo = problem.slo[problem.group_class]
        promised = (tables[:, :, 3] == slo).all(axis=1)
        self.others = tables[~promised & tables[:, :, 1].any(axis=1)]
        late, good = product(terms.service[1:], weights)
        self.wait = tables[:, :, 0].sum(axis=0)[:, None]
        self.late = late + tables[promised, :, 1].sum(axis=0)[:, None]
        self.quality = good + tables[:, :, 2].sum(axis=0)[:, None]

    def add_to(self, moves: Floats, queued: list[Floats]) -> None:
        """Add other lateness than by the SLO to `moves`, and further columns (J, P) to `queued`."""
        problem = self.problem
        if not self.weighed.any():
            return
        requests = problem.chunk_requests[:, None]
        queued.append(np.broadcast_to(self.wait * requests, problem.base_ttft.shape))
        for table in self.others:
            late = table[:, 1:2] * requests
            slack = table[:, 3:4] - problem.base_ttft
            moves[:, :, 1] += late * (slack < 0)
            moves[:, :, 2] += late * late_while_loading(slack, problem.load_seconds)
            queued += [np.maximum(slack, 0.0), late * (slack >= 0)]


def layout_of(problem: Problem) -> EpochLayout:
    """The layout of a problem's epochs."""
    none, no_value = np.zeros_like(problem.idle_energy), np.zeros_like(problem.load_share)
    speeds = problem.replicas, problem.prefill_fixed, problem.prefill_slope
    return EpochLayout(
        place=np.stack([problem.placement_pool, problem.placement_datacenter], axis=1),
        ticks=np.stack(
            [problem.idle_energy, problem.start_energy, none, none, problem.warm_nodes], axis=1
        ),
        fixed=np.stack([*speeds, no_value, problem.load_share, *[no_value] * 4], axis=1),
        pool=np.stack([getattr(problem, name) for name in POOL_COLUMNS], axis=1, dtype=np.int64),
        last_node=problem.last_node,
    )
