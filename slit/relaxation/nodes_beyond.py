"""What changes with the active nodes of a pool from some number on: nodes that were off, nodes on
demand. Both costs are convex in the active nodes, so that a column bounds them from below.
"""

from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats, Ints, Longs
from slit.lp.rows import Rows
from slit.problem import Problem
from slit.relaxation.terms import RelaxedTerms


@dataclass(frozen=True, slots=True, eq=False)
class NodesBeyond:
    """B columns for the active nodes of a pool beyond a number of them: what each node adds there
    to what it adds anyway."""

    pool: Ints  # (B,)
    number: Longs  # (B,) below the nodes of the pool
    energy: Floats  # (B,) kWh of IT energy: an idle node less one that is off
    values: Floats  # (M, B)

    def add_rows(
        self,
        rows: Rows,
        problem: Problem,
        pool: Ints,
        nodes: Floats,
        columns: Longs,
        helpful: Bools,
    ) -> None:
        """Rows that keep the columns (B,) to at least the active nodes less the number, and, where
        more energy may help, (B,), to at most the chord of that over all nodes of the pool.

        pool, nodes (K,): whose active nodes the other columns stand for, and how many.
        """
        one = np.zeros(1, np.int64)
        for n, q in enumerate(self.pool.tolist()):
            here = np.flatnonzero(pool == q)
            row, own = np.zeros(len(here), np.int64), (one, columns[n : n + 1], np.ones(1))
            number, most = float(self.number[n]), float(problem.pool_nodes[q])
            rows.add(
                (row, here, -nodes[here]), own, lower=np.array([-number]), upper=np.array([np.inf])
            )
            if helpful[n]:
                chord = (row, here, -(most - number) / most * nodes[here])
                rows.add(chord, own, lower=np.array([-np.inf]), upper=np.zeros(1))


def nodes_beyond(problem: Problem, terms: RelaxedTerms) -> NodesBeyond:
    """The columns of nodes that were off, and of nodes on demand."""
    nodes, off = problem.pool_nodes, problem.standby_energy > problem.off_energy
    woken = np.flatnonzero(off & (problem.powered_nodes < nodes))
    rented = np.flatnonzero(terms.on_demand.any(axis=0) & (problem.committed_nodes < nodes))
    energy = (problem.standby_energy - problem.off_energy) * problem.kwh_per_energy_tick
    none = np.zeros((terms.size, len(woken)))
    return NodesBeyond(
        pool=np.concatenate([woken, rented]).astype(np.int32),
        number=np.concatenate([problem.powered_nodes[woken], problem.committed_nodes[rented]]),
        energy=np.concatenate([energy[woken], np.zeros(len(rented))]),
        values=np.hstack([none, terms.on_demand[:, rented]]),
    )
