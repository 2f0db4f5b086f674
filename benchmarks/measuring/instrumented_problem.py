"""Counts and times what a framework evaluates, and keeps the values."""

from dataclasses import replace

from benchmarks.measuring.choices import Choices
from benchmarks.measuring.trajectory import Clock, Found, Trajectory, TrajectoryPoint, Work
from operators.types import Floats, Genes
from slit.stop import Stop


class InstrumentedProblem:
    """Stands between a framework and a problem; what is evaluated beyond the budget is not kept."""

    def __init__(self, problem: Choices, *, stop: Stop) -> None:
        self._problem = problem
        self._trajectory = Trajectory(stop)
        self._done: list[Work] = []
        self.evaluations = 0
        self.found = Found(problem.objectives)
        self.clock = Clock()

    @property
    def problem(self) -> Choices:
        """The problem, evaluated through this instrumented."""
        return replace(self._problem, evaluate=self._evaluate, uncounted=self._problem.evaluate)

    def _evaluate(self, plans: Genes) -> tuple[Floats, Floats]:
        F, G = self._problem.evaluate(plans)
        self.clock.pause()
        work = Work(self.evaluations, 0, self.clock.seconds)
        if work.over(self._trajectory.stop) is None:
            self.evaluations += len(plans)
            self.found.add(F, G)
            work = work._replace(evaluations=self.evaluations)
            if self._trajectory.due(work):
                self._done.append(work)
        self.clock.go_on()
        return F, G

    def snapshots(self) -> list[TrajectoryPoint]:
        """What had been found when, from the first snapshot to the end."""
        done = [*self._done, Work(self.evaluations, 0, self.clock.seconds)]
        fronts = self.found.fronts([work.evaluations for work in done])
        return [TrajectoryPoint(work, front) for work, front in zip(done, fronts, strict=True)]
