"""The contract of optimizers."""

from collections.abc import Sequence

import numpy as np
import pytest

from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import kept_rows
from slit.objectives import DEFAULT, find
from slit.optimizers.protocol import Optimizer, Plans, Resumable, Setup, State, Task
from slit.problem import compile_problem
from slit.run import Result, run
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.stop import Stop, StopReason


class OptimizerContract:
    """Subclass it, define `make`, and pytest runs the suite.

    `scenarios` and `objectives` are what the optimizer is tried on; every scenario has a feasible
    plan. `budget` is enough to find one.
    """

    objectives: Sequence[str] = DEFAULT
    budget = Stop(evaluations=120, moves=20_000)

    def make(self, setup: Setup) -> Optimizer:
        """The optimizer under test, for `setup` (its name and settings may be ignored)."""
        raise NotImplementedError

    def scenarios(self) -> list[Scenario]:
        """What it is tried on."""
        return [load_scenario("tiny")]

    def evaluators(self) -> list[Evaluator]:
        """A new evaluator of each scenario."""
        return [
            Evaluator(compile_problem(scenario), scenario, objectives=find(self.objectives))
            for scenario in self.scenarios()
        ]

    def fresh(self, evaluator: Evaluator, *, seed: int = 1) -> Optimizer:
        """A new optimizer."""
        return self.make(Setup("tried", Task.of(evaluator), None, np.random.default_rng(seed)))

    def search(self, evaluator: Evaluator, *, seed: int = 1) -> Result:
        """A run of a new optimizer."""
        return run(self.fresh(evaluator, seed=seed), evaluator, stop=self.budget)

    def test_same_seed_same_bits(self) -> None:
        """Two runs with one seed find the same plans."""
        for evaluator in self.evaluators():
            first, second = self.search(evaluator), self.search(evaluator)
            assert_same(first, second)

    def test_global_random_state_is_left_alone(self) -> None:
        """Other random numbers of the process neither matter nor change."""
        import random

        for evaluator in self.evaluators():
            np.random.seed(1)  # noqa: NPY002 - that nothing draws from it is what is tested
            random.seed(1)
            first = self.search(evaluator)
            after = np.random.random(), random.random()  # noqa: NPY002
            np.random.seed(1)  # noqa: NPY002
            random.seed(1)
            assert after == (np.random.random(), random.random())  # noqa: NPY002
            np.random.seed(2)  # noqa: NPY002
            random.seed(2)
            assert_same(first, self.search(evaluator))

    def test_threads_do_not_change_the_bits(self) -> None:
        """An evaluator with two threads gives the same search."""
        for scenario, evaluator in zip(self.scenarios(), self.evaluators(), strict=True):
            both = Evaluator(
                evaluator.problem, scenario, objectives=evaluator.objectives, threads=2
            )
            assert_same(self.search(evaluator), self.search(both))

    def test_it_never_evaluates_by_itself(self) -> None:
        """Every full evaluation is one that was asked for, and is counted once."""
        for evaluator in self.evaluators():
            result = self.search(evaluator)
            assert evaluator.evaluations == result.evaluations > 0
            assert evaluator.moves == result.moves

    def test_plans_asked_for_are_valid(self) -> None:
        """Every plan that is asked for has the right shape and only allowed placements."""
        for evaluator in self.evaluators():
            optimizer = self.fresh(evaluator)
            for _ in range(3):
                plans = optimizer.ask()
                assert plans.dtype == np.int16
                assert plans.shape == (len(plans), evaluator.problem.genes)
                if not len(plans):
                    break
                optimizer.tell(evaluator.evaluate(plans))

    def test_feasible_where_that_is_possible(self) -> None:
        """The plans kept are feasible."""
        for evaluator in self.evaluators():
            assert (self.search(evaluator).front.G == 0).all()

    def test_ask_and_tell_alternate(self) -> None:
        """The wrong order, and values of other plans, are refused with a message."""
        for evaluator in self.evaluators():
            optimizer = self.fresh(evaluator)
            problem = evaluator.problem
            first = problem.options[problem.gene_row, 0][None, :]
            with pytest.raises(SlitError, match="expected ask first"):
                optimizer.tell(evaluator.evaluate(first))
            plans = optimizer.ask()
            with pytest.raises(SlitError, match="still wait for tell"):
                optimizer.ask()
            more = np.concatenate([plans, first])
            with pytest.raises(SlitError, match="values of the plans that were asked for"):
                optimizer.tell(evaluator.evaluate(more))
            evaluation = evaluator.evaluate(plans)
            optimizer.tell(evaluation)
            with pytest.raises(SlitError, match="expected ask first"):
                optimizer.tell(evaluation)

    def test_the_front_is_mutually_non_dominated(self) -> None:
        """No plan that is kept dominates another, and none is kept twice."""
        for evaluator in self.evaluators():
            front = self.search(evaluator).front
            assert len(front) > 0
            assert len(kept_rows(front.F, front.G)) == len(front)
            assert len(np.unique(front.F, axis=0)) == len(front)

    def test_the_front_evaluates_to_the_same_values(self) -> None:
        """The values of the plans kept are theirs, to the bit."""
        for evaluator in self.evaluators():
            front = self.search(evaluator).front
            again = evaluator.evaluate(front.X)
            assert (again.F == front.F).all()
            assert (again.G == front.G).all()

    def test_the_front_may_be_asked_for_at_any_time(self) -> None:
        """Also before anything is told, and while plans are with the evaluator."""
        for evaluator in self.evaluators():
            optimizer = self.fresh(evaluator)
            assert_shape(optimizer.front(), evaluator)
            plans = optimizer.ask()
            assert_shape(optimizer.front(), evaluator)
            optimizer.tell(evaluator.evaluate(plans))
            assert len(optimizer.front().X) > 0

    def test_inputs_are_not_changed(self) -> None:
        """What it was told stays as it was."""
        for evaluator in self.evaluators():
            optimizer = self.fresh(evaluator)
            for _ in range(3):
                plans = optimizer.ask()
                if not len(plans):
                    break
                given = evaluator.evaluate(plans)
                F, G = given.F.copy(), given.G.copy()
                optimizer.tell(given)
                assert (F == given.F).all()
                assert (G == given.G).all()

    def test_it_continues_from_its_state(self) -> None:
        """Where it says it can: restored elsewhere, it asks for the same plans as before."""
        for evaluator in self.evaluators():
            optimizer = self.fresh(evaluator)
            if not isinstance(optimizer, Resumable):
                return
            for _ in range(3):
                state = copied(optimizer.state())
                plans = optimizer.ask()
                other = self.fresh(evaluator, seed=99)
                assert isinstance(other, Resumable)
                other.restore(state)
                assert other.moves == state.get("moves", other.moves)
                again = other.ask()
                assert (again == plans).all()
                if not len(plans):
                    break
                optimizer.tell(evaluator.evaluate(plans))


def assert_same(first: Result, second: Result) -> None:
    """Two results have the same bits; how long they took apart."""
    assert first.stop is second.stop
    assert first.stop is not StopReason.SECONDS
    assert (first.evaluations, first.moves) == (second.evaluations, second.moves)
    assert first.front.X.tobytes() == second.front.X.tobytes()
    assert first.front.F.tobytes() == second.front.F.tobytes()


def assert_shape(plans: Plans, evaluator: Evaluator) -> None:
    """Plans have the shapes of a task."""
    count = len(plans.G)
    assert plans.X.shape == (count, evaluator.problem.genes)
    assert plans.F.shape == (count, len(evaluator.objectives))


def copied(state: State) -> State:
    """As a checkpoint would hold it: arrays copied, the rest through JSON."""
    import json

    return {
        name: value.copy() if isinstance(value, np.ndarray) else json.loads(json.dumps(value))
        for name, value in state.items()
    }
