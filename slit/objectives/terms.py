"""Objectives -> the coefficient arrays that kernels read."""

from collections.abc import Sequence

import numpy as np

from operators.types import Floats, Longs
from slit.arrays import frozen
from slit.errors import SlitError
from slit.kernels.objective_terms import ObjectiveTerms
from slit.objectives.define import Coefficients, Linear, Objective, build_coefficients
from slit.problem import Problem
from slit.problem.arrays import finest_scale
from slit.scenario.scenario import Scenario


def terms_of(
    objectives: Sequence[Objective], problem: Problem, scenario: Scenario
) -> ObjectiveTerms:
    """The coefficients of M objectives side by side; an objective that is not linear has zeros.

    Raises SlitError for coefficients of a wrong shape or that are not finite.
    """
    n_objectives = len(objectives)
    site = np.zeros((*problem.pue.shape, 3, n_objectives))
    nodes = np.zeros((problem.epochs, problem.placements, n_objectives))
    tables: list[Longs] = []
    units: list[float] = []
    owners: list[int] = []
    service = np.zeros((3, n_objectives))
    constant = np.zeros(n_objectives)
    largest = np.zeros(n_objectives, dtype=np.bool_)
    for m, objective in enumerate(objectives):
        if not isinstance(objective.measure, Linear):
            continue
        coefficients = build_coefficients(
            objective.name, objective.measure.build, problem, scenario
        )
        check_coefficients(objective, coefficients, problem)
        largest[m] = objective.measure.largest
        for index, field in enumerate(("it", "facility", "grid")):
            value = getattr(coefficients, field)
            if value is not None:
                site[:, :, index, m] = value
        if coefficients.nodes is not None:
            nodes[:, :, m] = coefficients.nodes
        if coefficients.requests is not None and coefficients.requests.any():
            table, unit = _fixed_point(coefficients.requests, problem)
            tables.append(table)
            units.append(unit)
            owners.append(m)
        service[:, m] = coefficients.wait, coefficients.late, coefficients.quality
        constant[m] = coefficients.constant
    shape = (0, problem.groups, problem.placements)
    return ObjectiveTerms(
        site=frozen(site, np.float64),
        nodes=frozen(nodes if nodes.any() else nodes[:0, :0], np.float64),
        requests=frozen(np.stack(tables) if tables else np.zeros(shape), np.int64),
        request_unit=frozen(units, np.float64),
        request_objective=frozen(owners, np.int32),
        service=frozen(service, np.float64),
        constant=frozen(constant, np.float64),
        largest=frozen(largest, np.bool_),
    )


def check_coefficients(objective: Objective, coefficients: Coefficients, problem: Problem) -> None:
    """Raise SlitError for wrong shapes, numbers that are not finite, or an unsupported sum."""
    by_site = problem.pue.shape
    shapes = {
        "it": by_site,
        "facility": by_site,
        "grid": by_site,
        "nodes": (problem.epochs, problem.placements),
        "requests": (problem.groups, problem.placements),
    }
    for field, shape in shapes.items():
        value = getattr(coefficients, field)
        if value is None:
            continue
        if value.shape != shape:
            raise SlitError(
                f"objective {objective.name}: {field} has shape {value.shape}, expected {shape}"
            )
        if not np.isfinite(value).all():
            raise SlitError(f"objective {objective.name}: {field} is not finite, expected numbers")
    scalars = (coefficients.wait, coefficients.late, coefficients.quality, coefficients.constant)
    if not np.isfinite(scalars).all():
        raise SlitError(f"objective {objective.name}: a weight is not finite, expected numbers")
    largest = isinstance(objective.measure, Linear) and objective.measure.largest
    if largest and (coefficients.requests is not None or any(scalars)):
        raise SlitError(
            f"objective {objective.name}: terms per request or a constant, expected only energy "
            "and nodes where the largest datacenter counts"
        )


def _fixed_point(per_request: Floats, problem: Problem) -> tuple[Longs, float]:
    """Per-chunk values as integers, and what one unit is worth."""
    values = np.where(problem.allowed, per_request * problem.chunk_requests[:, None], 0.0)
    scale = finest_scale((np.abs(values).max(axis=1) * problem.group_chunks).sum())
    return np.rint(values * scale).astype(np.int64), 1.0 / scale
