"""Problems whose solutions choose one of a few values for each gene: what frameworks share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels.additive import evaluate_additive
from operators.sampling import uniform
from operators.types import Floats, Genes, Ints, Singles

Evaluate = Callable[[Genes], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """G genes, M objectives to minimize, and which values each gene may take.

    Gene g takes one of options[gene_row[g], : option_count[gene_row[g]]]. `evaluate` gives F (N, M)
    and violation G (N,) of plans (N, G); 0 is feasible. `exact` (K, M) is the exact front, where it
    is known, `ideal` (M,) a point that no solution is below.
    """

    name: str
    gene_row: Ints
    options: Genes
    option_count: Ints
    names: tuple[str, ...]
    evaluate: Evaluate
    ideal: Floats
    exact: Floats | None = None
    uncounted: Evaluate | None = None

    def again(self, plans: Genes) -> tuple[Floats, Floats]:
        """As `evaluate`, for solutions whose evaluation has been counted before."""
        return (self.uncounted or self.evaluate)(plans)

    @property
    def genes(self) -> int:
        """G."""
        return len(self.gene_row)

    @property
    def objectives(self) -> int:
        """M."""
        return len(self.names)

    @property
    def allowed(self) -> dict[str, Any]:
        """The values of the genes, as `operators` takes them."""
        return {
            "gene_row": self.gene_row,
            "options": self.options,
            "option_count": self.option_count,
        }

    def random(self, count: int, *, rng: np.random.Generator) -> Genes:
        """Random solutions (count, G)."""
        return uniform(count, rng=rng, **self.allowed)

    def chosen(self, numbers: NDArray[Any]) -> Genes:
        """Solutions (N, G) from the numbers of the choices, rounded and clipped."""
        highest = self.option_count[self.gene_row] - 1
        number = np.clip(np.rint(numbers), 0, highest).astype(np.int64)
        return np.asarray(self.options[self.gene_row[None, :], number])


@dataclass(frozen=True, slots=True, eq=False)
class Additive:
    """The arrays of `evaluate_additive`: G genes of P values, R resources, M objectives.

    The K objectives `paid` have costs of the genes' own.
    """

    cost: Singles  # (G, K, P)
    paid: Ints  # (K,)
    load: Singles  # (G, P)
    resource: Genes  # (G, P)
    capacity: Floats  # (R,)
    price: Floats  # (M, R)
    curvature: Floats  # (M, R)

    def evaluate(self, plans: Genes) -> tuple[Floats, Floats]:
        """F (N, M) and violation G (N,) of plans (N, G)."""
        F = np.full((len(plans), len(self.price)), np.nan)
        G = np.full(len(plans), np.nan)
        evaluate_additive(
            np.ascontiguousarray(plans, dtype=np.int16),
            self.cost,
            self.paid,
            self.load,
            self.resource,
            self.capacity,
            self.price,
            self.curvature,
            F,
            G,
        )
        return F, G

    def least(self) -> Floats:
        """(M,): every gene at its cheapest, crowding left out. No solution is below it."""
        count = len(self.price)
        lowest = np.zeros(count)
        for m in range(count):
            own = self.load.astype(np.float64) * self.price[m][self.resource]
            for k in np.flatnonzero(self.paid == m):
                own = own + self.cost[:, k]
            lowest[m] = own.min(axis=1).sum()
        return lowest

    def problem(self, name: str, names: tuple[str, ...], exact: Floats | None = None) -> Choices:
        """The choice problem; every gene may take all P values."""
        genes, values = self.load.shape
        return Choices(
            name=name,
            gene_row=np.zeros(genes, np.int32),
            options=np.arange(values, dtype=np.int16)[None, :],
            option_count=np.array([values], np.int32),
            names=names,
            evaluate=self.evaluate,
            ideal=self.least(),
            exact=exact,
        )
