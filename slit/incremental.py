"""One plan under moves: what each changes in all objectives, and back again.

For searches of one's own. The values are those of full evaluation, to the bit, whatever the
sequence of moves; a move costs microseconds instead of a full evaluation.
"""

from typing import NamedTuple

import numpy as np

from operators.types import Floats, Genes, Integers, Ints, Longs
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.kernels.compound import shed
from slit.kernels.state import GROUP, SOURCE, TARGET, make, open_state
from slit.objectives import LedgerWise
from slit.problem import Problem


class Change(NamedTuple):
    """What a move changes: objectives F (M,), and violation G (nodes beyond capacity)."""

    F: Floats
    G: float


class PlanState:
    """A plan (G,) that is changed move by move.

    `Evaluator.incremental` says which objectives a move computes from what it touches. The
    largest of the datacenters' totals is added up over all epochs, and an objective of the ledger
    has the whole ledger written: correct, but slower (milliseconds for the latter).
    """

    def __init__(self, evaluator: Evaluator, plan: Integers) -> None:
        genes = evaluator.check(np.asarray(plan)[None, :])[0]
        self.evaluator = evaluator
        self.problem = evaluator.problem
        self._plan: Genes = genes.copy()
        self._state = open_state(genes, evaluator.problem, evaluator.terms, evaluator.plugs)
        placed = np.ones((len(genes), 4), np.int64)
        placed[:, GROUP], placed[:, SOURCE] = self.problem.gene_group, -1
        placed[:, TARGET] = genes
        self._apply(placed)
        self._made: list[tuple[Longs, Genes]] = []
        self._slow = any(
            isinstance(objective.measure, LedgerWise) for objective in evaluator.objectives
        )
        self._values = self._current()

    @property
    def plan(self) -> Genes:
        """A copy of the plan (G,)."""
        return self._plan.copy()

    @property
    def F(self) -> Floats:  # noqa: N802 - the letters of `Evaluation`
        """The objectives (M,)."""
        return self._values.copy()

    @property
    def G(self) -> float:  # noqa: N802
        """The violation: nodes beyond capacity, summed."""
        return float(self._state.excess.sum())

    def move(self, gene: int, placement: int) -> Change:
        """Put one chunk elsewhere."""
        _check_genes(self.problem, gene)
        group, genes = int(self.problem.gene_group[gene]), self.plan
        genes[gene] = placement
        return self._make([[group, self._plan[gene], placement, 1]], genes)

    def move_chunks(self, group: int, source: int, target: int, count: int = 1) -> Change:
        """Move `count` chunks of a group that are at `source` to `target`."""
        moves = [[group, source, target, count]]
        _check_moves(np.array(moves), self.problem, self._state.counts)
        return self._make(moves, self._after(self.plan, group, source, target, count))

    def swap(self, gene: int, other: int) -> Change:
        """Let two chunks trade places."""
        _check_genes(self.problem, gene, other)
        first, second = self.problem.gene_group[[gene, other]]
        genes = self.plan
        here, there = genes[gene], genes[other]
        genes[gene], genes[other] = there, here
        return self._make([[first, here, there, 1], [second, there, here, 1]], genes)

    def empty(
        self, epoch: int, placement: int, *, weights: Floats, node_penalty: float = 0.0
    ) -> Change:
        """Move all that can go elsewhere away from a placement in one epoch.

        One chunk at a time, the next being the one that costs least per work in weights (M,) @
        objectives + `node_penalty` per node beyond capacity (objectives of the ledger left out).
        """
        return self._shed(epoch, placement, 0, weights, node_penalty)

    def shed_node(
        self, epoch: int, placement: int, *, weights: Floats, node_penalty: float = 0.0
    ) -> Change:
        """Move chunks away until the placement needs one node less in this epoch (see `empty`)."""
        _check_cell(self.problem, epoch, placement)
        nodes = int(self._state.nodes[epoch, placement])
        return self._shed(epoch, placement, max(nodes - 1, 0), weights, node_penalty)

    def undo(self) -> None:
        """Take the last change back. Raises SlitError if there is none."""
        if not self._made:
            raise SlitError("undo: nothing was moved, expected a move before")
        moves, genes = self._made.pop()
        back = np.ascontiguousarray(moves[::-1])
        back[:, [SOURCE, TARGET]] = back[:, [TARGET, SOURCE]]
        self._apply(back)
        self._plan = genes
        self._values = self._current()

    def changes(self, moves: Integers) -> tuple[Floats, Floats]:
        """What each of K moves alone would change: F (K, M) and G (K,). Nothing is moved.

        Rows of `moves` (K, 4): group, from, to, chunks.
        """
        wanted = np.array(moves, np.int64)
        _check_moves(wanted, self.problem, self._state.counts)
        values = np.zeros((len(wanted), len(self._values)))
        excess = np.zeros(len(wanted), np.int64)
        make(wanted, True, self._state, values, excess)
        for k in range(len(wanted)) if not np.isfinite(values).all() or self._slow else ():
            self._complete(values[k], self._after(self.plan, *wanted[k]))
        self.evaluator.count_moves(len(wanted))
        return values - self._values, (excess - self._state.excess.sum()).astype(np.float64)

    def _shed(
        self, epoch: int, placement: int, nodes: int, weights: Floats, node_penalty: float
    ) -> Change:
        _check_cell(self.problem, epoch, placement)
        importance = np.array(weights, np.float64)
        if importance.shape != self._values.shape:
            raise SlitError(f"weights: shape {importance.shape}, expected {self._values.shape}")
        genes, excess = self.plan, self.G
        here = slice(self.problem.epoch_gene[epoch], self.problem.epoch_gene[epoch + 1])
        moves = np.zeros((int((genes[here] == placement).sum()), 4), np.int64)
        found = shed(epoch, placement, nodes, importance, node_penalty, self._state, moves)
        for move in moves[:found]:
            genes = self._after(genes, *move)
        return self._changed(moves[:found], genes, excess)

    def _make(self, moves: list[list[int]], genes: Genes) -> Change:
        made, excess = np.array(moves, np.int64), self.G
        _check_moves(made, self.problem, self._state.counts)
        self._apply(made)
        return self._changed(made, genes, excess)

    def _apply(self, moves: Longs) -> None:
        unused = np.zeros((0, len(self._state.values)))
        make(moves, False, self._state, unused, np.zeros(0, np.int64))

    def _changed(self, moves: Longs, genes: Genes, excess: float) -> Change:
        before = self._values
        self._made.append((moves, self._plan))
        self._plan = genes
        self._values = self._current()
        self.evaluator.count_moves(1)
        return Change(self._values - before, self.G - excess)

    def _current(self) -> Floats:
        values = self._state.values.copy()
        self._complete(values, self._plan)
        return values

    def _complete(self, values: Floats, plan: Genes) -> None:
        """Write the objectives of the ledger beside the others (M,); SlitError for no number."""
        for m, value in self.evaluator.ledger_values(plan).items():
            values[m] = value
        if not np.isfinite(values).all():
            self.evaluator.evaluate(plan[None, :])  # says which objective it is, and where

    def _after(self, genes: Genes, group: int, source: int, target: int, count: int) -> Genes:
        """The plan `genes`, changed, with chunks of a group elsewhere."""
        first, last = self.problem.group_first[group], self.problem.group_first[group + 1]
        held = first + np.flatnonzero(genes[first:last] == source)
        genes[held[:count]] = target
        return genes


