"""The metaheuristic: what its parts promise, and that it finds what enumeration finds."""

from dataclasses import replace

import numpy as np
import pytest

from operators.dominance import nondominated
from operators.indicators import hypervolume
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.kernels.scalarization import scalarize
from slit.objectives import DEFAULT, find
from slit.optimizers.metaheuristic import local_search as searching
from slit.optimizers.metaheuristic.local_search import Priced, local_search, local_searches
from slit.optimizers.metaheuristic.paper import Settings as PaperSettings
from slit.optimizers.metaheuristic.pool import EpochPool
from slit.optimizers.metaheuristic.search import Metaheuristic
from slit.optimizers.metaheuristic.settings import Guidance, Settings, Starts
from slit.optimizers.metaheuristic.surrogate import FEWEST_ROWS, Surrogate
from slit.optimizers.metaheuristic.weight_selection import loosest_weights, nearest_other
from slit.optimizers.protocol import Setup, State, Task
from slit.optimizers.registry import make_optimizer
from slit.problem import compile_problem
from slit.run import run
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.stop import Stop, StopReason
from slit.testing.optimizers import copied
from tests.builders import random_scenario

VARIANTS = {
    "as it is": Settings(),
    **{f"guided, {word}": Settings(guidance=word) for word in Guidance if word != Guidance.OFF},
    "without linear programs": Settings(lp_partitions=0),
    "without recombination": Settings(children=0),
    "random starts": Settings(starts=Starts.RANDOM),
    "farthest weights": Settings(loosest=False),
    "without swaps": Settings(swaps=False),
    "as the paper": PaperSettings(),
}


def evaluator_of(scenario: Scenario) -> Evaluator:
    return Evaluator(compile_problem(scenario), scenario, objectives=find(DEFAULT))


@pytest.fixture(scope="module")
def roomy() -> Scenario:
    rng = np.random.default_rng(8)
    return random_scenario(rng, epochs=4, genes=40, spare_nodes=12, nodes_per_group=3.0)


def search(
    evaluator: Evaluator, settings: Settings, *, steps: int, seed: int = 3, children: int = 40
) -> Metaheuristic:
    small = replace(
        settings, partitions=2, population=12, children=min(settings.children, children)
    )
    rng = np.random.default_rng(seed)
    optimizer = Metaheuristic(Setup("slit", Task.of(evaluator), small, rng))
    for _ in range(steps):
        optimizer.tell(evaluator.evaluate(optimizer.ask()))
    return optimizer


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_configuration_finds_feasible_fronts(settings: Settings, roomy: Scenario) -> None:
    evaluator = evaluator_of(roomy)
    front = search(evaluator, settings, steps=8).front()
    assert len(front.X) > 3
    assert (front.G == 0).all()
    assert (evaluator.evaluate(front.X).F == front.F).all()


def test_on_tiny_it_comes_close_to_the_exact_front() -> None:
    evaluator = evaluator_of(load_scenario("tiny"))
    problem = evaluator.problem
    grid = np.meshgrid(*(problem.options[row] for row in problem.gene_row), indexing="ij")
    plans = np.stack([axis.ravel() for axis in grid], axis=1)
    everything = evaluator.evaluate(plans)
    feasible = everything.F[everything.G == 0]
    exact = np.unique(feasible[nondominated(feasible)], axis=0)
    front = search(evaluator, Settings(), steps=30, children=400).front()
    assert (front.F.min(axis=0) == exact.min(axis=0)).all()
    low, high = exact.min(axis=0), exact.max(axis=0)
    reference = np.full(4, 1.1)
    best = hypervolume((exact - low) / (high - low), reference=reference)
    found = hypervolume((front.F - low) / (high - low), reference=reference)
    assert 0.99 * best <= found <= best * (1 + 1e-12)


