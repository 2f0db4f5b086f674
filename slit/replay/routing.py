"""How requests get to a replica."""

from enum import StrEnum

import numpy as np

from operators.types import Floats
from slit.ledger import Ledger


class Routing(StrEnum):
    """How requests of a group get to a placement of its plan, and there to a replica."""

    RANDOM = "random"
    """To a placement by the plan's shares, to any replica, whatever the others did."""
    WRR = "wrr"
    """In turn, as evenly interleaved as the shares allow (smooth weighted round robin)."""
    JSQ = "jsq"
    """To a placement as RANDOM, there to the replica with fewest requests (shortest queue)."""


def routed_shares(ledger: Ledger, *, grid: int | None = None) -> Floats:
    """(J, P) shares of each group's requests by placement, as the plan has them or as a gateway
    whose weights are whole parts of `grid` sends them."""
    shares = ledger.counts / ledger.problem.group_chunks[:, None]
    return shares if grid is None else rounded_shares(shares, grid=grid)


def rounded_shares(shares: Floats, *, grid: int) -> Floats:
    """Shares (N, P), whose rows sum to 1, in whole parts of `grid` by largest remainder: of equal
    remainders the first. A placement whose share is far below 1 / grid may get none."""
    exact = shares * grid
    parts = np.floor(exact + 1e-9)  # what is whole but for rounding is whole
    short = np.rint(grid - parts.sum(axis=1))
    order = np.argsort(-(exact - parts), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(shares.shape[1])[None, :], axis=1)
    return np.asarray((parts + (rank < short[:, None])) / grid)
