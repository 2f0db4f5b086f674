"""Population searches: native, pymoo and DEAP on the same variation."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.moo.spea2 import SPEA2
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import FloatRandomSampling, IntegerRandomSampling

from operators.canonical import is_canonical
from operators.dominance import nondominated
from operators.selection import nsga2_survivors
from operators.types import Genes
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.optimizers.deap_adapter import _survivors
from slit.optimizers.protocol import Optimizer, Resumable, Setup, Task
from slit.optimizers.pymoo_adapter import _partitions, adapt
from slit.optimizers.registry import default_settings, make_optimizer
from slit.optimizers.variation import Variation, VariationSettings
from slit.problem import compile_problem
from slit.run import run
from slit.stop import Stop
from tests.builders import random_scenario

POPULATIONS = ["nsga2", "pymoo-nsga2", "pymoo-nsga3", "pymoo-agemoea2", "deap-nsga2"]


def evaluator_of(seed: int = 8, *, objectives: tuple[str, ...] = ("carbon", "cost")) -> Evaluator:
    scenario = random_scenario(
        np.random.default_rng(seed), genes=40, spare_nodes=12, nodes_per_group=3.0
    )
    return Evaluator(compile_problem(scenario), scenario, objectives=find(objectives))


def search_of(
    name: str, evaluator: Evaluator, *, start: Genes | None = None, **settings: object
) -> Optimizer:
    chosen = default_settings(name, **{"population": 20, **settings})
    rng = np.random.default_rng(1)
    return make_optimizer(name, Task.of(evaluator), rng=rng, settings=chosen, start=start)


@pytest.mark.parametrize("name", POPULATIONS)
def test_plans_asked_for_are_canonical_and_distinct(name: str) -> None:
    evaluator = evaluator_of()
    optimizer = search_of(name, evaluator)
    for _ in range(4):
        plans = optimizer.ask()
        assert is_canonical(plans, group_first=evaluator.problem.group_first).all()
        if name != "nsga2":  # the native one drops repeats when it selects
            assert len(np.unique(plans, axis=0)) == len(plans)
        optimizer.tell(evaluator.evaluate(plans))


@pytest.mark.parametrize("name", POPULATIONS)
def test_plans_to_begin_with_come_first(name: str) -> None:
    evaluator = evaluator_of()
    variation = Variation(evaluator.problem, VariationSettings())
    given_plans = variation.sample(3, rng=np.random.default_rng(7))
    optimizer = search_of(name, evaluator, start=given_plans)
    first = optimizer.ask()
    assert len(first) == 20
    assert (first[:3] == given_plans).all()


@pytest.mark.parametrize("name", POPULATIONS)
def test_searching_improves_on_random_plans(name: str) -> None:
    evaluator = evaluator_of()
    optimizer = search_of(name, evaluator)
    first = optimizer.ask()
    before = evaluator.evaluate(first)
    optimizer.tell(before)
    found = run(optimizer, evaluator, stop=Stop(evaluations=600)).front
    best = before.F[before.G == 0].min(axis=0)
    assert (found.F.min(axis=0) < best).all()


@pytest.mark.parametrize("name", POPULATIONS)
@pytest.mark.parametrize(
    "objectives", [("carbon",), ("carbon", "water", "cost", "quality", "ttft")]
)
def test_one_and_many_objectives(name: str, objectives: tuple[str, ...]) -> None:
    evaluator = evaluator_of(objectives=objectives)
    front = run(search_of(name, evaluator), evaluator, stop=Stop(evaluations=100)).front
    assert front.feasible
    assert front.names == objectives


@pytest.mark.parametrize("name", POPULATIONS)
def test_without_repair_the_least_violating_are_kept(name: str) -> None:
    scenario = random_scenario(np.random.default_rng(3), genes=40, spare_nodes=0)
    pools = tuple(
        pool.model_copy(update={"nodes": int(n == 0)}) for n, pool in enumerate(scenario.pools)
    )
    problem = compile_problem(replace(scenario, pools=pools, residency=()))
    evaluator = Evaluator(problem, scenario, objectives=find(["carbon", "cost"]))
    optimizer = search_of(name, evaluator, repair=False)
    front = run(optimizer, evaluator, stop=Stop(evaluations=100)).front
    assert not front.feasible
    assert len(set(front.G.tolist())) == 1


def test_pymoo_leaves_the_process_alone(capsys: pytest.CaptureFixture[str]) -> None:
    evaluator = evaluator_of()
    before = list(warnings.filters)
    for name in ("pymoo-nsga2", "pymoo-nsga3", "pymoo-agemoea2"):
        run(search_of(name, evaluator), evaluator, stop=Stop(evaluations=100))
    assert list(warnings.filters) == before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "algorithm",
    [
        NSGA2(pop_size=16, sampling=FloatRandomSampling()),
        SPEA2(pop_size=16, sampling=FloatRandomSampling()),
        NSGA2(
            pop_size=16,
            sampling=IntegerRandomSampling(),
            crossover=SBX(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
            mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
        ),
    ],
)
def test_any_algorithm_of_pymoo_may_search(algorithm: object) -> None:
    fronts = []
    for _ in range(2):
        evaluator = evaluator_of()
        setup = Setup("mine", Task.of(evaluator), None, np.random.default_rng(1))
        optimizer = adapt(algorithm, setup)
        assert not isinstance(optimizer, Resumable)
        front = run(optimizer, evaluator, stop=Stop(evaluations=100)).front
        assert set(front.methods) == {"mine"}
        assert (evaluator.evaluate(front.X).F == front.F).all()
        fronts.append(front)
    assert (fronts[0].X == fronts[1].X).all()


def test_an_algorithm_of_pymoo_brings_its_own_start() -> None:
    evaluator = evaluator_of()
    start = search_of("nsga2", evaluator).ask()[:1]
    setup = Setup("mine", Task.of(evaluator), None, np.random.default_rng(1), start)
    with pytest.raises(SlitError, match="expected the sampling of the pymoo algorithm"):
        adapt(NSGA2(pop_size=16), setup)


@pytest.mark.parametrize(
    ("objectives", "population", "partitions"), [(1, 100, 1), (2, 100, 99), (4, 100, 6), (4, 4, 1)]
)
def test_directions_are_as_fine_as_the_population_allows(
    objectives: int, population: int, partitions: int
) -> None:
    assert _partitions(objectives, population) == partitions


@given(st.integers(0, 2**32 - 1))
def test_deap_ranks_like_the_compiled_sort(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(4, 40))
    F = rng.random((count, 3))
    G = np.asarray(rng.integers(0, 2, count) * rng.integers(0, 3), dtype=np.float64)
    size = int(rng.integers(2, count + 1))
    found, rank, _ = _survivors(F, G, size=size, weights=(-1.0,) * 3)
    rows = np.asarray(found, dtype=np.int64)
    expected = nsga2_survivors(F, size=size, violation=G)
    assert len(set(rows.tolist())) == len(rows) == size
    feasible = G[rows] == 0
    ours = dict(zip(expected.indices.tolist(), expected.rank.tolist(), strict=True))
    assert feasible.sum() == (G[expected.indices] == 0).sum()
    for row, level in zip(rows[feasible].tolist(), rank[feasible].tolist(), strict=True):
        if row in ours:
            assert ours[row] == level
    if feasible.any():
        first = np.flatnonzero(G == 0)[nondominated(F[G == 0])]
        assert set(rows[feasible & (rank == 0)].tolist()) <= set(first.tolist())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"population": 3}, "population: 3, expected at least 4"),
        ({"crossover": 1.5}, "crossover: 1.5, expected 0 to 1"),
        ({"block_share": -0.1}, "block_share: -0.1, expected 0 to 1"),
        ({"mutations": -1.0}, "mutations: -1.0, expected 0 or more"),
        ({"speed": 9}, "setting 'speed', expected one of its settings"),
    ],
)
def test_settings_are_checked(change: dict[str, float], message: str) -> None:
    with pytest.raises(SlitError, match=message):
        default_settings("nsga2", **change)


@pytest.mark.parametrize("block_share", [0.0, 0.5, 1.0])
def test_crossover_exchanges_chunks_or_whole_epochs(block_share: float) -> None:
    problem = evaluator_of().problem
    variation = Variation(problem, VariationSettings(block_share=block_share, crossover=1.0))
    rng = np.random.default_rng(0)
    zeros = np.zeros((50, problem.genes), np.int16)
    children = variation.cross(zeros, zeros + 1, rng=rng)
    assert (children[0::2] + children[1::2] == 1).all()
    whole = [
        all(
            len(np.unique(child[problem.epoch_gene[t] : problem.epoch_gene[t + 1]])) == 1
            for t in range(problem.epochs)
        )
        for child in children[0::2]
    ]
    assert np.mean(whole) == pytest.approx(block_share, abs=0.25 if block_share == 0.5 else 0.0)
