"""`lexicographic`: one objective after the other, in the order they are given.

Staged linear programs on the relaxation, rounded, repaired and improved to a plan
(`slit.lexicographic`). Objectives without a linear part cannot be ranked. Incremental
evaluations of the improvement and evaluations to choose among its results count as `moves`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from operators.types import Genes
from slit.errors import SlitError
from slit.lexicographic import Lexicographic, lexicographic, rounded_up
from slit.objectives.limits import Limit
from slit.optimizers.protocol import Optimizer, Phase, Setup
from slit.optimizers.single import SinglePlan


@dataclass(frozen=True, slots=True)
class Settings:
    """What comes first, what later phases may give up of it, and what must be kept to.

    order: objectives, the most important first; those it leaves out only break ties (default: all
    objectives as they are given). tolerance: how far an objective may rise above its relaxed
    optimum in later phases, one for all or one for each of `order`: a share of the optimum's
    absolute value, or with `absolute` in the objective's unit. caps: the largest value of any
    objective, in its unit.
    """

    order: Sequence[str] = ()
    tolerance: float | Sequence[float] = 0.01
    absolute: bool = False
    caps: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        order = tuple(self.order)
        rooms = np.asarray(self.tolerance, dtype=np.float64)
        for name in order:
            if order.count(name) > 1:
                raise SlitError(f"order: {name!r} twice, expected each objective once")
        unit = "in the objective's unit" if self.absolute else "share of the optimum"
        if not (np.isfinite(rooms) & (rooms >= 0)).all():
            raise SlitError(f"tolerance: {_listed(rooms)}, expected 0 or more ({unit})")
        if rooms.ndim and order and rooms.shape != (len(order),):
            raise SlitError(
                f"tolerance: {rooms.size} numbers, expected 1 or {len(order)} (one for each of "
                f"{', '.join(order)})"
            )
        for name, cap in self.caps.items():
            if not np.isfinite(cap):
                raise SlitError(f"cap {name}: {cap}, expected a finite number")
        object.__setattr__(self, "order", order)
        object.__setattr__(self, "tolerance", tuple(rooms.tolist()) if rooms.ndim else float(rooms))
        object.__setattr__(self, "caps", {name: float(cap) for name, cap in self.caps.items()})

    @property
    def named(self) -> tuple[str, ...]:
        """The objectives that the order and the caps name."""
        return tuple(dict.fromkeys((*self.order, *self.caps)))


def build(setup: Setup) -> Optimizer:
    """The scheduler that ranks the objectives of a task; see `Settings`."""
    return LexicographicPlan(setup)


class LexicographicPlan(SinglePlan):
    """Makes the lexicographic plan.

    Afterwards `phases` says what each phase reached, and `notes` which caps and which limits of
    phases the plan exceeds.
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup, make=self._plan)
        self._setup = setup
        self.phases: tuple[Phase, ...] = ()
        self.notes: tuple[str, ...] = ()

    def _plan(self) -> Genes:
        task, settings = self._setup.task, self._setup.settings
        relaxation = task.relaxation.fresh()
        if not relaxation.names:
            said = "; ".join(f"{name} has {why}" for name, why in relaxation.left_out.items())
            raise SlitError(f"lexicographic: {said}, expected an objective with a linear part")
        caps = _with_limits(settings.caps, task.limits, relaxation.names)
        found = lexicographic(
            relaxation,
            task.judge(),
            settings.order or relaxation.names,
            rng=self._setup.rng,
            tolerance=settings.tolerance,
            absolute=settings.absolute,
            caps=caps,
        )
        self.moves = found.moves
        self.phases = tuple(
            Phase(
                stage.name,
                stage.unit,
                stage.value,
                found.values[stage.name],
                stage.limit,
                found.relaxed[stage.name],
            )
            for stage in found.stages
        )
        self.notes = _exceeded(found, caps)
        return np.asarray(found.plan)


def _with_limits(
    caps: Mapping[str, float], limits: Sequence[Limit], names: Sequence[str]
) -> dict[str, float]:
    """The caps, and the limits on objectives that are ranked: of two the smaller."""
    most = dict(caps)
    for limit in limits:
        name = limit.objective.name
        if name in names:
            most[name] = min(limit.most, most.get(name, limit.most))
    return most


def _exceeded(found: Lexicographic, caps: Mapping[str, float]) -> tuple[str, ...]:
    """The caps and the limits of phases that a plan exceeds, in words."""

    def said(what: str, name: str, limit: float, relaxed: float) -> str:
        return (
            f"{what} <= {limit:.6g}: the relaxed optimum meets it ({relaxed:.6g}), the plan in "
            f"whole nodes does not ({rounded_up(found.values[name]):.6g})"
        )

    return (
        *(said(f"cap {name}", name, caps[name], found.relaxed[name]) for name in found.broken),
        *(
            said(f"phase {number}: {stage.name}", stage.name, stage.limit, stage.value)
            for number, stage in enumerate(found.stages, start=1)
            # Where a phase may grow up to its cap, that is said of the cap.
            if stage in found.missed
            and not (stage.name in found.broken and stage.limit == caps[stage.name])
        ),
    )


def _listed(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return ", ".join(f"{value:g}" for value in np.atleast_1d(values))
