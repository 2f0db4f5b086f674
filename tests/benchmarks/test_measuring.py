"""The loop, the snapshots, the references and the replaced parts."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.cases import knapsack
from benchmarks.job import Job
from benchmarks.measuring.instrumented_problem import InstrumentedProblem
from benchmarks.measuring.reference import (
    HypervolumeReference,
    ReferenceKind,
    box_reference,
    exact_reference,
)
from benchmarks.measuring.replacements import descend_by_full_evaluation, without_increments
from benchmarks.measuring.scenarios import planned
from benchmarks.measuring.search import search
from benchmarks.measuring.trajectory import Found, Trajectory, Work
from benchmarks.phases.enumerate import every_plan
from benchmarks.phases.evaluate import searched_plans
from benchmarks.planning import Method
from benchmarks.registry import find_phase
from benchmarks.store import JobOutcome, Store
from benchmarks.suites.ablation import METHODS
from operators.dominance import nondominated
from operators.sampling import uniform
from operators.types import Genes
from slit.kernels.local_search import improve_plan
from slit.kernels.scalarization import scalarize
from slit.objectives import DEFAULT
from slit.optimizers.metaheuristic import search as metaheuristic
from slit.optimizers.protocol import Task
from slit.optimizers.registry import make_optimizer
from slit.problem.binding import options_of
from slit.stop import Stop, StopReason

TINY = Job("optimize", "tiny", "")


def test_snapshots_are_geometric_in_the_budget() -> None:
    trajectory = Trajectory(Stop(evaluations=1024))
    due = [n for n in range(1, 1025) if trajectory.due(Work(n, 0, 0.0))]
    assert due[:5] == [4, 6, 8, 12, 16]
    assert due[-1] == 1024
    assert len(due) == 17


def test_what_was_found_is_the_front_of_the_first_so_many() -> None:
    rng = np.random.default_rng(0)
    F, G = rng.random((60, 3)), (rng.random(60) < 0.3).astype(float)
    found = Found(3)
    for part in range(0, 60, 20):
        found.add(F[part : part + 20], G[part : part + 20])
    for size, front in zip((7, 33, 60), found.fronts([7, 33, 60]), strict=True):
        points = F[:size][G[:size] == 0]
        expected = points[nondominated(points)]
        assert sorted(front.tolist()) == sorted(expected.tolist())
    assert found.size == 60


def test_a_search_is_counted_and_looked_at() -> None:
    evaluator = planned(TINY).evaluator(DEFAULT)
    rng = np.random.default_rng(1)
    optimizer = make_optimizer("nsga2", Task.of(evaluator), rng=rng)
    found = search(optimizer, evaluator, stop=Stop(evaluations=1000))
    assert found.stop is StopReason.EVALUATIONS
    assert found.work.evaluations == evaluator.evaluations == 1000
    done = [snapshot.work.evaluations for snapshot in found.snapshots]
    assert done == sorted(done)
    assert done[-1] == 1000
    assert len(found.snapshots) > 3
    # Nothing it keeps is better than what was found of all it evaluated.
    box = box_reference(np.zeros(4), found.found.max(axis=0), names=tuple(DEFAULT), detail="")
    assert box.volume(found.kept.F[found.kept.G <= 0]) <= box.volume(found.found) + 1e-12


def test_a_method_of_one_plan_finishes() -> None:
    evaluator = planned(TINY).evaluator(DEFAULT)
    optimizer = make_optimizer("nearest", Task.of(evaluator), rng=np.random.default_rng(1))
    found = search(optimizer, evaluator, stop=Stop(evaluations=5))
    assert (found.stop, found.work.evaluations) == (StopReason.FINISHED, 1)


def test_a_yardstick_measures_the_columns_that_count() -> None:
    stick = HypervolumeReference(
        names=("b", "c"),
        columns=(1, 2),
        ideal=np.array([0.0, 10.0]),
        span=np.array([1.0, 10.0]),
        bound=2.0,
        kind=ReferenceKind.BOX,
    )
    F = np.array([[99.0, 0.5, 10.0]])  # scaled: 0.5 and 0
    assert stick.volume(F) == pytest.approx(0.6 * 1.1)
    again = HypervolumeReference.from_json(stick.to_json())
    assert again.volume(F) == stick.volume(F)
    assert again.kind is ReferenceKind.BOX


def test_the_exact_front_reaches_its_own_reference() -> None:
    front = np.array([[0.0, 2.0], [1.0, 1.0], [3.0, 0.0]])
    stick = exact_reference(front, names=("a", "b"))
    assert stick.volume(front) == pytest.approx(stick.bound)
    assert stick.volume(front[:2]) < stick.bound


def test_a_meter_keeps_nothing_beyond_the_budget() -> None:
    problem = knapsack.build(8, 2)
    instrumented = InstrumentedProblem(problem, stop=Stop(evaluations=50))
    rng = np.random.default_rng(0)
    for _ in range(10):
        plans = problem.random(20, rng=rng)
        values = instrumented.problem.evaluate(plans)
        np.testing.assert_array_equal(values[0], problem.evaluate(plans)[0])
    instrumented.problem.again(problem.random(20, rng=rng))
    assert instrumented.evaluations == 60  # the batch in which the budget ends counts
    assert instrumented.snapshots()[-1].work.evaluations == 60


def test_every_plan_is_looked_at_once() -> None:
    problem = planned(TINY).problem
    plans = np.concatenate(list(every_plan(problem)))
    assert len(np.unique(plans, axis=0)) == len(plans)
    assert len(plans) == int(problem.option_count[problem.gene_row].astype(float).prod())
    assert problem.allowed[problem.gene_group[None, :], plans].all()


def test_no_search_beats_the_enumerated_front(tmp_path: Path) -> None:
    job = Job("enumerate", "tiny", "", options={"objectives": list(DEFAULT)})
    outcome = find_phase("enumerate").perform(job, Store(tmp_path))
    stick = HypervolumeReference.from_json(outcome.values["yardstick"])
    evaluator = planned(TINY).evaluator(DEFAULT)
    optimizer = make_optimizer("slit", Task.of(evaluator), rng=np.random.default_rng(1))
    found = search(optimizer, evaluator, stop=Stop(evaluations=3000))
    share = stick.volume(found.kept.F) / stick.bound
    assert 0.95 < share <= 1 + 1e-9


def test_plans_of_the_kind_a_search_meets_are_valid() -> None:
    instance = planned(TINY)
    evaluator = instance.evaluator(DEFAULT)
    plans = searched_plans(instance, evaluator, 10, rng=np.random.default_rng(0))
    assert evaluator.check(plans).shape == (10, instance.problem.genes)


def test_local_search_by_full_evaluation_descends_but_not_below_increments() -> None:
    instance = planned(TINY)
    evaluator, problem = instance.evaluator(DEFAULT), instance.problem
    start = uniform(1, rng=np.random.default_rng(3), **options_of(problem))[0]
    weights = 1.0 / np.abs(evaluator.evaluate(start[None, :]).F[0])
    rng = np.random.default_rng(0)
    done = descend_by_full_evaluation(start, weights, problem, evaluator.terms, rng=rng)

    def value(plan: Genes) -> float:
        evaluation = evaluator.evaluate(plan[None, :])
        return float(evaluation.F[0] @ weights + 10.0 * evaluation.G[0])

    assert value(done.plan) < value(start)
    assert value(start) - value(done.plan) == pytest.approx(done.gains.sum())
    again = done.plan.copy()
    scalarization = scalarize(weights, problem, evaluator.terms)
    improve_plan(again, problem, scalarization, 0, problem.epochs, 10.0, True, 1 << 60)
    assert value(again) <= value(done.plan) + 1e-12


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.label or method.name)
def test_every_variant_of_the_ablation_searches(method: Method, tmp_path: Path) -> None:
    options = {"objectives": list(DEFAULT), "budget": {"evaluations": 1200}, **method.options}
    bound = Job("bound", "tiny", "", options={"objectives": list(DEFAULT), "weights": 10})
    store = Store(tmp_path)
    store.write(bound, find_phase("bound").perform(bound, store), {})
    job = Job("optimize", "tiny", "", options=options, seed=0, needs=(bound.key,))
    outcome = find_phase("optimize").perform(job, store)
    assert outcome.values["label"] == (method.label or method.name)
    assert outcome.values["moves"] > 0
    assert outcome.values["plans"] > 0


def test_a_replaced_part_is_put_back() -> None:
    before = vars(metaheuristic)["local_searches"]
    with without_increments():
        assert vars(metaheuristic)["local_searches"] is not before
    assert vars(metaheuristic)["local_searches"] is before


def test_the_phases_of_speed_say_how_fast(tmp_path: Path) -> None:
    options = {"objectives": list(DEFAULT), "seconds": 0.01, "plans": 8, "swaps": False}
    for name in ("evaluate", "moves"):
        job = Job(name, "tiny", "", options=options)
        outcome = find_phase(name).perform(job, Store(tmp_path))
        assert isinstance(outcome, JobOutcome)
        assert outcome.timing["per_second"] > 0
    shared = find_phase("stability").perform(
        Job("stability", "tiny", "", options=options), Store(tmp_path)
    )
    assert shared.timing["share"] == shared.timing["stable"] / shared.timing["plain"] > 0
