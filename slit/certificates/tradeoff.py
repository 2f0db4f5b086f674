"""What one objective buys of the others: rates, worth of capacity and renewables, allowances.

Everything is exact on the relaxation. At a plan each objective in turn is minimized while the
others stay at or below the plan's; the multipliers of these caps are the marginal rates. Plans in
whole nodes are often so far above the relaxation that none of these caps binds: then start from the
edge of the relaxation below the plan (`slit.certificates.projection`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from operators.types import Bools, Floats
from slit.errors import InfeasibleError, SlitError
from slit.lexicographic import check_caps
from slit.relaxation import Relaxation, Relaxed
from slit.relaxation.dantzig_wolfe import CapsUnmet, Coupled, minimize_capped
from slit.relaxation.dual_values import capacity_worth, renewable_worth

BINDING = 1e-6
"""Caps hold back what falls by this share of its value if they were twice as large."""


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Marginal rates at a plan: M objectives, T epochs, Q pools, D datacenters.

    least (M,): each objective's relaxed minimum while the others stay within the plan's. rate
    (M, M): row a, column b: by how many units of a that minimum falls if b may be one unit higher
    (so what avoiding one unit of b costs in a); 0 on the diagonal. capacity (M, T, Q): by how much
    one more node-hour of a pool would lower a; renewable (M, T, D): one more kWh on site.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    least: Floats
    rate: Floats
    capacity: Floats
    renewable: Floats


@dataclass(frozen=True, slots=True)
class Purchase:
    """What an allowance buys of one objective.

    relaxed_before, relaxed_after: its relaxed minima under the plan's other values, without and
    with the allowance. plan: its value in the plan; attained: the least among the given plans that
    stay within the other values and the allowance, NaN where none does; row: which one, or -1.
    binding: the objectives whose values hold the relaxed minimum with the allowance where it is:
    more of any of them would lower it. holding: those without which one of the given plans would
    be better than `attained`.
    """

    name: str
    unit: str
    relaxed_before: float
    relaxed_after: float
    plan: float
    attained: float
    row: int
    binding: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()

    @property
    def relaxed_gain(self) -> float:
        """What the allowance buys on the relaxation."""
        return self.relaxed_before - self.relaxed_after

    @property
    def attained_gain(self) -> float:
        """What it buys among the given plans."""
        return self.plan - self.attained


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What growing shares of an allowance buy: K shares, B objectives bought.

    allow: the whole allowance by name. plan (B,): the plan's values. relaxed (K, B): relaxed minima
    at each share; attained (K, B): the least among the given plans. NaN where nothing is that good.
    """

    allow: dict[str, float]
    names: tuple[str, ...]
    units: tuple[str, ...]
    plan: Floats
    shares: Floats
    relaxed: Floats
    attained: Floats


def marginal_rates(relaxation: Relaxation, plan: ArrayLike) -> Rates:
    """Rates between the objectives of the relaxation at a plan with objectives (M,).

    Raises SlitError for a wrong shape, InfeasibleError if no relaxed point is that good.
    """
    values = _objectives(relaxation, plan)[0]
    count, problem = len(values), relaxation.problem
    hours = problem.epoch_seconds / 3600
    points: list[Coupled] = []
    for a in range(count):
        known = points[-1].known if points else ()
        points.append(_least(relaxation, a, values, known))
    return Rates(
        names=relaxation.names,
        units=relaxation.terms.units,
        least=np.array([point.value for point in points]),
        rate=np.array([point.multipliers for point in points]),
        capacity=np.array([capacity_worth(relaxation, p.relaxed) / hours for p in points]),
        renewable=np.array([renewable_worth(relaxation, p.relaxed) for p in points]),
    )


def tradeoff(
    relaxation: Relaxation,
    front: ArrayLike,
    *,
    plan: int,
    allow: Mapping[str, float],
    relaxed: ArrayLike | None = None,
    limits: ArrayLike | None = None,
    kept: ArrayLike | None = None,
) -> tuple[Purchase, ...]:
    """What allowing some objectives to be higher buys of each of the others.

    front (N, M): objectives of feasible plans, columns as `relaxation.names`; plan: the row to
    start from. allow: by how much each named objective may exceed the plan's, in its unit (negative
    to demand less). relaxed (M,): where the relaxed minima start, instead of the plan. limits (M,):
    what no objective may exceed even so, inf for none. kept (M,): whether an objective stays at its
    value and is bought (default: all); the others are only limited.

    Raises SlitError for wrong names or numbers, InfeasibleError where a demand is below what is
    attainable.
    """
    values, room = _checked(relaxation, front, plan, allow)
    most, counts = _frame(relaxation, limits, kept)
    start = values[plan]
    base = start if relaxed is None else _objectives(relaxation, relaxed)[0]
    before_caps, after_caps, allowed = (
        np.minimum(np.where(counts, each, np.inf), most)
        for each in (base, base + room, start + room)
    )
    found = []
    known: tuple[Relaxed, ...] = ()
    for a, name in enumerate(relaxation.names):
        if name in allow or not counts[a]:
            continue
        before = _least(relaxation, a, before_caps, known)
        after = _least(relaxation, a, after_caps, before.known)
        known = after.known
        best, row = _attained(values, allowed, a)
        unit = relaxation.terms.units[a]
        bought = before.value, after.value, float(start[a]), best, row
        binding = _binding(relaxation, after, after_caps)
        holding = _holding(relaxation, values, allowed, a)
        found.append(Purchase(name, unit, *bought, binding, holding))
    return tuple(found)


