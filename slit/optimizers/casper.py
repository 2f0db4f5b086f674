"""`casper`: a reconstruction after CASPER (Souza et al., IGSC 2023): carbon under a latency cap.

For each epoch a linear program that minimizes carbon while requests may only go where their first
token comes within the class's SLO if nothing queues. Where an epoch cannot be served so, its cap is
relaxed to what can be. Shares are rounded to whole chunks and repaired.

Knows: the hour's carbon intensity, PUE, energy of every variant, round trips, SLOs, capacity,
residency. Blind to: water, prices, accuracy, waits and the loading of weights.
"""

import numpy as np

from operators.types import Bools, Genes
from slit.objectives import find
from slit.optimizers.protocol import Optimizer, Setup
from slit.optimizers.single import NoSettings, SinglePlan
from slit.problem import Problem
from slit.problem.shares import round_shares
from slit.relaxation import Relaxation
from slit.relaxation.feasibility import find_shortfall
from slit.relaxation.rounding import fit_capacity, shares_of

Settings = NoSettings


def build(setup: Setup) -> Optimizer:
    """The scheduler as an optimizer, which makes one plan of the task of `setup`."""
    return SinglePlan(setup, make=lambda: _plan(setup))


def _plan(setup: Setup) -> Genes:
    problem = setup.task.problem
    capped = problem._replace(allowed=within_cap(problem))
    relaxation = Relaxation(capped, setup.task.scenario, find(["carbon"]))
    shares = shares_of(relaxation, relaxation.minimize(np.ones(1)))
    plan = round_shares(problem, shares)[None, :]
    return np.asarray(fit_capacity(problem, plan, rng=setup.rng)[0])


def within_cap(problem: Problem) -> Bools:
    """(J, P): allowed placements whose first token comes within the SLO, queues apart.

    A group for which there is none may go where it comes soonest; in an epoch that cannot be served
    under the cap everything allowed stays.
    """
    base = np.where(problem.allowed, problem.base_ttft, np.inf)
    limit = np.maximum(problem.slo[problem.group_class], base.min(axis=1))
    mask = problem.allowed & (base <= limit[:, None])
    for epoch in range(problem.epochs):
        if find_shortfall(problem._replace(allowed=mask), epoch) is not None:
            groups = slice(problem.epoch_group[epoch], problem.epoch_group[epoch + 1])
            mask[groups] = problem.allowed[groups]
    return np.asarray(mask)
