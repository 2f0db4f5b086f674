"""What operating a fleet costs at least, and how that changes with its nodes: cuts of the master.

The relaxed optimum is a convex function of the nodes of the pools wherever more energy never helps
(model.md section 5). Its slope follows from the duals: those of capacity, and what a node draws
that is powered and not active (Benders 1962).
"""

from dataclasses import dataclass

import numpy as np

from operators.types import Floats, Longs
from slit.arrays import frozen
from slit.errors import SlitError
from slit.growth.fleet import Fleet
from slit.objectives import find
from slit.problem import Problem, compile_problem
from slit.relaxation import Relaxation, Relaxed
from slit.relaxation.dual_values import capacity_worth, renewable_worth
from slit.relaxation.nodes_beyond import nodes_beyond


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Epochs T of a day cost at least value + slope @ (nodes - at): value (T,), slope (T, Q)."""

    value: Floats
    slope: Floats
    at: Longs


@dataclass(frozen=True, slots=True, eq=False)
class Operated:
    """The relaxed optimum of a fleet: M objectives. bound: no plan's weighted sum is below it."""

    bound: float
    objectives: Floats
    relaxed: Relaxed
    cut: Cut


class Operation:
    """A fleet over one horizon, its relaxation for any number of nodes."""

    def __init__(self, fleet: Fleet, names: tuple[str, ...], *, threads: int = 1) -> None:
        self.fleet, self.threads = fleet, threads
        self.objectives = find(names)
        self.problem = compile_problem(fleet.scenario)
        self.today = self.relaxation(fleet.nodes)
        pairs = zip(self.today.names, self.today.terms.largest, strict=True)
        refused = [name for name, top in pairs if top]
        if refused or self.today.left_out:
            said = ", ".join([*refused, *self.today.left_out])
            raise SlitError(
                f"objectives: {said}, expected sums over epochs that have a linear part"
            )

    def relaxation(self, nodes: Longs) -> Relaxation:
        """The relaxation with nodes (Q,)."""
        off = np.array([pool.off_nodes for pool in self.fleet.scenario.pools], np.int64)
        off = off + np.where(self.fleet.off > 0, nodes - self.fleet.nodes, 0)
        problem = self.problem._replace(
            pool_nodes=frozen(nodes, np.int64), powered_nodes=frozen(nodes - off, np.int64)
        )
        return Relaxation(problem, self.fleet.scenario, self.objectives, threads=self.threads)

    def at(self, nodes: Longs, weights: Floats) -> Operated:
        """The optimum of weights (M,) with nodes (Q,). Raises InfeasibleError."""
        relaxation = self.relaxation(nodes)
        relaxed = relaxation.minimize(weights)
        value = np.array([point.bound for point in relaxed.points])
        value[0] += float(weights @ relaxation.terms.constant)
        cut = Cut(value, _slope(relaxation, relaxed, self.fleet), nodes.copy())
        return Operated(relaxed.bound, relaxed.objectives, relaxed, cut)

    def convex(self, weights: Floats) -> bool:
        """Whether more energy never helps, so that cuts hold for any number of nodes."""
        terms = self.today.terms
        tables = (terms.grid, terms.it, terms.facility)
        return not any((np.tensordot(weights, table, 1) < 0).any() for table in tables)

    def worth(self, weights: Floats) -> Floats:
        """(T, Q): by how much one more node of today's fleet lowers the weighted sum, what it draws
        where it is not needed included."""
        return -self.at(self.fleet.nodes, weights).cut.slope


def _slope(relaxation: Relaxation, relaxed: Relaxed, fleet: Fleet) -> Floats:
    """(T, Q): by how much one more node raises the weighted sum of an epoch."""
    problem: Problem = relaxation.problem
    terms, weights = relaxation.terms, relaxed.center_weights
    idle = np.where(fleet.off > 0, problem.off_energy, problem.standby_energy)
    kwh = idle * problem.kwh_per_energy_tick
    it = np.einsum("md,mtd->td", weights, terms.it)
    facility = np.einsum("md,mtd->td", weights, terms.facility)
    bought = problem.pue * (facility + renewable_worth(relaxation, relaxed))
    drawn = (it + bought)[:, problem.pool_datacenter] * kwh
    return np.asarray(
        drawn - capacity_worth(relaxation, relaxed) - _bound_worth(relaxation, relaxed)
    )


def _bound_worth(relaxation: Relaxation, relaxed: Relaxed) -> Floats:
    """(T, Q): by how much room of one more node in the bounds of columns lowers the sum. Columns
    of nodes beyond a number, and of surplus nodes that have to stay up, end where their pool does:
    a dual may stand at that bound in the place of the pool's capacity."""
    problem, weights = relaxation.problem, relaxed.center_weights
    beyond = nodes_beyond(problem, relaxation.terms).pool
    worth = np.zeros((problem.epochs, len(problem.pool_nodes)))
    for t, (program, point) in enumerate(zip(relaxation.programs, relaxed.points, strict=True)):
        last = len(program.placement) - len(beyond)
        shares = len(program.group)
        lasting = shares + np.flatnonzero(program.placement[shares:last] >= 0)
        lasting = lasting[problem.min_up[program.placement[lasting]] > 1]
        chosen = np.concatenate([lasting, last + np.arange(len(beyond))])
        if not len(chosen) or not len(point.duals):
            continue
        pool = np.concatenate([problem.placement_pool[program.placement[lasting]], beyond])
        cost = (weights[:, program.center[chosen]] * program.values[:, chosen]).sum(axis=0)
        reduced = cost - program.matrix[:, chosen].T @ point.duals
        np.add.at(worth[t], pool, np.maximum(-reduced, 0.0))
    return worth
