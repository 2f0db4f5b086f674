"""Exact fronts of small problems: by looking at everything, or by integer programs."""

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from benchmarks.measuring.choices import Additive
from operators.archive import Archive
from operators.types import Floats, Genes

BATCH = 1 << 16


def enumerated(instance: Additive, every: Genes) -> Floats:
    """The exact front (K, M) of an instance from all its solutions (N, G)."""
    archive = Archive(genes=0, objectives=len(instance.price))
    for first in range(0, len(every), BATCH):
        F, G = instance.evaluate(every[first : first + BATCH])
        archive.add(np.zeros((len(F), 0), np.int16), F, violation=G)
    return archive.objectives


def epsilon_constraint(instance: Additive) -> Floats:
    """The exact front (K, 2) of an instance with two integer objectives and no prices.

    The first objective is minimized while the second stays below what the point before had
    (Haimes, Lasdon and Wismer 1971), and then the second at that value of the first. By HiGHS.
    """
    first, second = (_coefficients(instance, m) for m in range(2))
    feasible = _constraints(instance)
    points: list[tuple[float, float]] = []
    limit = np.inf
    while True:
        least = _solve(first, [*feasible, LinearConstraint(second[None, :], ub=limit)])
        if least is None:
            return np.array(points)
        equal = LinearConstraint(first[None, :], lb=least - 0.5, ub=least + 0.5)
        best = _solve(second, [*feasible, equal])
        assert best is not None
        points.append((least, best))
        limit = best - 0.5


def _coefficients(instance: Additive, objective: int) -> Floats:
    """Cost of each gene's values, (G * P,)."""
    rows = np.flatnonzero(instance.paid == objective)
    return np.asarray(instance.cost[:, rows, :].sum(axis=1), dtype=np.float64).ravel()


def _constraints(instance: Additive) -> list[LinearConstraint]:
    """One value a gene; loads within capacities."""
    genes, values = instance.load.shape
    column = np.arange(genes * values)
    shape = (genes, genes * values)
    chosen = sparse.csr_array((np.ones(len(column)), (column // values, column)), shape=shape)
    loads = sparse.csr_array(
        (instance.load.ravel().astype(np.float64), (instance.resource.ravel(), column)),
        shape=(len(instance.capacity), len(column)),
    )
    return [
        LinearConstraint(chosen, lb=1.0, ub=1.0),
        LinearConstraint(loads, ub=instance.capacity),
    ]


def _solve(cost: Floats, constraints: list[LinearConstraint]) -> float | None:
    """The least cost, an integer; None if there is no solution."""
    found = milp(
        cost,
        constraints=constraints,
        integrality=np.ones(len(cost), np.int64),
        bounds=Bounds(0.0, 1.0),
    )
    return None if found.x is None else float(np.rint(cost @ found.x))
