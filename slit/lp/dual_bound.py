"""A lower bound on a linear program that holds despite the solver's tolerances and rounding.

Any row duals prove a bound by weak duality, whether optimal or not: with reduced costs
r = c - A'y, every feasible x has c'x = y'Ax + r'x >= sum of the least y_i * (row activity) plus
the least r_j * x_j over the bounds (Neumaier and Shcherbina 2004, section 3). Rounding of our own
sums is bounded a priori and subtracted.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from operators.types import Floats

# numpy sums pairwise in blocks of 128: its error is below (16 + log2 n) units of rounding.
_SUM_ERROR = 64 * np.finfo(np.float64).eps


def dual_bound(
    row_duals: Floats,
    *,
    cost: Floats,
    matrices: Sequence[sparse.csr_array[np.float64] | sparse.csc_array[np.float64]],
    row_lower: Floats,
    row_upper: Floats,
    lower: Floats,
    upper: Floats,
) -> float:
    """A value that cost @ x cannot go below on the feasible set; -inf where nothing is proved.

    row_duals (m,), positive where a row's lower bound pushes. matrices: blocks of rows, together
    (m, n). row_lower, row_upper (m,); cost, lower, upper (n,), finite wherever the reduced cost may
    need them.
    """
    # A dual that leans on an infinite bound proves nothing: any other value may be used instead.
    y = np.where((row_duals > 0) & np.isneginf(row_lower), 0.0, row_duals)
    y = np.where((y < 0) & np.isposinf(row_upper), 0.0, y)
    reduced, size, longest = cost.copy(), np.abs(cost), np.zeros(len(cost), dtype=np.int64)
    first = 0
    for matrix in matrices:
        part = y[first : first + matrix.shape[0]]
        first += matrix.shape[0]
        reduced -= matrix.T @ part
        size += abs(matrix).T @ np.abs(part)
        longest += (
            np.bincount(matrix.indices, minlength=len(cost))
            if isinstance(matrix, sparse.csr_array)
            else np.diff(matrix.indptr)
        )
    doubt = (longest + 2 + len(matrices)) * np.finfo(np.float64).eps * size
    with np.errstate(invalid="ignore"):
        rows = np.where(y > 0, y * row_lower, np.where(y < 0, y * row_upper, 0.0))
        columns = np.minimum((reduced - doubt) * lower, (reduced - doubt) * upper)
        columns = np.minimum(columns, np.minimum((reduced + doubt) * lower,
                                                 (reduced + doubt) * upper))  # fmt: skip
    columns = np.where(np.isnan(columns), -np.inf, columns)
    terms = np.concatenate([rows, columns])
    total = float(terms.sum())
    if not np.isfinite(total):
        return float("-inf")
    return total - _SUM_ERROR * float(np.abs(terms).sum())
