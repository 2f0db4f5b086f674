"""Shares of a plan on the grid of a target: largest remainder, the smallest backends dropped first
where a target holds only so many."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from operators.types import Bools, Floats, Ints, Longs
from slit.problem import Problem
from slit.problem.shares import whole_chunks


class Expression(StrEnum):
    """What the weights of a target are lists of."""

    ROUTES = "routes"  # datacenters and variants, of an origin and class
    VARIANTS = "variants"  # variants, of a class at a datacenter: whatever the origin
    PLACES = "places"  # datacenters, of an origin and variant: whatever the class
    SITES = "sites"  # datacenters, of a variant: whatever the origin and class


@dataclass(frozen=True, slots=True)
class Grid:
    """Weights of a list are whole numbers that sum to `steps`; at most `most` are not 0."""

    steps: int
    most: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Backends:
    """Datacenters by variant: B pairs that placements belong to.

    datacenter, variant (B,): of each pair; of_placement (P,): the pair of each placement.
    """

    datacenter: Longs
    variant: Longs
    of_placement: Longs

    def sums(self, shares: Floats) -> Floats:
        """Shares (J, B) of pairs from those (J, P) of placements."""
        found = np.zeros((len(shares), len(self.variant)))
        np.add.at(found.T, self.of_placement, shares.T)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """R weighted lists over B backends. An entry of `epoch`, `origin`, `request_class`,
    `datacenter` and `variant` (R,) is -1 where the list is of all.

    weights (R, B): whole numbers; dropped (R,): backends with a share and no place in the list;
    lost (R,): those whose share rounds to 0;
    effective (J, B): the shares that they give each group.
    """

    epoch: Longs
    origin: Longs
    request_class: Longs
    datacenter: Longs
    variant: Longs
    weights: Longs
    dropped: Longs
    lost: Longs
    effective: Floats

    @property
    def keys(self) -> Longs:
        """(R, 4): what a list is of, but for its epoch."""
        of = (self.origin, self.request_class, self.datacenter, self.variant)
        return np.stack(of, axis=1)

    def used(self) -> Bools:
        """(R, B): backends that a list of the same, of whatever epoch, sends requests to."""
        _, same = np.unique(self.keys, axis=0, return_inverse=True)
        found = np.zeros((int(same.max(initial=-1)) + 1, self.weights.shape[1]), np.bool_)
        np.logical_or.at(found, same.reshape(-1), self.weights > 0)
        return np.asarray(found[same.reshape(-1)])

    def reachable(self, problem: Problem, backends: Backends) -> Bools:
        """(R, B): backends that some plan may send requests of a list's origin and class to."""
        allowed = backends.sums(problem.allowed.astype(np.float64)) > 0  # (J, B)
        found = np.zeros(self.weights.shape, np.bool_)
        for r, (origin, request_class) in enumerate(self.keys[:, :2]):
            mine = ((origin < 0) | (problem.group_origin == origin)) & (
                (request_class < 0) | (problem.group_class == request_class)
            )
            found[r] = allowed[mine].any(axis=0)
        return found


def backends_of(problem: Problem) -> Backends:
    """The pairs of datacenter and variant that a problem has placements of."""
    pairs = np.stack([problem.placement_datacenter, problem.placement_variant], axis=1)
    found, index = np.unique(pairs, axis=0, return_inverse=True)
    return Backends(found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), index.reshape(-1))


def on_grid(shares: Floats, grid: Grid) -> tuple[Longs, Longs]:
    """Weights (R, B) of shares (R, B), and how many backends of each row were dropped, (R,).

    A backend whose share rounds to 0 is no longer in the list, which is not counted.
    """
    kept = shares.copy()
    dropped = np.zeros(len(shares), np.int64)
    if grid.most is not None and grid.most < shares.shape[1]:
        order = np.argsort(-shares, axis=1, kind="stable")[:, grid.most :]
        dropped = (np.take_along_axis(shares, order, axis=1) > 0).sum(axis=1)
        np.put_along_axis(kept, order, 0.0, axis=1)
    steps: Ints = np.full(len(shares), grid.steps, np.int32)
    return whole_chunks(kept, steps), dropped


def lists_of(
    problem: Problem, shares: Floats, backends: Backends, grid: Grid, expression: Expression
) -> Lists:
    """The weighted lists of a plan with shares (J, B) of backends."""
    epoch, origin, kind = problem.group_epoch, problem.group_origin, problem.group_class
    part = {
        Expression.ROUTES: np.full(len(backends.variant), -1),
        Expression.VARIANTS: backends.datacenter,
        Expression.PLACES: backends.variant,
        Expression.SITES: backends.variant,
    }[expression]
    every = np.full(len(epoch), -1)
    keys = [
        epoch,
        every if expression in (Expression.VARIANTS, Expression.SITES) else origin,
        every if expression in (Expression.PLACES, Expression.SITES) else kind,
    ]
    rows, index = np.unique(np.stack(keys, axis=1), axis=0, return_inverse=True)
    index = index.reshape(-1)
    found, effective = [], np.zeros_like(shares)
    for value in np.unique(part):
        mine: Bools = part == value
        total = np.zeros((len(rows), len(part)))
        np.add.at(total, index, np.where(mine, shares, 0.0) * problem.group_requests[:, None])
        has = total.sum(axis=1) > 0
        weights, dropped = np.zeros(total.shape, np.int64), np.zeros(len(rows), np.int64)
        weights[has], dropped[has] = on_grid(_normalized(total[has]), grid)
        of_part = np.where(mine, shares, 0.0).sum(axis=1, keepdims=True)
        effective += of_part * weights[index] / grid.steps
        lost = (total > 0).sum(axis=1) - (weights > 0).sum(axis=1) - dropped
        counted = dropped[has], lost[has]
        found.append((rows[has], np.full(int(has.sum()), value), weights[has], *counted))
    keyed, parts, weights, dropped, lost = (
        np.concatenate(each) for each in zip(*found, strict=True)
    )
    none = np.full(len(keyed), -1)
    order = np.lexsort((parts, keyed[:, 2], keyed[:, 1], keyed[:, 0]))
    return Lists(
        epoch=keyed[order, 0],
        origin=keyed[order, 1],
        request_class=keyed[order, 2],
        datacenter=(parts if expression is Expression.VARIANTS else none)[order],
        variant=(parts if part is backends.variant else none)[order],
        weights=weights[order],
        dropped=dropped[order],
        lost=lost[order],
        effective=effective,
    )


def _normalized(total: Floats) -> Floats:
    return np.asarray(total / total.sum(axis=1, keepdims=True), np.float64)
