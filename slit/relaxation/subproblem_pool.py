"""The solvers of all epochs: one for epochs whose programs are alike, spread over threads."""

from collections.abc import Callable, Sequence

from slit.compute import Output, map_items
from slit.relaxation.subproblem import Subproblem, first_alike
from slit.relaxation.subproblem_solver import SubproblemSolver


class SubproblemSolvers:
    """Holds a solver of each program that differs, warm from the solves before."""

    def __init__(self, programs: Sequence[Subproblem], *, threads: int) -> None:
        self.programs = tuple(programs)
        self.threads = threads
        self._first = first_alike(self.programs)
        self._solvers = {t: SubproblemSolver(self.programs[t]) for t in sorted(set(self._first))}

    @property
    def distinct(self) -> int:
        """Epochs whose programs differ."""
        return len(self._solvers)

    def of(self, epoch: int) -> SubproblemSolver:
        """The solver of an epoch's program."""
        return self._solvers[self._first[epoch]]

    def run(self, task: Callable[[SubproblemSolver], Output]) -> list[Output]:
        """`task` on each solver; the results of all epochs in their order. Raises Infeasible."""
        found = map_items(task, list(self._solvers.values()), threads=self.threads)
        results = dict(zip(self._solvers, found, strict=True))
        return [results[first] for first in self._first]
