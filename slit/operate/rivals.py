"""Schedulers that plan a day at a time and know it: what decisions are compared with."""

from collections.abc import Iterator

import numpy as np

from slit.evaluator import Evaluator
from slit.objectives import find
from slit.operate.decide import Running, spread
from slit.operate.due import Settings
from slit.operate.history import Stretch
from slit.operate.panel import window_of
from slit.operate.provision import Provision
from slit.operate.serve import Served, serve
from slit.optimizers.protocol import Task
from slit.optimizers.registry import make_optimizer
from slit.problem import compile_problem
from slit.problem.shares import counts_of
from slit.run import run
from slit.stop import Stop


def served_by(name: str, stretch: Stretch, settings: Settings) -> Iterator[Served]:
    """Each epoch of a stretch as the scheduler called `name` serves it, with as many nodes as it
    takes. Raises SlitError for an unknown one."""
    day = stretch.clock.day
    running: Running | None = None
    for first in range(stretch.first, stretch.last, day):
        count = min(day, stretch.last - first)
        window = window_of(stretch.scenario, first, count, genes=stretch.genes * count)
        problem = compile_problem(window)
        evaluator = Evaluator(problem, window, objectives=find(settings.names))
        rng = np.random.default_rng([settings.seed, first])
        optimizer = make_optimizer(name, Task.of(evaluator), rng=rng)
        plan = run(optimizer, evaluator, stop=Stop(evaluations=1)).front.X[0]
        shares, chunks = spread(problem, counts_of(problem, plan), evaluator)
        for n in range(count):
            served = serve(
                window_of(stretch.scenario, first + n, 1, genes=stretch.genes),
                shares[n],
                chunks[n],
                np.zeros(problem.placements, np.int64),
                running,
                provision=Provision.FOLLOW,
                rng=rng,
            )
            running = served.running
            yield served