def allowance_curves(
    relaxation: Relaxation,
    front: ArrayLike,
    *,
    plan: int,
    allow: Mapping[str, float],
    shares: Sequence[float],
    relaxed: ArrayLike | None = None,
    limits: ArrayLike | None = None,
    kept: ArrayLike | None = None,
) -> Curves:
    """What growing shares of an allowance buy of each of the other objectives; see `tradeoff`."""
    values, room = _checked(relaxation, front, plan, allow)
    most, counts = _frame(relaxation, limits, kept)
    start = np.where(counts, values[plan], np.inf)
    base = values[plan] if relaxed is None else _objectives(relaxation, relaxed)[0]
    base = np.where(counts, base, np.inf)
    bought = [a for a, name in enumerate(relaxation.names) if name not in allow and counts[a]]
    minima = np.full((len(shares), len(bought)), np.nan)
    attained = minima.copy()
    known: tuple[Relaxed, ...] = ()
    for column, a in enumerate(bought):
        for k, share in enumerate(shares):
            allowed = np.minimum(start + share * room, most)
            attained[k, column] = _attained(values, allowed, a)[0]
            try:
                point = _least(relaxation, a, np.minimum(base + share * room, most), known)
            except InfeasibleError:
                continue
            minima[k, column], known = point.value, point.known
    return Curves(
        allow=dict(allow),
        names=tuple(relaxation.names[a] for a in bought),
        units=tuple(relaxation.terms.units[a] for a in bought),
        plan=values[plan][bought],
        shares=np.asarray(shares, dtype=np.float64),
        relaxed=minima,
        attained=attained,
    )


def _checked(
    relaxation: Relaxation, front: ArrayLike, plan: int, allow: Mapping[str, float]
) -> tuple[Floats, Floats]:
    """Objectives (N, M) of the front and the allowance (M,), 0 where there is none."""
    values = _objectives(relaxation, front)
    if not 0 <= plan < len(values):
        raise SlitError(f"plan: {plan}, expected a row of the front (0 to {len(values) - 1})")
    if not allow:
        raise SlitError(f"allow: none, expected some of {', '.join(relaxation.names)}")
    check_caps(relaxation, allow, what="allow")
    return values, np.array([allow.get(name, 0.0) for name in relaxation.names])


def _frame(
    relaxation: Relaxation, limits: ArrayLike | None, kept: ArrayLike | None
) -> tuple[Floats, Bools]:
    """Limits (M,), inf where there is none, and which objectives stay at their values (M,)."""
    count = len(relaxation.names)
    most = np.full(count, np.inf) if limits is None else np.asarray(limits, dtype=np.float64)
    counts = np.ones(count, np.bool_) if kept is None else np.asarray(kept, dtype=np.bool_)
    return most, counts


def _binding(relaxation: Relaxation, found: Coupled, caps: Floats) -> tuple[str, ...]:
    """The caps (M,) that an optimum would fall without."""
    capped = np.isfinite(caps)
    worth = found.multipliers * np.where(capped, np.abs(caps), 0.0)
    binding = capped & (worth > BINDING * abs(found.value))
    return tuple(name for m, name in enumerate(relaxation.names) if binding[m])


def _holding(
    relaxation: Relaxation, values: Floats, allowed: Floats, objective: int
) -> tuple[str, ...]:
    """Without which of what is allowed (M,) one of the plans (N, M) would be better."""
    best, _ = _attained(values, allowed, objective)
    found = []
    for m, name in enumerate(relaxation.names):
        free = allowed.copy()
        free[m] = np.inf
        least, _ = _attained(values, free, objective)
        if m != objective and (np.isnan(best) or least < best) and not np.isnan(least):
            found.append(name)
    return tuple(found)


def _attained(values: Floats, allowed: Floats, objective: int) -> tuple[float, int]:
    """The least of one objective among plans (N, M) whose others are allowed, and its row."""
    others = np.arange(len(allowed)) != objective
    within = (values <= allowed + 1e-9 * np.abs(allowed))[:, others].all(axis=1)
    if not within.any():
        return float("nan"), -1
    row = int(np.argmin(np.where(within, values[:, objective], np.inf)))
    return float(values[row, objective]), row


def _least(
    relaxation: Relaxation, objective: int, values: Floats, known: Sequence[Relaxed]
) -> Coupled:
    """The relaxed minimum of one objective with the others at most their values."""
    caps = values + 1e-9 * np.abs(values)
    caps[objective] = np.inf
    weights = np.eye(len(values))[objective]
    try:
        return minimize_capped(relaxation, weights, caps, known=known)
    except CapsUnmet as unmet:
        said = ", ".join(
            f"{relaxation.names[m]} <= {caps[m]:.6g} {relaxation.terms.units[m]}"
            for m in unmet.caps
        )
        raise InfeasibleError(
            f"allow: {said}: no plan is that good, expected more room (relaxed minimum)"
        ) from None


def _objectives(relaxation: Relaxation, values: ArrayLike) -> Floats:
    found = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if found.shape[1] != len(relaxation.names) or not np.isfinite(found).all():
        raise SlitError(
            f"objectives: shape {found.shape}, expected finite numbers (N, "
            f"{len(relaxation.names)}) for {', '.join(relaxation.names)}"
        )
    return found