def _check_genes(problem: Problem, *genes: int) -> None:
    for gene in genes:
        if not 0 <= gene < problem.genes:
            raise SlitError(f"gene: {gene}, expected 0 to {problem.genes - 1}")


def _check_moves(moves: Longs, problem: Problem, counts: Ints) -> None:
    """SlitError unless moves (K, 4) have groups, allowed placements, and chunks that are there."""
    if moves.ndim != 2 or moves.shape[1] != 4:
        raise SlitError(f"moves: shape {moves.shape}, expected (K, 4)")
    for group, source, target, count in moves.tolist():
        if not 0 <= group < problem.groups:
            raise SlitError(f"group: {group}, expected 0 to {problem.groups - 1}")
        if not (0 <= target < problem.placements and problem.allowed[group, target]):
            raise SlitError(f"placement: {target}, expected one that is allowed for group {group}")
        held = counts[source, group] if 0 <= source < problem.placements else 0
        if not 0 <= count <= held:
            raise SlitError(
                f"count: {count}, expected 0 to {held} (chunks of group {group} at placement "
                f"{source})"
            )


def _check_cell(problem: Problem, epoch: int, placement: int) -> None:
    if not 0 <= epoch < problem.epochs:
        raise SlitError(f"epoch: {epoch}, expected 0 to {problem.epochs - 1}")
    if not 0 <= placement < problem.placements:
        raise SlitError(f"placement: {placement}, expected 0 to {problem.placements - 1}")
