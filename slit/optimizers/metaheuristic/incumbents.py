"""The plans a search keeps: the archive, or, before anything is feasible, the least bad plan."""

import numpy as np

from operators.archive import Archive
from slit.optimizers.protocol import Plans, State, stacked


class Incumbents:
    """An archive of at most `capacity` plans, with a plan of least violation until it has any."""

    def __init__(self, *, genes: int, objectives: int, capacity: int) -> None:
        self.archive = Archive(genes=genes, objectives=objectives, capacity=capacity)
        self._least = Plans(np.empty((0, genes), np.int16), np.empty((0, objectives)), np.empty(0))

    def add(self, plans: Plans) -> None:
        """Take in what is feasible and not dominated."""
        self.archive.add(plans.X, plans.F, violation=plans.G)
        if not len(self.archive):
            rows = stacked([self._least, plans])
            best = [int(rows.G.argmin())]
            self._least = Plans(rows.X[best], rows.F[best], rows.G[best])

    def plans(self) -> Plans:
        """What is kept now."""
        if not len(self.archive):
            return self._least
        values = self.archive.objectives
        return Plans(self.archive.population, values, np.zeros(len(values)))

    def state(self) -> State:
        """For a checkpoint."""
        archived = {
            "archive_plans": self.archive.population,
            "archive_values": self.archive.objectives,
        }
        return {**archived, **{f"least_{k}": v for k, v in self._least._asdict().items()}}

    def restore(self, state: State) -> None:
        """Back from `state`."""
        self.archive.add(state["archive_plans"], state["archive_values"])
        self._least = Plans(state["least_X"], state["least_F"], state["least_G"])
