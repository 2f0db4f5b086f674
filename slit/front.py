"""A set of evaluated plans: what optimizers return, reports read and files hold."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from operators.dominance import distinct_objectives, nondominated
from operators.selection import knee_point
from operators.types import Bools, Floats, Genes, Integers, Longs
from slit.arrays import frozen
from slit.display import beyond
from slit.errors import SlitError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

BALANCED = "nearest to the best of every objective at once"
"""What the balanced plan is (`distance_to_best` says how that is measured)."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A plan that has a name of its own: an extreme, the compromise, a reference, a baseline."""

    name: str
    row: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Front:
    """Plans X (N, G) with objectives F (N, M), minimized, and constraint violation (CV) G (N,).

    Shapes: N plans, G genes (placement indices), M objectives called `names`, in `units`.
    `methods` (N,) names the optimizer or baseline that made each row, `plans` (N,) its number in
    the run it comes from. `on_front` (N,) marks the feasible rows that no feasible row dominates:
    of rows with equal objectives the first only, unless `keep_equal` asks for all of them.
    `titles` (M,) are what the objectives are called in full; empty where nobody said. `refused`
    (N,): of the violation, node starts that a minimum time down refuses.
    """

    X: Genes
    F: Floats
    G: Floats
    names: tuple[str, ...]
    units: tuple[str, ...]
    methods: tuple[str, ...]
    plans: Longs = field(default_factory=lambda: np.empty(0, np.int64))
    keep_equal: bool = False
    titles: tuple[str, ...] = ()
    refused: Longs = field(default_factory=lambda: np.empty(0, np.int64))
    on_front: Bools = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.methods)
        numbers = self.plans if len(self.plans) or not count else np.arange(count)
        for name, values, dtype in (
            ("X", self.X, np.int16),
            ("F", self.F, np.float64),
            ("G", self.G, np.float64),
            ("plans", numbers, np.int64),
            ("refused", self.refused if len(self.refused) else np.zeros(count), np.int64),
        ):
            object.__setattr__(self, name, frozen(values, dtype))
        shapes = self.X.shape[:1], self.F.shape, self.G.shape, self.plans.shape
        expected = (count,), (count, len(self.names)), (count,), (count,)
        if shapes != expected or self.X.ndim != 2 or len(self.units) != len(self.names):
            raise SlitError(
                f"front: X {self.X.shape}, F {self.F.shape}, G {self.G.shape}, plans "
                f"{self.plans.shape}, {len(self.units)} units, expected {count} rows (methods) "
                f"and {len(self.names)} objectives (names)"
            )
        mask = _marked(self.F, self.G, keep_equal=self.keep_equal)
        object.__setattr__(self, "on_front", frozen(mask, np.bool_))

    def __len__(self) -> int:
        return len(self.methods)

    @property
    def feasible(self) -> bool:
        """Whether any plan is feasible."""
        return bool(self.on_front.any())

    @property
    def undominated(self) -> Bools:
        """The feasible rows (N,) that no feasible row dominates, all of those that are equal."""
        return _marked(self.F, self.G, keep_equal=True)

    @property
    def best(self) -> "Front":
        """The rows on the front; where no plan is feasible, those of least violation."""
        return self.rows(kept_rows(self.F, self.G, keep_equal=self.keep_equal))

    def rows(self, index: Integers | Bools) -> "Front":
        """The rows `index` (positions or a mask), with their plan numbers."""
        chosen = np.arange(len(self))[index]
        return replace(
            self,
            X=self.X[chosen],
            F=self.F[chosen],
            G=self.G[chosen],
            methods=tuple(self.methods[n] for n in chosen),
            plans=self.plans[chosen],
            refused=self.refused[chosen],
        )

    def joined(self, other: "Front") -> "Front":
        """The rows of both, numbered anew."""
        if (self.names, self.units) != (other.names, other.units):
            raise SlitError(f"front: objectives {other.names}, expected {self.names}")
        return Front(
            X=np.concatenate([self.X, other.X]),
            F=np.concatenate([self.F, other.F]),
            G=np.concatenate([self.G, other.G]),
            names=self.names,
            units=self.units,
            methods=self.methods + other.methods,
            keep_equal=self.keep_equal,
            titles=self.titles,
            refused=np.concatenate([self.refused, other.refused]),
        )

    def extremes(self) -> dict[str, int]:
        """For each objective the row of the best plan that is least in it."""
        candidates, distance = self._distances()
        found = {}
        for m, name in enumerate(self.names):
            values = self.F[candidates, m]
            found[name] = int(candidates[np.lexsort([distance, values])[0]])
        return found

    def compromise(self) -> int:
        """The row of the balanced plan: of the best plans the one of least `distance_to_best`."""
        candidates, distance = self._distances()
        return int(candidates[np.argmin(distance)])

    def knee(self) -> int:
        """The row of the best plan farthest below the plane through the ends of the objectives
        (Das 1999), scaled as for `compromise`: to gain in one there costs most in the others."""
        candidates, _ = self._distances()
        return int(candidates[knee_point(self.F[candidates])])

    def picks(self, *, prefix: str) -> tuple[Pick, ...]:
        """The extremes as `prefix`-objective, the compromise as `prefix`-balance, and every plan
        whose method made one plan only, by the name of that method.

        Where a method has the name of an extreme or of the compromise, its plan stands for it.
        """
        found = {f"{prefix}-{name}": row for name, row in self.extremes().items()}
        found[f"{prefix}-balance"] = self.compromise()
        single = {
            method: row
            for row, method in enumerate(self.methods)
            if method != prefix and self.methods.count(method) == 1
        }
        return tuple(Pick(name, row) for name, row in (found | single).items())

    def row_of(self, plan: str, *, prefix: str) -> int:
        """The row of a plan given by its number or by the name of a pick."""
        numbers = {str(number): row for row, number in enumerate(self.plans)}
        named = {pick.name: pick.row for pick in self.picks(prefix=prefix)}
        if self.methods.count(prefix) == 1:
            named[prefix] = self.methods.index(prefix)
        row = numbers.get(plan, named.get(plan))
        if row is None:
            raise SlitError(
                f"plan: {plan!r}, expected a number from 0 to {self.plans.max()} or one of "
                f"{', '.join(named)}{did_you_mean(plan, named)}"
            )
        return row

    def to_frame(self) -> "pd.DataFrame":
        """A table of the rows: plan, method, one column an objective, violation, on_front."""
        import pandas as pd

        values = {name: self.F[:, m] for m, name in enumerate(self.names)}
        columns = {"plan": self.plans, "method": list(self.methods), **values}
        columns |= {"violation": self.G, "on_front": self.on_front.astype(np.int64)}
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        listed = ", ".join(self.names)
        return f"<Front of {listed}: {len(self)} plans, {int(self.on_front.sum())} on the front>"

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, max_rows=20))

    def _distances(self) -> tuple[Longs, Floats]:
        """The best rows, and how far each is from their ideal point."""
        if not len(self):
            raise SlitError("front: no plan, expected at least one")
        front = np.flatnonzero(self.on_front)
        candidates = front if len(front) else kept_rows(self.F, self.G)
        values = self.F[candidates]
        return candidates, distance_to_best(values, values)