@pytest.mark.parametrize("name", ["as it is", "guided, both", "as the paper"])
def test_it_continues_with_the_same_bits_once_it_has_learned(name: str, roomy: Scenario) -> None:
    evaluator = evaluator_of(roomy)
    settings = VARIANTS[name]
    whole = search(evaluator, settings, steps=30)
    state: State = copied(search(evaluator, settings, steps=22).state())
    other = search(evaluator, settings, steps=0, seed=99)
    other.restore(state)
    for _ in range(8):
        other.tell(evaluator.evaluate(other.ask()))
    assert other.moves == whole.moves
    assert other.front().X.tobytes() == whole.front().X.tobytes()
    assert other.front().F.tobytes() == whole.front().F.tobytes()


def test_the_number_of_threads_does_not_change_the_bits(roomy: Scenario) -> None:
    both = Evaluator(compile_problem(roomy), roomy, objectives=find(DEFAULT), threads=2)
    one = search(evaluator_of(roomy), Settings(), steps=6)
    two = search(both, Settings(), steps=6)
    assert one.front().X.tobytes() == two.front().X.tobytes()


def test_the_pool_takes_each_epoch_where_it_is_best(roomy: Scenario) -> None:
    evaluator = evaluator_of(roomy)
    problem = evaluator.problem
    rng = np.random.default_rng(0)
    plans = np.array(
        [
            [
                rng.choice(problem.options[row][: problem.option_count[row]])
                for row in problem.gene_row
            ]
            for _ in range(6)
        ]
    )
    found = evaluator.evaluate(plans)
    weights = np.array([[1.0, 0, 0, 0], [0, 0, 0, 1.0]])
    pool = EpochPool(problem, measures=4, capacity=100)
    pool.add(plans.astype(np.int16), found.parts, np.zeros_like(found.excess), weights=weights)
    chosen = pool.choose(weights)
    for w, objective in enumerate((0, 3)):
        for t in range(problem.epochs):
            assert found.parts[chosen[w, t], t, objective] == found.parts[:, t, objective].min()
    built = pool.build(chosen)
    for t in range(problem.epochs):
        genes = slice(problem.epoch_gene[t], problem.epoch_gene[t + 1])
        assert (built[0, genes] == plans[chosen[0, t], genes]).all()


def test_the_pool_prefers_fewer_nodes_beyond_capacity(roomy: Scenario) -> None:
    problem = compile_problem(roomy)
    pool = EpochPool(problem, measures=1, capacity=2)
    parts = np.zeros((3, problem.epochs, 1))
    parts[:, :, 0] = [[1.0], [2.0], [3.0]]
    excess = np.zeros((3, problem.epochs), np.int64)
    excess[0] = 5
    plans = np.repeat(problem.options[problem.gene_row, 0][None, :], 3, axis=0)
    weights = np.ones((1, 1))
    pool.add(plans[:2], parts[:2], excess[:2], weights=weights)
    assert (pool.choose(weights) == 1).all()
    pool.add(plans[2:], parts[2:], excess[2:], weights=weights)
    assert len(pool) == 2
    assert (pool.parts[pool.choose(weights)[0, 0], 0] == 2.0).all()


def test_a_descent_searches_only_the_epochs_it_is_given(roomy: Scenario) -> None:
    evaluator = evaluator_of(roomy)
    problem, terms = evaluator.problem, evaluator.terms
    start = np.ascontiguousarray(problem.options[problem.gene_row, 0])
    epochs = np.zeros((1, problem.epochs), dtype=np.bool_)
    epochs[0, 1] = True
    weights = 1 / np.abs(evaluator.evaluate(start[None, :]).F)
    [some] = local_searches(
        start[None, :],
        Priced(weights, np.zeros(1)),
        Task.of(evaluator),
        swaps=True,
        epochs=epochs,
    )
    inside = slice(problem.epoch_gene[1], problem.epoch_gene[2])
    outside = np.delete(np.arange(problem.genes), np.r_[inside])
    assert (some.plan[outside] == start[outside]).all()
    assert (some.plan[inside] != start[inside]).any()
    assert some.gains[1] > 0
    assert (np.delete(some.gains, 1) == 0).all()
    everywhere = local_search(start, scalarize(weights[0], problem, terms), problem, swaps=True)
    before, after = evaluator.evaluate(np.stack([start, everywhere.plan])).F @ weights[0]
    excess = evaluator.evaluate(np.stack([start, everywhere.plan])).G
    gained = before - after + 10.0 * (excess[0] - excess[1])
    assert everywhere.gains.sum() == pytest.approx(gained, rel=1e-9)


