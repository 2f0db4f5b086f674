"""The one loop, its budgets and what it remembers."""

import json
import signal
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from operators.types import Genes
from slit.errors import SlitError
from slit.evaluator import Evaluation, Evaluator
from slit.objectives import find
from slit.optimizers.protocol import AskTellGuard, Optimizer, Plans, Task, stacked
from slit.optimizers.registry import default_settings, make_optimizer
from slit.problem import compile_problem
from slit.run import LONGEST_HISTORY, LoopState, Progress, run
from slit.stop import Stagnation, Stop, StopReason, StopRequest
from tests.builders import random_scenario


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    scenario = random_scenario(np.random.default_rng(3), genes=20, spare_nodes=300)
    problem = compile_problem(scenario)
    return Evaluator(problem, scenario, objectives=find(["carbon", "cost"]))


def evaluation_of(count: int) -> Evaluation:
    return Evaluation(
        F=np.zeros((count, 2)),
        G=np.zeros(count),
        parts=np.zeros((count, 1, 2)),
        excess=np.zeros((count, 1), np.int64),
    )


class Sampler:
    """Asks for random plans, `size` at a time; `each` is called in every ask."""

    name = "sampler"

    def __init__(
        self,
        evaluator: Evaluator,
        *,
        size: int = 5,
        steps: int | None = None,
        each: Callable[[int], None] = lambda step: None,
    ) -> None:
        self.problem = evaluator.problem
        self.size, self.steps, self.each = size, steps, each
        self.rng = np.random.default_rng(0)
        self.guard = AskTellGuard(objectives=2)
        self.moves = 0
        self.asked = 0
        self.kept = Plans(
            np.empty((0, self.problem.genes), np.int16), np.empty((0, 2)), np.empty(0)
        )

    def ask(self) -> Genes:
        self.guard.check_ask()
        self.each(self.asked)
        if self.asked == self.steps:
            return self.kept.X[:0]
        self.asked += 1
        options = self.problem.options[self.problem.gene_row]
        count = self.problem.option_count[self.problem.gene_row]
        draw = self.rng.integers(0, count, (self.size, len(count)))
        return self.guard.record(np.take_along_axis(options, draw.T, axis=1).T)

    def tell(self, evaluation: Evaluation) -> None:
        self.moves += 7
        self.kept = stacked([self.kept, self.guard.match(evaluation)])

    def front(self) -> Plans:
        return self.kept


def test_stops_at_the_first_budget_that_is_used_up(evaluator: Evaluator) -> None:
    before = evaluator.evaluations, evaluator.moves
    result = run(Sampler(evaluator), evaluator, stop=Stop(evaluations=12, moves=700))
    assert (result.stop, result.evaluations, result.moves) == (StopReason.EVALUATIONS, 15, 21)
    assert (evaluator.evaluations - before[0], evaluator.moves - before[1]) == (15, 21)
    result = run(Sampler(evaluator), evaluator, stop=Stop(evaluations=900, moves=14))
    assert (result.stop, result.evaluations, result.moves) == (StopReason.MOVES, 10, 14)


def test_seconds_end_a_run(evaluator: Evaluator) -> None:
    result = run(Sampler(evaluator), evaluator, stop=Stop(seconds=1e-9))
    assert (result.stop, result.evaluations) == (StopReason.SECONDS, 5)
    assert result.seconds > 0


def test_an_optimizer_may_finish_by_itself(evaluator: Evaluator) -> None:
    result = run(Sampler(evaluator, steps=2), evaluator, stop=Stop(evaluations=900))
    assert (result.stop, result.evaluations) == (StopReason.FINISHED, 10)
    assert set(result.front.methods) == {"sampler"}
    assert result.front.names == ("carbon", "cost")
    assert result.front.units == ("kg CO2e", "USD")


def test_stagnation_ends_a_run(evaluator: Evaluator) -> None:
    sampler = Sampler(evaluator)
    frozen_rng = sampler.rng.bit_generator.state

    def repeat(step: int) -> None:
        sampler.rng.bit_generator.state = frozen_rng

    sampler.each = repeat
    result = run(sampler, evaluator, stop=Stop(evaluations=100_000, stagnation=240))
    assert result.stop is StopReason.STAGNATION
    assert 240 <= result.evaluations < 300  # moves, 7 a step, do not count