def broken_by(front: Front, row: int) -> str:
    """What the plan of a row breaks, in words; nothing if it is feasible."""
    return beyond(float(front.G[row]), int(front.refused[row]))


def distance_to_best(F: Floats, front: Floats) -> Floats:
    """How far plans F (N, M) are from the best of every objective at once, the ideal point of a
    front (K, M): Euclidean, each objective scaled to [0, 1] over the front; one in which its plans
    are equal counts nothing."""
    low, high = front.min(axis=0), front.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return np.asarray(np.sqrt((((F - low) / span) ** 2).sum(axis=1)))


def kept_rows(F: Floats, G: Floats, *, keep_equal: bool = False) -> Longs:
    """Rows that are feasible and non-dominated, or, where none is feasible, those of least
    violation that no other such row dominates. F (N, M), G (N,).

    Of rows with equal objectives the first, unless `keep_equal` asks for all.
    """
    if not len(G):
        return np.empty(0, np.int64)
    limit = max(0.0, float(G.min()))
    least = np.flatnonzero(limit >= G)
    best = np.asarray(least[nondominated(F[least])], dtype=np.int64)
    return best if keep_equal else best[distinct_objectives(F[best])]


def change_percent(values: Floats, reference: Floats) -> list[float | None]:
    """The change of `values` (M,) against `reference` (M,) in per cent: minus is less, so better.

    None where the reference is zero or negative: a share of it means nothing.
    """
    return [
        float(100.0 * (value / base - 1.0)) if base > 0 else None
        for value, base in zip(values, reference, strict=True)
    ]


def _marked(F: Floats, G: Floats, *, keep_equal: bool) -> Bools:
    mask = np.zeros(len(G), dtype=np.bool_)
    if (G <= 0).any():
        mask[kept_rows(F, G, keep_equal=keep_equal)] = True
    return mask