def test_a_descent_ends_by_its_moves(roomy: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluator = evaluator_of(roomy)
    problem, terms = evaluator.problem, evaluator.terms
    plan = np.ascontiguousarray(problem.options[problem.gene_row, 0])
    weights = 1 / np.abs(evaluator.evaluate(plan[None, :]).F[0])
    whole = local_search(plan, scalarize(weights, problem, terms), problem, swaps=True)
    monkeypatch.setattr(searching, "MOST_MOVES", problem.epochs)
    short = local_search(plan, scalarize(weights, problem, terms), problem, swaps=True)
    assert 0 < short.moves < whole.moves
    assert 0 < short.gains.sum() < whole.gains.sum()


def test_a_search_without_a_choice_finishes() -> None:
    scenario = random_scenario(
        np.random.default_rng(2), datacenters=1, pools_per_datacenter=1, variants=1, spare_nodes=9
    )
    evaluator = evaluator_of(scenario)
    assert evaluator.problem.option_count.max() == 1
    task, rng = Task.of(evaluator), np.random.default_rng(0)
    found = run(make_optimizer("slit", task, rng=rng), evaluator, stop=Stop(moves=99))
    assert found.stop is StopReason.FINISHED
    assert len(found.front.X) == 1


def test_the_guide_learns_where_gains_are() -> None:
    rng = np.random.default_rng(5)
    rows = rng.random((FEWEST_ROWS, 3))
    surrogate = Surrogate(features=3, seed=1)
    surrogate.learn(rows[:-1], np.maximum(rows[:-1, 0] - 0.5, 0))
    assert surrogate.predict(rows) is None
    surrogate.learn(rows[-1:], np.maximum(rows[-1:, 0] - 0.5, 0))
    expected = surrogate.predict(np.array([[0.95, 0.5, 0.5], [0.1, 0.5, 0.5]]))
    assert expected is not None
    assert expected[0] > 0.3
    assert 0 <= expected[1] < 0.05


def test_nearest_weights() -> None:
    assert (nearest_other(np.array([[0.0, 1], [0.1, 0.9], [1, 0]])) == [1, 0, 1]).all()


def test_the_next_weights_are_those_where_most_may_be_found() -> None:
    """Between (0, 1) and (1, 0) nothing is known; beside (0.1, 0.1) little is left."""
    corners = np.array([[1.0, 0.0], [0.0, 1.0]])
    extremes = np.array([[0.0, 1.0], [1.0, 0.0]])
    [middle] = loosest_weights(corners, extremes, count=1)
    assert abs(middle - 0.5).max() < 0.05
    searched, reached = np.vstack([corners, middle]), np.vstack([extremes, [0.1, 0.1]])
    left, right = loosest_weights(searched, reached, count=2)
    assert (left[0] - 0.5) * (right[0] - 0.5) < 0
    assert abs(np.array([left, right]) - 0.5).min() > 0.3
    assert not len(loosest_weights(corners, np.zeros((1, 2)), count=4))
    assert not len(loosest_weights(corners, np.zeros((0, 2)), count=4))
    assert not len(loosest_weights(np.ones((1, 1)), np.ones((1, 1)), count=4))


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SlitError, match="batch: 0, expected at least 1"):
        Settings(batch=0)
