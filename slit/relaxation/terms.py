"""What each objective weighs once integrality and waits are relaxed (model.md section 5)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats
from slit.arrays import frozen
from slit.errors import SlitError
from slit.objectives import Coefficients, Objective
from slit.objectives.terms import check_coefficients, counts_largest
from slit.problem import Problem


@dataclass(frozen=True, slots=True, eq=False)
class RelaxedTerms:
    """Coefficients of the M objectives that have a linear part; read-only arrays.

    Shapes: T epochs, D datacenters, P placements, Q pools, J request groups. `left_out` names the
    other objectives and says why.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    left_out: dict[str, str]
    it: Floats  # (M, T, D) per kWh of IT energy
    facility: Floats  # (M, T, D) per kWh of facility energy
    grid: Floats  # (M, T, D) per kWh bought
    nodes: Floats  # (M, T, P) per active node and epoch; (M, 0, 0) if no objective has any
    on_demand: Floats  # (M, Q) per active node beyond the committed ones and epoch
    groups: Floats  # (M, J, P) for a whole group at one placement
    constant: Floats  # (M,)
    largest: Bools  # (M,) the largest datacenter's total counts

    @property
    def size(self) -> int:
        """M."""
        return len(self.names)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Objectives that are the same for every plan once relaxed, as those of changes between
        epochs: a limit on them limits nothing."""
        tables = (self.it, self.facility, self.grid, self.nodes, self.on_demand, self.groups)
        seen = [any(table[m].any() for table in tables) for m in range(self.size)]
        return tuple(name for name, any_ in zip(self.names, seen, strict=True) if not any_)

    def weights_of(self, center_weights: Floats) -> Floats:
        """Weights (..., M) from weights by datacenter (..., M, D)."""
        spread = center_weights.sum(axis=-1)
        return np.where(self.largest, spread, center_weights[..., 0])

    def objectives_of(self, parts: Floats) -> Floats:
        """(M,): the relaxed objectives of parts (T, M, D)."""
        by_center = parts.sum(axis=0)
        totals = np.where(self.largest, by_center.max(axis=1), by_center.sum(axis=1))
        return np.asarray(totals + self.constant)


def relaxed_terms(
    problem: Problem, objectives: Sequence[Objective], parts: Sequence[Coefficients | None]
) -> RelaxedTerms:
    """The relaxed coefficients of all objectives that can be bounded by linear ones, their `parts`.

    Waits are dropped, a request is late only if it would be without waiting, and quality is that
    of a request that does not wait. Raises SlitError if no objective has a linear part.
    """
    found: list[tuple[Objective, Coefficients]] = []
    left_out: dict[str, str] = {}
    for objective, coefficients in zip(objectives, parts, strict=True):
        if coefficients is None:
            left_out[objective.name] = "no linear part"
        elif coefficients.falls_with_waits:
            left_out[objective.name] = "falls as waits grow, which have no upper limit"
        else:
            check_coefficients(objective, coefficients, problem)
            found.append((objective, coefficients))
    if not found:
        raise SlitError(
            f"objectives: {', '.join(left_out) or 'none'}, expected at least one with a linear part"
        )
    count = len(found)
    sites = {field: np.zeros((count, *problem.pue.shape)) for field in ("it", "facility", "grid")}
    nodes = np.zeros((count, problem.epochs, problem.placements))
    on_demand = np.zeros((count, len(problem.pool_nodes)))
    for m, (_, coefficients) in enumerate(found):
        for field, table in sites.items():
            value = getattr(coefficients, field)
            if value is not None:
                table[m] = value
        if coefficients.nodes is not None:
            nodes[m] = coefficients.nodes
        if coefficients.on_demand is not None:
            on_demand[m] = coefficients.on_demand
    if not nodes.any():
        nodes = nodes[:, :0, :0]
    return RelaxedTerms(
        names=tuple(objective.name for objective, _ in found),
        units=tuple(objective.unit for objective, _ in found),
        left_out=left_out,
        it=frozen(sites["it"], np.float64),
        facility=frozen(sites["facility"], np.float64),
        grid=frozen(sites["grid"], np.float64),
        nodes=frozen(nodes, np.float64),
        on_demand=frozen(on_demand, np.float64),
        groups=frozen([_per_group(problem, each) for _, each in found], np.float64),
        constant=frozen([each.constant for _, each in found], np.float64),
        largest=frozen([counts_largest(objective) for objective, _ in found], np.bool_),
    )


def _per_group(problem: Problem, coefficients: Coefficients) -> Floats:
    """(J, P): what a group adds if it is served wholly at a placement and nobody waits."""
    each, sigma = np.zeros(problem.base_ttft.shape), problem.service[:, :, 1]
    _, late, good, promise = (column[:, None] for column in coefficients.service_of(problem).T)
    if coefficients.requests is not None:
        each += coefficients.requests
    # Lateness lies in [that without waits, 1], quality in [0, that without waits].
    if late.any():
        each += np.where(late > 0, late * (promise - problem.base_ttft < 0), late)
    if (good < 0).any():
        each += np.minimum(good, 0.0) * (problem.accuracy[problem.group_class] * sigma)
    each *= problem.group_requests[:, None]
    return each
