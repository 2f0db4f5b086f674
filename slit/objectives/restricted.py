"""Measures of a part: of a class or origin of requests, of a place, of another lateness.

Means over requests become means over those of a class and origin; sums over places become those of
one place. All are linear like what they are made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from operators.types import Bools, Floats
from slit.errors import SlitError
from slit.objectives.builtin import answer_loss, quality, slo_violation, ttft
from slit.objectives.define import Coefficients, Linear, Objective, build_coefficients
from slit.objectives.selectors import EACH, Key, Selected, check_names
from slit.problem import Problem
from slit.scenario.scenario import Scenario

REQUESTS, LATE = "requests", "late"
ONLY_RESTRICTED = (LATE, REQUESTS)
"""Measures that say something only with a selector."""
SITES = (Key.JURISDICTION, Key.DATACENTER)
PLACES = (*SITES, Key.POOL, Key.VARIANT)
MEANS = (quality.name, ttft.name, slo_violation.name, answer_loss.name)
"""Means over requests: of a class, of an origin."""
KEYS: Mapping[str, tuple[Key, ...]] = {
    **dict.fromkeys(MEANS, (Key.CLASS, Key.ORIGIN)),
    LATE: (Key.AFTER, Key.CLASS, Key.ORIGIN),
    REQUESTS: (Key.CLASS, Key.ORIGIN, *PLACES),
    "starts": PLACES,
}
"""What measures can be restricted by; other sums over places by `SITES`."""
ONLY_WHOLE = ("reroute", "switches", "ramp")
SHARED = ("energy", "water", "carbon", "scarcity_water")
"""Never negative, so that a place has a share of the total."""


def restricted(selected: Selected, known: Mapping[str, Objective], said: str) -> Objective:
    """The objective of a measure with a selector; `known` are the objectives by name.

    Raises SlitError, which begins with `said`, for a selector that the measure does not have.
    """
    check_keys(selected, known, said)
    if EACH in dict(selected.chosen).values():
        raise SlitError(f"{said}: {EACH}, expected a name (only limits are made for each)")
    where, name = selected.words(), selected.measure
    if name == LATE:
        title, unit = f"Requests later than {selected.get(Key.AFTER)} s", "share"
    elif name == REQUESTS:
        title, unit = "Share of requests", "share"
    else:
        title, unit = known[name].title, known[name].unit
    if Key.SHARE in selected.keys:
        around = 100 * (selected.number(Key.SHARE) or 0.0)
        title, unit = f"{title}, share of the total around {around:g} %", "share"
    build = Build(selected, known.get(name))
    return Objective(str(selected), unit, f"{title}: {where}" if where else title, Linear(build))


def check_keys(selected: Selected, known: Mapping[str, Objective], said: str) -> None:
    """Raise SlitError, which begins with `said`, for a selector that the measure does not have."""
    name = selected.measure
    keys = keys_of(name, known)
    for key in selected.keys:
        if key not in keys and not (key == Key.SHARE and name in SHARED):
            expected = f"one of {', '.join(keys)}" if keys else "no brackets"
            raise SlitError(f"{said}: {name} by {key}, expected {expected}")
    if name == LATE and Key.AFTER not in selected.keys:
        raise SlitError(
            f"{said}: late, expected late[after=SECONDS] (slo_violation: later than the SLO)"
        )
    if name == REQUESTS and not set(selected.keys) & set(PLACES):
        raise SlitError(
            f"{said}: requests, expected a place, as requests[datacenter=NAME] (one of "
            f"{', '.join(PLACES)})"
        )


def keys_of(name: str, known: Mapping[str, Objective]) -> tuple[Key, ...]:
    """What a measure can be restricted by."""
    if name in KEYS:
        return KEYS[name]
    objective = known.get(name)
    sums = objective is not None and isinstance(objective.measure, Linear)
    if objective is None or not sums or name in ONLY_WHOLE or objective.measure.largest:  # type: ignore[union-attr]
        return ()
    return SITES


@dataclass(frozen=True, slots=True)
class Build:
    """(problem, scenario) -> the coefficients of a part; `whole` is what it is a part of."""

    selected: Selected
    whole: Objective | None

    def __call__(self, problem: Problem, scenario: Scenario) -> Coefficients:
        """Raises SlitError for names that the scenario does not have."""
        selected = self.selected
        check_names(selected, scenario)
        if selected.measure in (*MEANS, LATE, REQUESTS):
            each = _share_of_requests(selected, problem, scenario)
            return _mean(selected, each, problem, scenario)
        whole = self.whole
        assert whole is not None
        assert isinstance(whole.measure, Linear)
        found = build_coefficients(whole.name, whole.measure.build, problem, scenario)
        part = _at_places(selected, found, problem, scenario)
        share = selected.number(Key.SHARE)
        return part if share is None else _beyond_share(part, found, share, problem)


def _mean(selected: Selected, share: Floats, problem: Problem, scenario: Scenario) -> Coefficients:
    """A mean over requests whose groups weigh `share` (J,) each."""
    accuracy = problem.accuracy[problem.group_class]
    match selected.measure:
        case quality.name:
            return Coefficients(quality=-share, constant=1.0)
        case ttft.name:
            return Coefficients(requests=problem.base_ttft * share[:, None], wait=share)
        case answer_loss.name:
            return Coefficients(requests=(1.0 - accuracy) * share[:, None])
        case "requests":
            here = _placements(selected, problem, scenario)
            return Coefficients(requests=share[:, None] * here[None, :])
    return Coefficients(late=share, after=selected.number(Key.AFTER))


def _share_of_requests(selected: Selected, problem: Problem, scenario: Scenario) -> Floats:
    """(J,): what a request of each group weighs in a mean over those selected."""
    here = np.ones(problem.groups, np.bool_)
    for key, of_group, records in (
        (Key.CLASS, problem.group_class, scenario.classes),
        (Key.ORIGIN, problem.group_origin, scenario.origins),
    ):
        name = selected.get(key)
        if name is not None:
            here &= of_group == [each.name for each in records].index(name)
    return here / float((problem.group_requests * here).sum())


def _centers(selected: Selected, scenario: Scenario) -> Bools:
    """(D,): the datacenters selected."""
    names = selected.get(Key.DATACENTER), selected.get(Key.JURISDICTION)
    return np.array(
        [
            names[0] in (None, each.name) and names[1] in (None, each.jurisdiction)
            for each in scenario.datacenters
        ],
        np.bool_,
    )


def _placements(selected: Selected, problem: Problem, scenario: Scenario) -> Bools:
    """(P,): the placements selected."""
    here = _centers(selected, scenario)[problem.placement_datacenter]
    for key, of_placement, names in (
        (Key.POOL, problem.placement_pool, [each.name for each in scenario.pools]),
        (Key.VARIANT, problem.placement_variant, [each.name for each in scenario.variants]),
    ):
        name = selected.get(key)
        if name is not None:
            here = here & (of_placement == names.index(name))
    return here


def _at_places(
    selected: Selected, whole: Coefficients, problem: Problem, scenario: Scenario
) -> Coefficients:
    """What a sum over places comes to at those selected."""
    loose = [field.name for field in fields(whole) if field.default is not None]
    if any(np.any(getattr(whole, name)) for name in loose):
        raise SlitError(
            f"{selected}: {selected.measure} is no sum over places, expected one of energy, nodes "
            "and requests alone"
        )
    centers, placements = (
        _centers(selected, scenario),
        _placements(selected, problem, scenario),
    )
    columns = {
        **dict.fromkeys(("it", "facility", "grid"), centers),
        **dict.fromkeys(("nodes", "requests", "starts"), placements),
    }
    part: dict[str, Any] = {
        name: getattr(whole, name) * here
        for name, here in columns.items()
        if getattr(whole, name) is not None
    }
    return Coefficients(**part)


def _beyond_share(
    part: Coefficients, whole: Coefficients, share: float, problem: Problem
) -> Coefficients:
    """At most `share` exactly where the part has at most that share of the whole, and elsewhere
    near the share that it has: linear, as a share is not.

    What the part has beyond that share, in units of what the whole comes to where all placements
    are used alike, on top of `share`.
    """
    unit = _typical(whole, problem)

    def beyond(name: str) -> Floats | None:
        mine, all_of_it = getattr(part, name), getattr(whole, name)
        return None if all_of_it is None else np.asarray((mine - share * all_of_it) / unit)

    return Coefficients(
        it=beyond("it"),
        facility=beyond("facility"),
        grid=beyond("grid"),
        nodes=beyond("nodes"),
        requests=beyond("requests"),
        starts=beyond("starts"),
        constant=share,
    )


def _typical(whole: Coefficients, problem: Problem) -> float:
    """What a sum over places comes to where requests are spread evenly over the placements."""
    per_kwh, pue = np.zeros(problem.pue.shape), problem.pue
    for value, factor in ((whole.it, 1.0), (whole.facility, pue), (whole.grid, pue)):
        if value is not None:
            per_kwh += value * factor
    nodes = problem.chunk[:, :, 0] / problem.node_ticks
    each = (problem.chunk[:, :, 1] + nodes * problem.idle_energy) * problem.kwh_per_energy_tick
    each = each * per_kwh[problem.group_epoch][:, problem.placement_datacenter]
    total = float((each.mean(axis=1, where=problem.allowed) * problem.group_chunks).sum())
    return total if total > 0 else 1.0
