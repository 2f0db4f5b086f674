"""The Problem: everything a kernel reads, as read-only C-order arrays."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from operators.types import Bools, Floats, Genes, Ints, Longs

MICROTICKS = 1 << 20
"""Ticks of one node-second: work is summed in integers, so any order gives the same bits."""


LARGEST_SUM = 2.0**60
"""Integer sums stay below this, with room to spare for int64."""


def finest_scale(most: float) -> float:
    """Ticks of one unit: the largest power of two that keeps a sum of `most` below LARGEST_SUM."""
    return float(2.0 ** np.floor(np.log2(LARGEST_SUM / max(most, 1e-200))))


class Loading(IntEnum):
    """`slit.scenario.records.LoadingMode` as kernels read it."""

    ON_DEMAND = 0
    PREWARM = 1


class Start(IntEnum):
    """`slit.scenario.records.HorizonStart` as kernels read it."""

    FREE = 0
    GIVEN = 1
    CYCLIC = 2


class Problem(NamedTuple):
    """Read-only arrays of one planning problem.

    Shapes: T epochs, J request groups (sorted by epoch, origin, class), G genes (chunks of the
    groups, in their order), P placements, Q pools, D datacenters, K classes, O origins,
    R distinct sets of allowed placements of at most A entries.

    Sums over chunks are kept in integers (fixed point), so that any order gives the same bits: work
    in ticks of 2^-20 node-seconds, energy in joules times `energy_scale`, requests times
    `request_scale`, requests times prompt tokens times `prompt_scale`.
    """

    # horizon
    epoch_seconds: float  # s
    epoch_ticks: int  # work ticks of one node in an epoch
    node_ticks: int  # work that one active node takes: utilization * epoch
    loading: int  # Loading
    start: int  # Start
    variability: float  # (Ca^2 + Cs^2) / 2

    # request groups and genes
    group_epoch: Ints  # (J,) its epoch
    group_origin: Ints  # (J,) its origin
    group_class: Ints  # (J,) its class
    group_requests: Floats  # (J,) requests
    group_prompt: Floats  # (J,) mean prompt tokens that are read
    group_output: Floats  # (J,) mean output tokens
    group_chunks: Ints  # (J,) its genes
    group_previous: Ints  # (J,) its origin and class in the epoch before, -1 if there is none
    group_next: Ints  # (J,) the same in the epoch after
    today_chunks: Longs  # (J', P) of the J' groups of epoch 0 in today's routing before it; a row
    #                  of 0 where it has none; no rows where it is not known
    group_first: Ints  # (J + 1,) first gene of each group
    epoch_group: Ints  # (T + 1,) first group of each epoch
    epoch_gene: Ints  # (T + 1,) first gene of each epoch
    gene_group: Ints  # (G,) its group
    gene_row: Ints  # (G,) row of `options`
    options: Genes  # (R, A) allowed placements, padded with -1
    option_count: Ints  # (R,) entries that are not padding
    allowed: Bools  # (J, P) whether a group may be served there

    # placements and pools
    placement_pool: Ints  # (P,) its pool
    placement_variant: Ints  # (P,) its variant
    placement_datacenter: Ints  # (P,) its datacenter
    replicas: Floats  # (P,) servers of one node
    prefill_fixed: Floats  # (P,) s, one prompt on one replica
    prefill_slope: Floats  # (P,) s/token
    load_seconds: Floats  # (P,) s to load the weights
    load_share: Floats  # (P,) load time over epoch; 0 if PREWARM, as nobody waits then
    initial_nodes: Longs  # (P,) that hold the variant before the horizon
    warm_nodes: Longs  # (P,) that are active at least, with or without work
    min_up: Longs  # (P,) epochs that a node stays active once it has started
    min_down: Longs  # (P,) epochs that a node stays inactive once it has stopped
    last_node: Floats  # (P, S, 3) energy ticks of a partly filled node above its share of a full
    #                  one: segments by first work tick, energy there, per work tick; S = 0: none
    idle_energy: Longs  # (P,) of an active node in an epoch, energy ticks
    start_energy: Longs  # (P,) of starting one node, energy ticks; with loading if PREWARM
    start_usd: Floats  # (P,) of starting one node
    pool_datacenter: Ints  # (Q,) its datacenter
    pool_nodes: Longs  # (Q,) nodes there are
    powered_nodes: Longs  # (Q,) that are powered whether they are needed or not; others may be off
    committed_nodes: Longs  # (Q,) that cost their rent whether they are used or not
    standby_energy: Longs  # (Q,) of a powered node that is not active, in an epoch, energy ticks
    off_energy: Longs  # (Q,) of a node that is off, in an epoch, energy ticks
    boot_energy: Longs  # (Q,) of a boot, energy ticks; 0 where no node may be off

    # groups at placements
    chunk: Longs  # (J, P, 2) work ticks and energy ticks above idle of one chunk
    chunk_size: Longs  # (J, 2) requests and requests * prompt tokens of one chunk, scaled
    chunk_requests: Floats  # (J,) requests of one chunk
    node_seconds: Floats  # (J, P) s of one request
    base_ttft: Floats  # (J, P) s: round trip + last mile + one-prompt prefill
    service: Floats  # (J, P, 4) slack SLO - base (s), sigma(base), and, for a request that meets
    #                  a loading node, its mean sigma and its probability of being late
    accuracy: Floats  # (K, P) share of right answers
    slo: Floats  # (K,) s to the first token

    # datacenters over time
    carbon: Floats  # (T, D) kg CO2e/kWh
    price: Floats  # (T, D) USD/kWh
    ewif: Floats  # (T, D) L/kWh
    pue: Floats  # (T, D) facility energy over IT energy
    wue: Floats  # (T, D) L/kWh of IT energy
    blowdown: Floats  # (T, D) L/kWh of IT energy
    renewable: Floats  # (T, D) kWh on site
    water_stress: Floats  # (D,) index

    # scales of the integer sums
    energy_scale: float  # energy ticks of one joule
    request_scale: float  # units of one request
    prompt_scale: float  # units of one request with one prompt token
    total_requests: float  # of all groups

    @property
    def epochs(self) -> int:
        """T."""
        return len(self.epoch_gene) - 1

    @property
    def groups(self) -> int:
        """J."""
        return len(self.group_epoch)

    @property
    def compared(self) -> Bools:
        """(J,): which groups have something before them, whose requests may be rerouted."""
        found = self.group_previous >= 0
        found[: len(self.today_chunks)] |= self.today_chunks.any(axis=1)
        return found

    @property
    def first_point(self) -> Longs:
        """(P,): the first placement of the same pool and variant, whose weights it shares."""
        pairs = np.stack([self.placement_pool, self.placement_variant])
        new = np.ones(self.placements, np.bool_)
        new[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
        return np.asarray(np.flatnonzero(new)[np.cumsum(new) - 1])

    @property
    def most_last_node(self) -> Longs:
        """(P,): energy ticks that a partly filled node draws above its share at most."""
        return np.asarray(np.ceil(self.last_node[:, :, 1].max(axis=1, initial=0.0)), np.int64)

    @property
    def genes(self) -> int:
        """G."""
        return len(self.gene_group)

    @property
    def placements(self) -> int:
        """P."""
        return len(self.placement_pool)

    @property
    def datacenters(self) -> int:
        """D."""
        return len(self.water_stress)

    @property
    def kwh_per_energy_tick(self) -> float:
        """What one energy tick is worth in kWh."""
        return 1.0 / (self.energy_scale * 3.6e6)
