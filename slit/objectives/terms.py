"""Objectives -> the coefficient arrays that kernels read."""

from collections.abc import Sequence

import numpy as np

from operators.types import Floats, Longs
from slit.arrays import frozen
from slit.errors import SlitError
from slit.kernels.objective_terms import ObjectiveTerms
from slit.objectives.define import (
    OF_SERVICE,
    Coefficients,
    Linear,
    Objective,
    build_coefficients,
)
from slit.problem import Problem
from slit.problem.arrays import finest_scale
from slit.scenario.scenario import Scenario

SCALARS = "reroute", "switches", "ramp", "constant"


def read_linear(
    objectives: Sequence[Objective], problem: Problem, scenario: Scenario
) -> tuple[Coefficients | None, ...]:
    """The coefficients of each objective that is linear, None for the others.

    Raises SlitError for coefficients of a wrong shape or that are not finite.
    """
    found: list[Coefficients | None] = []
    for objective in objectives:
        coefficients = None
        if isinstance(objective.measure, Linear):
            build = objective.measure.build
            coefficients = build_coefficients(objective.name, build, problem, scenario)
            check_coefficients(objective, coefficients, problem)
        found.append(coefficients)
    return tuple(found)


def lower_parts(
    objectives: Sequence[Objective],
    linear: Sequence[Coefficients | None],
    problem: Problem,
    scenario: Scenario,
) -> tuple[Coefficients | None, ...]:
    """Coefficients that bound each objective from below, None where it has none.

    Those of a linear objective are its own (`linear`, see `read_linear`); of one that counts the
    largest datacenter they are those of each datacenter's total.
    """
    return tuple(
        objective.linear_part(problem, scenario) if own is None else own
        for objective, own in zip(objectives, linear, strict=True)
    )


def terms_of(
    objectives: Sequence[Objective], linear: Sequence[Coefficients | None], problem: Problem
) -> ObjectiveTerms:
    """The coefficients of M objectives side by side; an objective that is not linear has zeros.

    `linear` is what `read_linear` returns.
    """
    n_objectives = len(objectives)
    site = np.zeros((*problem.pue.shape, 3, n_objectives))
    nodes = np.zeros((problem.epochs, problem.placements, n_objectives))
    tables: list[Longs] = []
    units: list[float] = []
    owners: list[int] = []
    service = np.zeros((3, n_objectives))
    by_group: list[Floats] = []
    group_owners: list[int] = []
    scalars = np.zeros((len(SCALARS), n_objectives))
    starts = np.zeros((problem.placements, n_objectives))
    on_demand = np.zeros((len(problem.pool_nodes), n_objectives))
    largest = np.zeros(n_objectives, dtype=np.bool_)
    for m, (objective, coefficients) in enumerate(zip(objectives, linear, strict=True)):
        if coefficients is None:
            continue
        largest[m] = counts_largest(objective)
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
        if coefficients.by_group:
            by_group.append(coefficients.service_of(problem))
            group_owners.append(m)
        else:
            service[:, m] = [getattr(coefficients, field) for field in OF_SERVICE]
        scalars[:, m] = [getattr(coefficients, field) for field in SCALARS]
        if coefficients.starts is not None:
            starts[:, m] = coefficients.starts
        if coefficients.on_demand is not None:
            on_demand[:, m] = coefficients.on_demand
    shape = (0, problem.groups, problem.placements)
    return ObjectiveTerms(
        site=frozen(site, np.float64),
        nodes=frozen(nodes if nodes.any() else nodes[:0, :0], np.float64),
        requests=frozen(np.stack(tables) if tables else np.zeros(shape), np.int64),
        request_unit=frozen(units, np.float64),
        request_objective=frozen(owners, np.int32),
        service=frozen(service, np.float64),
        group_service=frozen(
            np.stack(by_group) if by_group else np.zeros((0, problem.groups, 4)), np.float64
        ),
        group_objective=frozen(group_owners, np.int32),
        reroute=frozen(scalars[0], np.float64),
        starts=frozen(starts if starts.any() else starts[:0], np.float64),
        switches=frozen(scalars[1], np.float64),
        on_demand=frozen(on_demand if on_demand.any() else on_demand[:0], np.float64),
        ramp=frozen(scalars[2], np.float64),
        constant=frozen(scalars[3], np.float64),
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
        "starts": (problem.placements,),
        "on_demand": problem.pool_nodes.shape,
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
    for field in OF_SERVICE:
        value = getattr(coefficients, field)
        if np.ndim(value) and np.shape(value) != (problem.groups,):
            raise SlitError(
                f"objective {objective.name}: {field} has shape {np.shape(value)}, expected one "
                f"number or {(problem.groups,)}"
            )
    scalars = [*(getattr(coefficients, field) for field in OF_SERVICE), coefficients.constant]
    scalars += [0.0 if coefficients.after is None else coefficients.after]
    changes = (coefficients.reroute, coefficients.switches, coefficients.ramp)
    if not np.isfinite(changes).all() or min(changes) < 0 or (_starts(coefficients) < 0).any():
        raise SlitError(
            f"objective {objective.name}: reroute, starts, switches and ramp "
            f"{changes[0]:g}, {_starts(coefficients).min():g}, {changes[1]:g}, {changes[2]:g}, "
            "expected numbers >= 0 (the linear programs leave them out)"
        )
    if not all(np.isfinite(each).all() for each in scalars):
        raise SlitError(f"objective {objective.name}: a weight is not finite, expected numbers")
    if coefficients.on_demand is not None and (coefficients.on_demand < 0).any():
        raise SlitError(
            f"objective {objective.name}: on_demand {coefficients.on_demand.min():g}, expected "
            "numbers >= 0 (nodes beyond the committed ones are a convex function of the nodes)"
        )
    coupled = any(changes) or coefficients.starts is not None
    coupled |= coefficients.on_demand is not None
    per_request = coefficients.requests is not None or any(np.any(each) for each in scalars)
    if counts_largest(objective) and (per_request or coupled):
        raise SlitError(
            f"objective {objective.name}: terms per request or change, or a constant, expected "
            "only energy and nodes where the largest datacenter counts"
        )


def _starts(coefficients: Coefficients) -> Floats:
    return np.zeros(1) if coefficients.starts is None else coefficients.starts


def counts_largest(objective: Objective) -> bool:
    """Whether the largest datacenter's total counts instead of the sum."""
    return isinstance(objective.measure, Linear) and objective.measure.largest


def _fixed_point(per_request: Floats, problem: Problem) -> tuple[Longs, float]:
    """Per-chunk values as integers, and what one unit is worth."""
    values = np.where(problem.allowed, per_request * problem.chunk_requests[:, None], 0.0)
    scale = finest_scale((np.abs(values).max(axis=1) * problem.group_chunks).sum())
    return np.rint(values * scale).astype(np.int64), 1.0 / scale
