"""What changes between epochs, as further columns of a mixed-integer program around cells.

Whichever the formulation: chunks and nodes of a cell are sums over its columns. All weights are
>= 0, so that columns bounded from below are what they stand for wherever they count.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import sparse

from operators.types import Bools, Floats, Longs
from slit.kernels.objective_terms import ObjectiveTerms
from slit.lp.rows import Rows
from slit.optimizers.exact.cells import Cells
from slit.problem import Problem, Start


class Steps(NamedTuple):
    """S placements from an epoch to the next: which cells, by epoch * placements + placement, and
    what is known of the first where it is before the horizon."""

    before: Longs  # (S,) -1: before the horizon
    after: Longs  # (S,)
    known: Longs  # (S,) nodes there; 0 where `before` is a cell


def counts_changes(terms: ObjectiveTerms) -> bool:
    """Whether an objective weighs what changes between epochs."""
    changes = terms.reroute.any() or terms.switches.any() or terms.ramp.any()
    return bool(changes or terms.starts.size)


def with_changes(
    problem: Problem, terms: ObjectiveTerms, cells: Cells, *, tabulated: bool
) -> Cells:
    """The cells, and columns for what the objectives weigh of changes between epochs.

    `tabulated` cells are states; of others each column of nodes counts them one by one.
    """
    columns = ChangeColumns(problem, terms, cells)
    if terms.reroute.any() or terms.ramp.any():
        columns.add_reroutes()
    if terms.starts.size:
        columns.add_starts()
    if terms.switches.any():
        columns.add_switches(tabulated=tabulated)
    return columns.joined()


class ChangeColumns:
    """Columns and rows on top of those of the cells."""

    def __init__(self, problem: Problem, terms: ObjectiveTerms, cells: Cells) -> None:
        self.problem, self.terms, self.cells = problem, terms, cells
        self.rows = Rows()
        self.width = len(cells.epoch)
        self.cell = cells.epoch * problem.placements + cells.placement  # of each column
        self.added: list[tuple[Longs, Floats, Floats, Bools]] = []  # cell, values, upper, integer

    def add(self, cell: Longs, values: Floats, upper: Floats, *, integer: bool = False) -> Longs:
        """More columns, of cells (S,), with what a unit adds to the objectives (M, S)."""
        self.added.append((cell, values, upper, np.full(len(cell), integer)))
        self.cell = np.concatenate([self.cell, cell])
        self.width += len(cell)
        return self.width - len(cell) + np.arange(len(cell))

    def add_reroutes(self) -> None:
        """d >= share of a group at a placement - that of the group before it, or of today's
        routing: what is moved there is as much as what is moved away; above all sums the ramp."""
        problem = self.problem
        group, placement = (side.astype(np.int64) for side in np.nonzero(problem.allowed))
        previous = problem.group_previous[group].astype(np.int64)
        kept = problem.compared[group]
        group, placement, previous = (side[kept] for side in (group, placement, previous))
        requests = problem.group_requests[group]
        cell = problem.group_epoch[group].astype(np.int64) * problem.placements + placement
        moved = self.add(cell, np.multiply.outer(self.terms.reroute, requests), np.ones(len(group)))
        every = np.arange(len(group))
        self.rows.add(
            (every, moved, np.ones(len(group))),
            _shares(self, group, placement, -1.0),
            _shares(self, previous, placement, 1.0),
            lower=0.0 - _today(problem, group, placement),
            upper=np.full(len(group), np.inf),
        )
        if not self.terms.ramp.any() or not len(group):
            return
        [largest] = self.add(cell[:1], self.terms.ramp[:, None], np.ones(1))
        groups, row = np.unique(group, return_inverse=True)
        every, one = np.arange(len(groups)), np.ones(len(groups))
        self.rows.add(
            (every, np.full(len(groups), largest), one), (row, moved, -np.ones(len(moved))),
            lower=0.0 * one, upper=np.inf * one,
        )  # fmt: skip

    def add_starts(self) -> None:
        """s >= nodes - nodes before, of all operating points of a pool and variant together."""
        problem, steps = self.problem, _steps_of_pairs(self.problem)
        placement = steps.after % problem.placements
        room = problem.pool_nodes[problem.placement_pool[placement]].astype(np.float64)
        started = self.add(steps.after, self.terms.starts[placement].T, room)
        self._step_rows(steps, started, self.active(), 1.0, at=_first_cells(self))

    def add_switches(self, *, tabulated: bool) -> None:
        """w >= |on - on before|, where on says whether a cell has active nodes."""
        steps = steps_of(self.problem)
        weight = np.repeat(self.terms.switches[:, None], len(steps.after), axis=1)
        switched = self.add(steps.after, weight, np.ones(len(steps.after)))
        nodes = np.flatnonzero(self.cells.nodes)
        on, needed = nodes, (self.cells.needed[nodes] > 0).astype(np.float64)
        if not tabulated:
            cell = self.cell[nodes]
            on = self.add(
                cell, np.zeros((len(weight), len(nodes))), np.ones(len(nodes)), integer=True
            )
            every, one = np.arange(len(nodes)), np.ones(len(nodes))
            room = np.maximum(self.cells.upper[nodes], 1.0)
            # on <= nodes <= room * on
            self.rows.add(
                (every, nodes, one), (every, on, -one),
                lower=np.zeros(len(nodes)), upper=np.full(len(nodes), np.inf),
            )  # fmt: skip
            self.rows.add(
                (every, nodes, one), (every, on, -room),
                lower=np.full(len(nodes), -np.inf), upper=np.zeros(len(nodes)),
            )  # fmt: skip
        steps = steps._replace(known=np.minimum(steps.known, 1))
        for sign in (1.0, -1.0):
            self._step_rows(steps, switched, (on, np.ones(len(on)), needed), sign)

    def active(self) -> tuple[Longs, Floats, Floats]:
        """The columns with nodes, those of a unit, and those that the first epoch of a cyclic
        horizon follows."""
        where = np.flatnonzero(self.cells.nodes)
        return where, self.cells.nodes[where], self.cells.needed[where]

    def joined(self) -> Cells:
        """The cells with the columns and rows added."""
        cells = self.cells
        matrix, lower, upper = self.rows.assembled(self.width)
        more = self.width - len(cells.epoch)
        wide = sparse.csc_array((cells.matrix.shape[0], more))
        epoch, placement = np.divmod(
            np.concatenate([cell for cell, *_ in self.added]), self.problem.placements
        )
        none = np.zeros(more)
        return replace(
            cells,
            epoch=np.concatenate([cells.epoch, epoch]),
            placement=np.concatenate([cells.placement, placement]),
            nodes=np.concatenate([cells.nodes, none]),
            needed=np.concatenate([cells.needed, none]),
            energy=np.concatenate([cells.energy, none]),
            values=np.concatenate([cells.values, *(each[1] for each in self.added)], axis=1),
            upper=np.concatenate([cells.upper, *(each[2] for each in self.added)]),
            integer=np.concatenate([cells.integer, *(each[3] for each in self.added)]),
            chunks=sparse.csr_array(
                sparse.hstack([cells.chunks, sparse.csr_array((cells.chunks.shape[0], more))])
            ),
            matrix=sparse.csc_array(
                sparse.vstack([sparse.hstack([cells.matrix, wide], format="csc"), matrix])
            ),
            row_lower=np.concatenate([cells.row_lower, lower]),
            row_upper=np.concatenate([cells.row_upper, upper]),
        )

    def _step_rows(
        self,
        steps: Steps,
        column: Longs,
        counted: tuple[Longs, Floats, Floats],
        sign: float,
        *,
        at: Longs | None = None,
    ) -> None:
        """column >= sign * (counted - counted before), where `counted` are columns with factors."""
        every = np.arange(len(column))
        self.rows.add(
            (every, column, np.ones(len(column))),
            *self.rises(steps, counted, -sign, at=at),
            lower=(-sign * steps.known).astype(np.float64),
            upper=np.full(len(column), np.inf),
        )

    def rises(
        self,
        steps: Steps,
        counted: tuple[Longs, Floats, Floats],
        sign: float,
        *,
        at: Longs | None = None,
    ) -> list[tuple[Longs, Longs, Floats]]:
        """Entries of sign * (counted - counted before), a row a step, but for what is known.

        at: the cells of all columns, if not their own.
        """
        where, factor, at_seam = counted
        cell, every = (self.cell if at is None else at)[where], np.arange(len(steps.after))
        last = cell >= (self.problem.epochs - 1) * self.problem.placements
        blocks = []
        for cells, factors in (
            (steps.after, sign * factor),
            (steps.before, -sign * np.where(last, at_seam, factor)),
        ):
            row = np.full(int(self.problem.epochs * self.problem.placements), -1)
            known = cells >= 0
            row[cells[known]] = every[known]
            blocks.append((row[cell], where, factors))
        return blocks


def steps_of(problem: Problem) -> Steps:
    """All placements from epoch to epoch, the first one included where it follows another."""
    epochs, placements = problem.epochs, problem.placements
    after = np.arange(epochs * placements)
    before = after - placements
    known = np.zeros(len(after), np.int64)
    if problem.start == Start.GIVEN:
        known[:placements] = problem.initial_nodes
        before[:placements] = -1
    elif problem.start == Start.CYCLIC and epochs > 1:
        before %= epochs * placements
    else:
        before, after, known = before[placements:], after[placements:], known[placements:]
    return Steps(before, after, known)


def _steps_of_pairs(problem: Problem) -> Steps:
    """The same of the first operating point of each pool and variant, for all of them together."""
    steps, first = steps_of(problem), problem.first_point
    placement = steps.after % problem.placements
    known = np.bincount(first, problem.initial_nodes, problem.placements)[placement]
    kept = first[placement] == placement
    known = np.where(steps.before < 0, known, 0).astype(np.int64)
    return Steps(steps.before[kept], steps.after[kept], known[kept])


def _first_cells(columns: ChangeColumns) -> Longs:
    """The cell of each column, that of the first operating point of its pool and variant."""
    epoch, placement = np.divmod(columns.cell, columns.problem.placements)
    return np.asarray(epoch * columns.problem.placements + columns.problem.first_point[placement])


def _today(problem: Problem, group: Longs, placement: Longs) -> Floats:
    """The shares (S,) of groups at placements in today's routing, where that precedes them."""
    today = problem.today_chunks
    shares = np.zeros(len(group))
    first = group < len(today)
    group, placement = group[first], placement[first]
    shares[first] = today[group, placement] / problem.group_chunks[group]
    return shares


def _shares(
    columns: ChangeColumns, group: Longs, placement: Longs, factor: float
) -> tuple[Longs, Longs, Floats]:
    """Entries of the shares of groups at placements, a row each; none of group -1."""
    problem = columns.problem
    served = sparse.coo_array(columns.cells.chunks)
    row = np.full((problem.groups, problem.placements), -1)
    there = np.flatnonzero(group >= 0)
    row[group[there], placement[there]] = there
    found = row[served.row, columns.cells.placement[served.col]]
    share = factor * served.data / problem.group_chunks[served.row]
    return found, served.col.astype(np.int64), share
