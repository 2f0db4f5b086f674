"""Steady plans: about as good as a given one, with far fewer requests rerouted between epochs.

Which of many nearly equal placements serves a request is decided anew in every epoch by a search
that looks at objectives only, so its plans change more than they need to. Here a plan is built
again, epoch after epoch: its relaxation near the epoch before (`slit.relaxation.steady_shares`),
rounded to whole chunks, then local search in which rerouting has a price.
"""

from typing import NamedTuple

import numpy as np

from operators.crossover import recombine
from operators.types import Floats, Genes
from slit.arrays import product
from slit.compute import map_items
from slit.evaluator import Evaluator
from slit.front import Front
from slit.kernels.chains import best_chain, measure_seams
from slit.kernels.local_search import MOST_MOVES, improve_plan
from slit.kernels.scalarization import Scalarization, scalarize
from slit.objectives import Linear
from slit.objectives.builtin import reroute
from slit.plans import continue_epoch
from slit.problem import Problem
from slit.relaxation import Relaxation
from slit.relaxation.relaxation import LARGEST_PROGRAM
from slit.relaxation.steady_shares import Steadiness, continued_genes
from slit.sandwich import lattice

ALLOWANCE = 0.01
"""By what share of itself each objective may be worse than the plan's."""
MOST_REROUTED = 0.1
"""Of the requests: a plan that reroutes no more is steady."""
ROUNDS = 6
"""Searches for one steady plan; those after the first go on from the one before."""
PATIENCE, LESS = 2, 0.95
"""Once one was within the allowance, so many searches in a row end it that do not reroute less than
this share of the least."""
REBUILT = (0, 2)
"""Those before which it is built anew, epoch after epoch."""
NODE_PENALTY = 10.0
"""What a node beyond capacity weighs, in units of the plan's weighted sum."""
LATTICE = 1000
"""Weight vectors among which that of a plan is looked for."""
LEAST_WEIGHT = 0.005
"""Of each objective, as a share of the weighted sum of the plan."""
RELAXED_PRICE = 0.1
FIRST_PRICE = 0.2
"""What rerouting all requests weighs, in units of the plan's weighted sum: in the relaxation, and
in the first search."""
RISE, FALL = 1.6, 1.2
"""Factors of the price after a plan that reroutes too much, and after one that is too bad."""
GAIN, LARGEST_STEP = 15.0, 0.15
"""By how much the logarithm of a weight follows what its objective is worse than before, and the
most it changes at once."""
MIXES = 40
"""Ways in which epochs of all plans found are put together in the end."""
FIRST_MULTIPLIER = 10.0
"""What an objective that doubles weighs at first, where rerouting all requests weighs 1."""
MIDDLE = 0.5
"""Of the allowance: what the weights aim at."""


class Steady(NamedTuple):
    """A plan (G,), its objectives (M,), the share of requests that it reroutes, and that of the
    plan it stands for."""

    plan: Genes
    values: Floats
    rerouted: float
    before: float


class SteadyPicks(NamedTuple):
    """Steady plans as rows whose methods are the names of the picks that they stand for, and what
    is to be said of them."""

    front: Front
    note: str


def can_be_steadied(front: Front, evaluator: Evaluator) -> bool:
    """Whether there are plans, of objectives that local search and a relaxation follow, whose
    rerouting nothing limits."""
    problem = evaluator.problem
    sums = all(
        isinstance(each.measure, Linear) and not each.measure.largest
        for each in evaluator.objectives
    )
    looked_at = reroute.name in {objective.name for objective in evaluator.measured}
    small = problem.groups * problem.placements <= LARGEST_PROGRAM
    compared = bool(problem.compared.any())
    return front.feasible and sums and small and compared and not looked_at


def steady_picks(
    front: Front, evaluator: Evaluator, relaxation: Relaxation, *, search: str
) -> SteadyPicks | None:
    """Steady versions of the picks of the search called `search`; None where there is none."""
    steadying = Steadying(evaluator, relaxation)
    picks = front.picks(prefix=search)[: len(front.names) + 1]
    best = front.F[front.on_front]
    low, span = best.min(axis=0), np.ptp(best, axis=0)
    span[span == 0] = 1.0
    designed = lattice(len(front.names), LATTICE)
    height = product((best - low) / span, designed.T).min(axis=0)

    def one(row: int) -> Steady | None:
        above = product(designed, (front.F[row] - low) / span) - height
        weights = designed[int(np.argmin(above))] / span
        return steadying.steadied(front.X[row], weights)

    rows = sorted({pick.row for pick in picks})
    made = dict(zip(rows, map_items(one, rows, threads=evaluator.threads), strict=True))
    found = [(pick.name, each) for pick in picks if (each := made[pick.row]) is not None]
    if not found:
        return None
    listed = ", ".join(
        f"{name} {each.rerouted:.0%} ({each.before:.0%} before)" for name, each in found
    )
    return SteadyPicks(
        Front(
            X=np.array([each.plan for _, each in found]),
            F=np.array([each.values for _, each in found]),
            G=np.zeros(len(found)),
            names=front.names,
            units=front.units,
            methods=tuple(name for name, _ in found),
            titles=front.titles,
        ),
        f"steady picks: requests rerouted between epochs by {listed}; no objective more than "
        f"{ALLOWANCE:.0%} worse",
    )


