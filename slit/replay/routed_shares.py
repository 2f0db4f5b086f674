"""By which shares the requests of a plan are routed."""

import numpy as np

from operators.types import Floats
from slit.ledger import Ledger
from slit.problem.shares import whole_chunks


def routed_shares(ledger: Ledger, *, grid: int | None = None) -> Floats:
    """(J, P) shares of each group's requests by placement: the plan's, or those of a gateway whose
    weights are whole parts of `grid`, by largest remainder. A placement whose share is far below
    1 / grid may get none."""
    chunks = ledger.problem.group_chunks
    shares = ledger.counts / chunks[:, None]
    if grid is None:
        return shares
    return whole_chunks(shares, np.full(len(chunks), grid, np.int32)) / grid
