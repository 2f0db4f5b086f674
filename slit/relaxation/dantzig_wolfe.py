"""Minimizing under limits that hold over all epochs together.

Limits on objectives, and objectives that count the largest datacenter, couple the epochs. The
coupled program is solved by Dantzig-Wolfe decomposition (Dantzig and Wolfe 1960): the master
program mixes known optima of each epoch so that the limits hold, its prices are the weights with
which the subproblems of the epochs are solved next, until none has anything better to offer. Every
set of prices proves a lower bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from operators.types import Floats, Positions
from slit.arrays import product
from slit.lp.dual_bound import SUM_ERROR
from slit.lp.iis import irreducible
from slit.lp.solver import LinearModel, Solution, Solver, SolverError, SolverOptions, Status
from slit.relaxation.relaxation import Relaxation, Relaxed
from slit.relaxation.subproblem_solver import EpochPoint

MIXED = 1e-12
"""Shares of a mixture below this are rounding."""
NEGLIGIBLE = 1e-13
"""Scaled coefficients below this are rounding."""
TOLERANCES = (1e-10, 1e-9, 1e-7)
"""Of the solver, tried in turn: many optima of an epoch differ by little more than rounding."""
EDGE = 1e-7
"""Caps exceeded by this share of their scale may be met but for rounding."""
PATIENCE = 4
"""Rounds without progress after which rounding is all that is left."""
MEETING = 300
"""Rounds of looking for a mixture that meets the caps."""


@dataclass(frozen=True, slots=True, eq=False)
class Coupled:
    """An optimum under caps: M objectives.

    relaxed: the point, a mixture of optima in each epoch; its weights include the multipliers, and
    its duals are those of the last prices. value: the weighted sum at the point. bound: no feasible
    plan within the caps is below it. multipliers (M,): by how much one unit more of each cap would
    lower the weighted sum. known: optima to start the next solve from.
    """

    relaxed: Relaxed
    value: float
    bound: float
    multipliers: Floats
    known: tuple[Relaxed, ...]


class CapsUnmet(Exception):  # noqa: N818 - turned into an InfeasibleError by who knows the names
    """No point of the relaxation meets the caps together; `caps` are those that the proof needs."""

    def __init__(self, caps: Positions) -> None:
        super().__init__(f"caps on objectives {caps.tolist()} cannot be met together")
        self.caps = caps


def minimize_capped(
    relaxation: Relaxation,
    weights: Floats,
    caps: Floats,
    *,
    known: Sequence[Relaxed] = (),
    tolerance: float = 1e-9,
    rounds: int = 300,
) -> Coupled:
    """Minimize weights (M,) @ objectives with each objective at most its cap (M,), inf for none.

    Stops when value - bound is below `tolerance` of what the objectives range over, or after so
    many `rounds` within the caps. Raises
    CapsUnmet if the caps contradict each other, InfeasibleError if the demand cannot be served.
    """
    search = _Decomposition(relaxation, weights, caps, list(known))
    if np.isfinite(caps).any():
        search.meet_caps(tolerance, MEETING)
    return search.minimize(tolerance, rounds)


def irreducible_caps(relaxation: Relaxation, caps: Floats, conflict: Positions) -> Positions:
    """Of caps that contradict each other a set that does so only as a whole."""

    def contradict(rest: Sequence[int]) -> bool:
        limits = np.full(len(caps), np.inf)
        limits[list(rest)] = caps[list(rest)]
        try:
            if rest:
                _Decomposition(relaxation, np.zeros(len(caps)), limits, []).meet_caps(1e-9, MEETING)
        except CapsUnmet:
            return True
        return False

    return np.array(irreducible(conflict.tolist(), contradict), dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class _MasterSolution:
    """Optimum of the master program: N known optima, T epochs, M objectives, D datacenters."""

    shares: Floats  # (N, T)
    prices: Floats  # (M, D) of the limits, >= 0; equal over datacenters for sums
    value: float


class _Decomposition:
    def __init__(
        self, relaxation: Relaxation, weights: Floats, caps: Floats, known: list[Relaxed]
    ) -> None:
        self.relaxation = relaxation
        self.weights, self.caps = weights, caps
        self.room = 0.0  # beyond the scaled caps
        self.largest = relaxation.terms.largest
        capped = np.isfinite(caps)
        self.sums = np.flatnonzero(capped & ~self.largest)
        self.tops = np.flatnonzero((capped | (weights > 0)) & self.largest)
        self.known = known
        wanted = [weights] if weights.any() else []
        if not known:
            wanted += list(np.eye(len(weights))[capped])
        self.known = known + relaxation.minimize_many(np.array(wanted)) if wanted else known

    def meet_caps(self, tolerance: float, rounds: int) -> None:
        """Add optima until some mixture meets the caps; raises CapsUnmet if none does.

        Where neither can be shown, the caps lie on the edge of what is attainable and are met but
        for rounding, which is then allowed for.
        """
        least, idle = np.inf, 0
        for _ in range(rounds):
            mixture = self._solve_master(phase_one=True)
            idle = 0 if mixture.value < 0.99 * least else idle + 1
            least = min(least, mixture.value)
            if least <= 0.1 * tolerance or (idle > PATIENCE and least <= EDGE):
                self.room = 2.0 * least
                return
            relaxed, bound = self._price(np.zeros_like(self.weights), mixture.prices)
            if bound > 0:
                totals = np.where(self.largest, mixture.prices.sum(axis=1), mixture.prices[:, 0])
                needed = totals > 1e-9 * totals.max()
                raise CapsUnmet(np.flatnonzero(needed & np.isfinite(self.caps)))
            self.known.append(relaxed)
        raise SolverError(f"caps: not decided after {rounds} rounds")

    def minimize(self, tolerance: float, rounds: int) -> Coupled:
        """The optimum; the caps can be met by what is known."""
        best, value, idle = -np.inf, np.inf, 0
        for _ in range(rounds):
            mixture = self._solve_master(phase_one=False)
            relaxed, bound = self._price(self.weights, mixture.prices)
            progress = 0.01 * tolerance * self._size()
            better = bound > best + progress or mixture.value < value - progress
            idle = 0 if better else idle + 1
            best, value, prices = max(best, bound), mixture.value, mixture.prices
            if value - best <= tolerance * self._size() or idle > PATIENCE:
                break
            self.known.append(relaxed)
        multipliers = np.where(self.largest, prices.sum(axis=1) - self.weights, prices[:, 0])
        multipliers = np.where(np.isfinite(self.caps), np.maximum(multipliers, 0.0), 0.0)
        point = _blended(self.relaxation, self.known, mixture, relaxed)
        return Coupled(point, value, min(best, value), multipliers, tuple(self.known))

    def _price(self, weights: Floats, prices: Floats) -> tuple[Relaxed, float]:
        """The optimum of the epochs at these prices, and the bound that it proves."""
        spread = np.where(self.largest, 0.0, weights)
        relaxed = self.relaxation.minimize_parts((spread[:, None] + prices)[None])[0]
        paid = np.where(self.largest, prices.sum(axis=1) - weights, prices[:, 0])
        capped = np.isfinite(self.caps)
        terms = paid[capped] * self.caps[capped]
        doubt = SUM_ERROR * np.abs(terms).sum()
        return relaxed, float(relaxed.bound - terms.sum() - doubt)

    def _size(self) -> float:
        """What the weighted sum ranges over among the known optima, with room for rounding."""
        values = np.array([relaxed.objectives for relaxed in self.known]) * self.weights
        return float(np.ptp(values, axis=0).sum() + 0.1 * np.abs(values).sum(axis=1).max())

    def _solve_master(self, *, phase_one: bool) -> _MasterSolution:
        """The best mixture of the known optima within the caps, or the one that is nearest them."""
        parts = np.stack([relaxed.parts for relaxed in self.known])  # (N, T, M, D)
        base = parts[0]
        parts = parts - base
        count, epochs, _, centers = parts.shape
        scale = self._scale(parts, base)
        size = max(float(product(self.weights, scale)), 1e-300)
        solution = _solved(self._master_program(parts, base, scale, size, phase_one=phase_one))
        shares = solution.x[: count * epochs].reshape(count, epochs)
        duals = np.maximum(-solution.row_duals[epochs:], 0.0) * (1.0 if phase_one else size)
        first = len(self.sums)
        prices = np.zeros(base.shape[1:])
        prices[self.sums] = (duals[:first] / scale[self.sums])[:, None]
        prices[self.tops] = duals[first:].reshape(-1, centers) / scale[self.tops, None]
        if phase_one:
            return _MasterSolution(shares, prices, solution.value)
        self._complete(prices)
        blended = np.einsum("nt,ntmd->tmd", shares, parts) + base
        value = float(product(self.weights, self.relaxation.terms.objectives_of(blended)))
        return _MasterSolution(shares, prices, value)

    def _scale(self, parts: Floats, base: Floats) -> Floats:
        """(M,): the size of each objective's limits; the solver's tolerance is absolute."""
        ranges = np.abs(parts.sum(axis=3)).sum(axis=1).max(axis=0)
        ranges = np.maximum(ranges, 1e-6 * np.abs(base).sum(axis=(0, 2)))
        # Of a cap rather than of what lies far beyond it.
        capped = np.where(np.isfinite(self.caps), np.abs(self.caps), np.inf)
        scale = np.minimum(ranges, np.maximum(capped, 1e-4 * ranges))
        return np.asarray(np.maximum(scale, 1e-300))

    def _master_program(
        self, parts: Floats, base: Floats, scale: Floats, size: float, *, phase_one: bool
    ) -> LinearModel:
        """The master program: shares of the known optima, largest totals, excesses over limits.

        Rows: shares of an epoch sum to 1, capped sums, totals of datacenters below the largest.
        """
        count, epochs, _, centers = parts.shape
        sums, tops = parts.sum(axis=3), len(self.tops)
        first, mixed = len(self.sums), count * epochs
        limits = first + tops * centers
        width = mixed + tops + limits
        constant, offset = self.relaxation.terms.constant, base.sum(axis=0)
        cost = np.zeros(width)
        if phase_one:
            cost[mixed + tops :] = 1.0
        else:
            weighed = product(sums, np.where(self.largest, 0.0, self.weights))
            cost[:mixed] = weighed.ravel() / size
            cost[mixed : mixed + tops] = (self.weights * scale)[self.tops] / size
        rows = np.zeros((limits, width))
        rows[:first, :mixed] = (sums[:, :, self.sums] / scale[self.sums]).reshape(mixed, -1).T
        by_center = parts[:, :, self.tops] / scale[self.tops, None]
        rows[first:, :mixed] = by_center.reshape(mixed, -1).T
        rows[first:, mixed : mixed + tops] = -np.repeat(np.eye(tops), centers, axis=0)
        rows[:, mixed + tops :] = -np.eye(limits)
        rows[np.abs(rows) < NEGLIGIBLE] = 0.0
        cost[np.abs(cost) < NEGLIGIBLE] = 0.0
        lower, upper = np.zeros(width), np.full(width, np.inf)
        lower[mixed : mixed + tops] = -np.inf
        upper[mixed : mixed + tops] = ((self.caps - constant) / scale)[self.tops]
        upper[mixed + tops :] = np.inf if phase_one else self.room
        capped = ((self.caps - constant - offset.sum(axis=1)) / scale)[self.sums]
        below = (-offset / scale[:, None])[self.tops].ravel()
        epoch = np.tile(np.arange(epochs), count)
        one = sparse.csr_array((np.ones(mixed), (epoch, np.arange(mixed))), shape=(epochs, width))
        return LinearModel(
            cost=cost,
            lower=lower,
            upper=upper,
            matrix=sparse.csr_array(sparse.vstack([one, sparse.csr_array(rows)], format="csr")),
            row_lower=np.concatenate([np.ones(epochs), np.full(limits, -np.inf)]),
            row_upper=np.concatenate([np.ones(epochs), capped, below]),
        )

    def _complete(self, prices: Floats) -> None:
        """Make the prices of the largest datacenter sum to its weight at least, exactly if free."""
        for m in self.tops:
            total, weight = prices[m].sum(), self.weights[m]
            if total <= 0:
                prices[m] = weight / prices.shape[1]
            elif total < weight or not np.isfinite(self.caps[m]):
                prices[m] *= weight / total


def _blended(
    relaxation: Relaxation, known: list[Relaxed], mixture: _MasterSolution, last: Relaxed
) -> Relaxed:
    """The mixture as one point of each epoch, with the duals of the last prices."""
    points = []
    for t, at_last in enumerate(last.points):
        used = np.flatnonzero(mixture.shares[:, t] > MIXED)
        share = mixture.shares[used, t] / mixture.shares[used, t].sum()
        mixed = [known[n].points[t] for n in used]
        points.append(
            EpochPoint(
                columns=np.concatenate([point.columns for point in mixed]),
                amounts=np.concatenate(
                    [s * point.amounts for s, point in zip(share, mixed, strict=True)]
                ),
                parts=np.einsum("n,nmd->md", share, [point.parts for point in mixed]),
                duals=at_last.duals,
                bound=at_last.bound,
            )
        )
    return relaxation.assembled(last.center_weights, tuple(points))


def _solved(model: LinearModel) -> Solution:
    """The optimum, to the finest of the tolerances that the solver manages."""
    for tolerance in TOLERANCES:
        options = SolverOptions(feasibility_tolerance=tolerance, dual_tolerance=tolerance)
        solution = Solver(model, options=options).solve()
        if solution.status is Status.OPTIMAL:
            return solution
    raise SolverError(f"mixture of optima: HiGHS stopped ({solution.status.value})")