class Steadying:
    """Makes plans of one task steady."""

    def __init__(self, evaluator: Evaluator, relaxation: Relaxation) -> None:
        self.problem: Problem = evaluator.problem
        self._terms, self._cells = evaluator.terms, evaluator.cell_objectives
        self._judge = Evaluator(
            evaluator.problem,
            evaluator.scenario,
            objectives=(*evaluator.objectives, reroute),
            limits=evaluator.limits,
        )
        self._relaxation = relaxation
        place = {name: m for m, name in enumerate(evaluator.names)}
        self._bounded = np.array([place[name] for name in relaxation.names], np.int64)
        compared = self.problem.group_requests[self.problem.compared].sum()
        self._compared = float(compared)

    def steadied(self, plan: Genes, weights: Floats) -> Steady | None:
        """A steady version of a plan (G,) that supports the front with `weights` (M,): none of its
        objectives is worse by more than the allowance, and few requests are rerouted.

        None where the plan is steady, or nothing found reroutes less.
        """
        first = self._judge.evaluate(plan[None, :])
        values, before = first.F[0, :-1], float(first.F[0, -1])
        if before <= MOST_REROUTED:
            return None
        size = np.where(values != 0, np.abs(values), 1.0)
        plans = [plan]
        shares, price = _floored(weights * size), FIRST_PRICE
        least, idle = before, 0
        for n in range(ROUNDS):
            scalarization = self._scalarized(shares / size, price)
            start = (
                self._rebuilt(plans[-1], shares / size, scalarization)
                if n in REBUILT
                else plans[-1]
            )
            plans.append(self._searched(start, scalarization))
            found = self._judge.evaluate(plans[-1][None, :])
            worse = (found.F[0, :-1] - values) / size
            fits = found.G[0] <= 0 and bool((worse <= ALLOWANCE).all())
            rerouted = float(found.F[0, -1])
            if fits and rerouted < LESS * least:
                least, idle = rerouted, 0
            else:
                idle += least < before
            if least <= MOST_REROUTED or idle == PATIENCE:
                break
            change = GAIN * (worse - MIDDLE * ALLOWANCE)
            shares = _floored(shares * np.exp(np.clip(change, -LARGEST_STEP, LARGEST_STEP)))
            price = price * RISE if fits else price / FALL
        tried = np.concatenate([np.array(plans[1:]), self._mixed(np.array(plans), size)])
        found = self._judge.evaluate(tried)
        worse = (found.F[:, :-1] - values) / size
        fit = np.flatnonzero((found.G <= 0) & (worse <= ALLOWANCE).all(axis=1))
        if not len(fit):
            return None
        best = int(fit[np.argmin(found.F[fit, -1])])
        rerouted = float(found.F[best, -1])
        if rerouted >= before:
            return None
        return Steady(tried[best], found.F[best, :-1], rerouted, before)

    def _mixed(self, plans: Genes, size: Floats) -> Genes:
        """Epochs of the plans (K, G) put together in ways that reroute little, with multipliers
        under which no objective is worse than the first plan's by more than the allowance."""
        found = self._judge.evaluate(plans)
        parts = found.parts[:, :, : len(size)] / size
        most = parts[0].sum(axis=0) + ALLOWANCE
        epochs = np.arange(self.problem.epochs)
        seams = np.zeros((len(epochs) + 1, len(plans), len(plans)))
        measure_seams(plans, 0, self.problem, seams)
        multipliers = np.full(len(size), FIRST_MULTIPLIER)
        choices = np.zeros((MIXES, len(epochs)), np.int64)
        for n in range(MIXES):
            costs = product(parts, multipliers)
            costs[found.excess > found.excess.min(axis=0)] = np.inf
            choices[n], _ = best_chain(seams, costs.T, 1.0 / self._compared)
            over = parts[choices[n], epochs].sum(axis=0) - most
            multipliers *= np.exp(np.clip(over / ALLOWANCE, -1.0, 1.0))
        return recombine(plans, np.unique(choices, axis=0), block_first=self.problem.epoch_gene)

    def _scalarized(self, weights: Floats, price: float) -> Scalarization:
        scalarization = scalarize(
            weights,
            self.problem,
            self._terms,
            cell_objectives=self._cells,
        )
        return scalarization._replace(reroute=price / self._compared)

    def _rebuilt(self, own: Genes, weights: Floats, scalarization: Scalarization) -> Genes:
        """The plan `own` (G,) epoch after epoch near the epoch before, each searched for itself."""
        problem, plan = self.problem, own.copy()
        price = RELAXED_PRICE / self._compared
        steadiness = Steadiness(weights[self._bounded], price, ALLOWANCE)
        for t in range(problem.epochs):
            genes = slice(problem.epoch_gene[t], problem.epoch_gene[t + 1])
            if t > 0 or len(problem.today_chunks):
                program = self._relaxation.programs[t]
                plan[genes] = continued_genes(problem, program, plan, own, steadiness)
            if t + 1 < problem.epochs:  # it will follow: what it was until then does not count
                continue_epoch(plan, t + 1, problem)
            self._improve(plan, t, scalarization)
        return plan

    def _searched(self, start: Genes, scalarization: Scalarization) -> Genes:
        plan = start.copy()
        for t in range(self.problem.epochs):
            self._improve(plan, t, scalarization)
        return plan

    def _improve(self, plan: Genes, t: int, scalarization: Scalarization) -> None:
        most_moves = MOST_MOVES // self.problem.epochs
        improve_plan(plan, self.problem, scalarization, t, t + 1, NODE_PENALTY, True, most_moves)


def _floored(shares: Floats) -> Floats:
    """Shares (M,) of a weighted sum, none below the least, that sum to 1."""
    raised = np.maximum(shares / shares.sum(), LEAST_WEIGHT)
    return np.asarray(raised / raised.sum())