@pytest.mark.parametrize("field", ["evaluations", "moves", "seconds", "stagnation"])
def test_budgets_are_positive(field: str) -> None:
    with pytest.raises(SlitError, match=f"{field}: 0, expected more than 0"):
        Stop(**{field: 0})


def test_a_budget_is_needed(evaluator: Evaluator) -> None:
    with pytest.raises(SlitError, match="budget: none, expected evaluations"):
        run(Sampler(evaluator), evaluator, stop=Stop())


@pytest.mark.parametrize("name", ["nsga2", "deap-nsga2"])
def test_moves_alone_do_not_end_a_search_that_makes_none(evaluator: Evaluator, name: str) -> None:
    def made() -> Optimizer:
        task, rng = Task.of(evaluator), np.random.default_rng(1)
        return make_optimizer(name, task, rng=rng, settings=default_settings(name, population=8))

    said = rf"moves: 1000, expected evaluations or seconds \({name} makes no moves\)"
    with pytest.raises(SlitError, match=said):
        run(made(), evaluator, stop=Stop(moves=1000))
    both = run(made(), evaluator, stop=Stop(moves=1000, evaluations=200))
    assert both.stop is StopReason.EVALUATIONS


@pytest.fixture
def listening() -> Iterator[None]:
    """Ctrl-C is heard, also where the tests were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
def test_ctrl_c_ends_after_the_step_with_the_front_found(evaluator: Evaluator) -> None:
    def interrupt(step: int) -> None:
        if step == 3:
            signal.raise_signal(signal.SIGINT)

    result = run(Sampler(evaluator, each=interrupt), evaluator, stop=Stop(evaluations=900))
    assert (result.stop, result.evaluations) == (StopReason.INTERRUPTED, 20)
    assert len(result.front) == 20
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("listening")
def test_a_second_ctrl_c_ends_at_once(evaluator: Evaluator) -> None:
    def interrupt(step: int) -> None:
        if step == 3:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    result = run(Sampler(evaluator, each=interrupt), evaluator, stop=Stop(evaluations=900))
    assert (result.stop, result.evaluations) == (StopReason.INTERRUPTED, 15)


def test_a_watcher_may_ask_for_the_end(evaluator: Evaluator) -> None:
    def watch(progress: Progress) -> None:
        if progress.loop.step == 3:
            raise StopRequest

    result = run(Sampler(evaluator), evaluator, stop=Stop(evaluations=900), watch=watch)
    assert (result.stop, result.evaluations) == (StopReason.REQUEST, 15)
    assert len(result.front) == 15


def test_runs_in_a_thread_without_signals(evaluator: Evaluator) -> None:
    found = []
    stop = Stop(evaluations=10)
    thread = threading.Thread(
        target=lambda: found.append(run(Sampler(evaluator), evaluator, stop=stop))
    )
    thread.start()
    thread.join()
    assert found[0].stop is StopReason.EVALUATIONS


def test_watchers_see_every_step(evaluator: Evaluator) -> None:
    seen: list[tuple[int, int, float]] = []

    def watch(progress: Progress) -> None:
        seen.append((progress.loop.step, progress.loop.evaluations, progress.share))

    run(Sampler(evaluator), evaluator, stop=Stop(evaluations=20), watch=watch)
    assert seen == [(1, 5, 0.25), (2, 10, 0.5), (3, 15, 0.75), (4, 20, 1.0)]


def test_history_holds_the_best_values_and_stays_short(evaluator: Evaluator) -> None:
    sampler = Sampler(evaluator, size=1)
    result = run(sampler, evaluator, stop=Stop(evaluations=4 * LONGEST_HISTORY + 3))
    assert LONGEST_HISTORY / 2 <= len(result.history) <= LONGEST_HISTORY + 1
    counts = [entry.evaluations for entry in result.history]
    assert counts == sorted(set(counts))
    assert counts[-1] == result.evaluations
    last = result.history[-1]
    feasible = sampler.kept.G <= 0
    assert last.plans == feasible.sum()
    assert last.best == tuple(sampler.kept.F[feasible].min(axis=0))


def test_a_continued_loop_equals_an_uninterrupted_one(evaluator: Evaluator) -> None:
    whole = run(Sampler(evaluator), evaluator, stop=Stop(evaluations=60, stagnation=5000))
    sampler = Sampler(evaluator)
    states: list[str] = []

    def watch(progress: Progress) -> None:
        states.append(json.dumps(progress.loop.to_json()))
        if progress.loop.step == 5:
            raise KeyboardInterrupt

    run(sampler, evaluator, stop=Stop(evaluations=60, stagnation=5000), watch=watch)
    state = LoopState.from_json(json.loads(states[-1]))
    rest = run(sampler, evaluator, stop=Stop(evaluations=60, stagnation=5000), state=state)
    assert (rest.front.X == whole.front.X).all()
    assert rest.stop is whole.stop
    assert [(e.evaluations, e.best) for e in rest.history] == [
        (e.evaluations, e.best) for e in whole.history
    ]
    assert state.stagnation is not None
    assert state.stagnation.volume > 0


def test_a_loop_that_stagnated_makes_no_step_more_when_continued(evaluator: Evaluator) -> None:
    """Killed after its last step, before its result was written: the bits stay the same."""
    stop = Stop(evaluations=100_000, stagnation=50)
    whole = run(Sampler(evaluator), evaluator, stop=stop)
    assert whole.stop is StopReason.STAGNATION
    sampler = Sampler(evaluator)
    states: list[str] = []

    def watch(progress: Progress) -> None:
        states.append(json.dumps(progress.loop.to_json()))
        if progress.loop.evaluations == whole.evaluations:
            raise KeyboardInterrupt

    run(sampler, evaluator, stop=stop, watch=watch)
    steps = sampler.asked
    state = LoopState.from_json(json.loads(states[-1]))
    rest = run(sampler, evaluator, stop=stop, state=state)
    assert (rest.stop, rest.evaluations) == (StopReason.STAGNATION, whole.evaluations)
    assert sampler.asked == steps
    assert (rest.front.F == whole.front.F).all()
    # More patience lets it go on.
    more = LoopState.from_json(json.loads(states[-1]))
    longer = run(sampler, evaluator, stop=Stop(evaluations=100_000, stagnation=200), state=more)
    assert longer.evaluations >= whole.evaluations + 100


def test_moves_do_not_count_as_stagnation(evaluator: Evaluator) -> None:
    """A search of many moves and few evaluations is no slower to improve for that."""
    sampler = Sampler(evaluator)
    sampler.moves = 1_000_000
    result = run(sampler, evaluator, stop=Stop(evaluations=40, stagnation=50))
    assert (result.stop, result.evaluations) == (StopReason.EVALUATIONS, 40)


def test_a_used_up_budget_is_not_exceeded_when_continued(evaluator: Evaluator) -> None:
    state = LoopState(evaluations=20)
    result = run(Sampler(evaluator), evaluator, stop=Stop(evaluations=20), state=state)
    assert (result.stop, result.evaluations) == (StopReason.EVALUATIONS, 20)


def test_stagnation_waits_for_a_feasible_plan() -> None:
    watched = Stagnation(patience=10)
    F = np.ones((1, 2))
    assert not watched.look(F, np.ones(1), evaluations=100)
    assert not watched.look(F, np.zeros(1), evaluations=200)
    assert not watched.look(F / 2, np.zeros(1), evaluations=209)
    assert not watched.look(F / 2, np.zeros(1), evaluations=218)
    assert watched.look(F / 2, np.zeros(1), evaluations=219)


def test_turns_are_enforced() -> None:
    guard = AskTellGuard(objectives=2)
    one = Evaluation(np.zeros((1, 2)), np.zeros(1), np.zeros((1, 1, 2)), np.zeros((1, 1), int))
    with pytest.raises(SlitError, match="tell: no plans were asked for, expected ask first"):
        guard.match(one)
    guard.check_ask()
    asked = guard.record(np.zeros((3, 4), np.int64))
    assert asked.dtype == np.int16
    with pytest.raises(ValueError, match="read-only"):
        asked[0] = 1
    with pytest.raises(SlitError, match="ask: 3 plans still wait for tell"):
        guard.check_ask()
    with pytest.raises(SlitError, match="state: plans still wait for tell"):
        guard.check_state()
    with pytest.raises(SlitError, match=r"tell: F \(1, 2\) and G \(1,\), expected \(3, 2\)"):
        guard.match(one)
    told = guard.match(
        Evaluation(np.zeros((3, 2)), np.ones(3), np.zeros((3, 1, 2)), np.ones((3, 1), int))
    )
    assert told.X is asked
    guard.check_state()
