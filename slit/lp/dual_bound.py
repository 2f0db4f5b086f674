"""Lower bounds on a linear program that hold despite the solver's tolerances and rounding.

Any row duals prove a bound by weak duality, whether optimal or not: with reduced costs
r = c - A'y, every feasible x has c'x = y'Ax + r'x >= sum of the least y_i * (row activity) plus
the least r_j * x_j over the bounds (Neumaier and Shcherbina 2004, section 3). Rounding of our own
sums is bounded a priori and subtracted.
"""

import numpy as np
from scipy import sparse

from operators.types import Floats

ROUNDING = float(np.finfo(np.float64).eps)
# numpy sums pairwise in blocks of 128: its error is below (16 + log2 n) units of rounding.
SUM_ERROR = 64 * ROUNDING


def usable_duals(row_duals: Floats, row_lower: Floats, row_upper: Floats) -> Floats:
    """Duals (m,) without those that lean on an infinite bound: these prove nothing, and any other
    value may be used instead."""
    leaning = np.where(row_duals > 0, np.isfinite(row_lower), np.isfinite(row_upper))
    return np.where(leaning, row_duals, 0.0)


def row_terms(duals: Floats, row_lower: Floats, row_upper: Floats) -> Floats:
    """(m,): the least that each usable dual times the activity of its row can be."""
    side = np.where(duals > 0, row_lower, row_upper)
    return np.where(duals != 0, duals * np.where(np.isfinite(side), side, 0.0), 0.0)


def sum_below(terms: Floats) -> float:
    """The sum of terms, less what summing may have rounded."""
    return float(terms.sum() - SUM_ERROR * np.abs(terms).sum())


def dual_bound(
    row_duals: Floats,
    *,
    cost: Floats,
    matrix: sparse.csr_array[np.float64] | sparse.csc_array[np.float64],
    row_lower: Floats,
    row_upper: Floats,
    lower: Floats,
    upper: Floats,
) -> float:
    """A value that cost @ x cannot go below on the feasible set; -inf where nothing is proved.

    row_duals (m,), positive where a row's lower bound pushes. matrix (m, n); row_lower, row_upper
    (m,); cost, lower, upper (n,), finite wherever the reduced cost may need them.
    """
    y = usable_duals(row_duals, row_lower, row_upper)
    reduced = cost - matrix.T @ y
    size = np.abs(cost) + abs(matrix).T @ np.abs(y)
    longest = np.diff(sparse.csc_array(matrix).indptr)
    doubt = (longest + 3) * ROUNDING * size
    with np.errstate(invalid="ignore"):
        columns = np.minimum((reduced - doubt) * lower, (reduced - doubt) * upper)
        columns = np.minimum(columns, np.minimum((reduced + doubt) * lower,
                                                 (reduced + doubt) * upper))  # fmt: skip
    columns = np.where(np.isnan(columns), -np.inf, columns)
    terms = np.concatenate([row_terms(y, row_lower, row_upper), columns])
    return sum_below(terms) if np.isfinite(terms).all() else float("-inf")
