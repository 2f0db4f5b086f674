"""Plans made from each other: epochs of plans that are alike can take turns at little cost."""

import numpy as np

from operators.types import Bools, Floats, Genes
from slit.optimizers.metaheuristic.continuation import Continuation, continuations
from slit.optimizers.protocol import State, Task
from slit.problem.today import today_plan


class Family:
    """Plans (N, G), each made from the one before it with the nearest weights, (N, M)."""

    def __init__(self, task: Task) -> None:
        self.weights: Floats = np.zeros((0, len(task.objectives)))
        self.plans: Genes = np.zeros((0, task.problem.genes), np.int16)
        self._task = task

    @property
    def begun(self) -> bool:
        """Whether there is any plan."""
        return len(self.plans) > 0

    def first_batch(self) -> tuple[Floats, Bools]:
        """Equal weights (1, M) for the first plan, which is searched in all epochs (1, T)."""
        objectives = self.weights.shape[1]
        epochs = np.ones((1, self._task.problem.epochs), np.bool_)
        return np.full((1, objectives), 1.0 / objectives), epochs

    def continuations(self, weights: Floats, prices: Floats) -> list[Continuation]:
        """How epochs follow each other for weights (N, E) of all that is measured and prices (N,)
        of a rerouted request: like those of the plan that is followed, once it is one of these."""
        alike = self.begun or bool(self._task.scenario.today)
        return continuations(self._task, weights, prices, alike=alike)

    def first(self, start: Genes) -> Genes:
        """What the first plan is made from: today's routing where it is stated, or `start`."""
        if not self._task.scenario.today:
            return start
        return today_plan(self._task.problem, self._task.scenario)[None, :]

    def add(self, weights: Floats, plans: Genes) -> None:
        """Take in plans (N, G) for weights (N, M)."""
        self.weights = np.concatenate([self.weights, weights])
        self.plans = np.concatenate([self.plans, plans])

    def nearest(self, weights: Floats) -> Genes:
        """(N, G): the plans with the nearest weights to (N, M)."""
        distance = np.abs(weights[:, None, :] - self.weights[None, :, :]).sum(axis=2)
        return np.asarray(self.plans[distance.argmin(axis=1)], np.int16)

    def state(self) -> State:
        """For a checkpoint."""
        return {"family_weights": self.weights, "family_plans": self.plans}

    def restore(self, state: State) -> None:
        """Back from `state`."""
        self.weights, self.plans = state["family_weights"], state["family_plans"]
