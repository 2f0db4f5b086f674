from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators import nsga2
from operators.allowed import Allowed
from operators.crossover import block_labels
from operators.indicators import hypervolume
from operators.mutation import count_table
from operators.selection import nsga2_survivors
from operators.types import Floats, Genes
from tests.operators import reference
from tests.operators.strategies import SEEDS, Case, cases, checksum, points


@given(cases(), SEEDS, st.integers(0, 9), st.sampled_from([0.0, 0.5, 1.0]))
def test_offspring_are_allowed_and_reproducible(
    case: Case, seed: int, size: int, share: float
) -> None:
    n, genes = case.population.shape
    before = case.population.copy()
    draws = [
        nsga2.offspring(
            case.population,
            rank=np.zeros(n, int),
            crowding=np.ones(n),
            **case.allowed,
            rate=0.1,
            size=size,
            probability=0.9,
            labels=np.arange(genes) // 5,
            label_share=share,
            rng=np.random.default_rng(seed),
        )
        for _ in range(2)
    ]
    assert draws[0].shape == (size, genes)
    assert case.is_allowed(draws[0])
    assert np.array_equal(draws[0], draws[1])
    assert np.array_equal(case.population, before)


def test_without_mutation_every_gene_is_inherited() -> None:
    population = np.arange(40).reshape(4, 10)
    table: dict[str, Any] = {
        "gene_row": np.zeros(10, int),
        "options": [list(range(40))],
        "option_count": [40],
    }
    best: dict[str, Any] = {"rank": [1, 0, 0, 1], "crowding": [1.0, 1.0, 1.0, 1.0]}
    children = nsga2.offspring(
        population, **best, **table, rate=0.0, rng=np.random.default_rng(0), size=9
    )
    assert np.array_equal(children % 10, np.tile(np.arange(10), (9, 1)))
    by_block = nsga2.offspring(
        population,
        **best,
        **table,
        rate=0.0,
        rng=np.random.default_rng(0),
        labels=block_labels([0, 3, 10]),
        label_share=1.0,
    )
    assert by_block.shape == (4, 10)
    for part in (by_block[:, :3], by_block[:, 3:]):
        assert (part // 10 == part[:, :1] // 10).all()


def test_survival_by_hand() -> None:
    result = nsga2.next_generation(
        [[1], [2], [3]],
        [[1.0, 3.0], [9.0, 9.0], [0.0, 0.0]],
        [[4], [5]],
        [[3.0, 1.0], [2.0, 2.0]],
        violation=[0.0, 0.0, 1.0],
    )
    assert sorted(result.population.ravel().tolist()) == [1, 4, 5]
    assert result.population[0, 0] == 1
    assert result.rank.tolist() == [0, 0, 0]
    assert result.crowding[result.population.ravel() == 5].tolist() == [2.0]
    assert result.violation.tolist() == [0.0, 0.0, 0.0]


@given(points(smallest=2, objectives=4), SEEDS, st.booleans(), st.data())
def test_the_best_of_parents_and_children_survive(
    objectives: Floats, seed: int, distinct: bool, data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, len(objectives)))
    violation = np.random.default_rng(seed).integers(0, 2, len(objectives)).astype(float)
    population = np.arange(len(objectives))[:, None]
    before = objectives.copy()
    result = nsga2.next_generation(
        population[:n],
        objectives[:n],
        population[n:],
        objectives[n:],
        violation=violation[:n],
        children_violation=violation[n:],
        distinct=distinct,
    )
    names = result.population.ravel()
    kept = nsga2_survivors(objectives, size=n, violation=violation, distinct=distinct)
    order = np.argsort(names)
    assert np.array_equal(names[order], kept.indices)
    assert np.array_equal(result.rank[order], kept.rank)
    assert np.array_equal(result.crowding[order], kept.crowding)
    assert np.array_equal(result.objectives, objectives[names])
    assert np.array_equal(result.violation, violation[names])
    assert all(name == i for i, name in enumerate(names) if name < n)
    assert np.array_equal(objectives, before)


def test_a_first_population_gets_its_ranks() -> None:
    objectives = [[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]]
    result = nsga2.next_generation(
        [[0], [1], [2]], objectives, np.zeros((0, 1), int), np.zeros((0, 2))
    )
    assert result.rank.tolist() == reference.front_ranks(objectives, [0.0] * 3)


def additive(population: Genes, cost: Floats) -> Floats:
    """Objectives that are sums over genes."""
    total: Floats = cost[np.arange(population.shape[1]), population].sum(axis=1)
    return total


def evolve(seed: int, generations: int, **settings: Any) -> nsga2.Generation:
    """The kernels as an engine calls them, on a small additive problem."""
    rng = np.random.default_rng(seed)
    size, genes, values = 20, 30, 5
    cost = np.random.default_rng(1).random((genes, values, 2))
    options = np.arange(values, dtype=np.int16)[None].copy()
    allowed = Allowed(np.zeros(genes, np.int32), options, np.array([values], np.int32))
    population = rng.integers(0, values, (size, genes)).astype(np.int16)
    state = nsga2.next_generation(
        population, additive(population, cost), np.zeros((0, genes), int), np.zeros((0, 2))
    )
    offspring = np.empty_like(population)
    table = count_table(genes, rate=1 / genes)
    for _ in range(generations):
        nsga2.make_offspring(
            state.population,
            state.rank,
            state.crowding,
            allowed,
            nsga2.Crossing(np.zeros(0, np.int32), 0, 1.0, 0.0),
            table,
            offspring,
            rng,
        )
        nsga2.survive(
            state.population,
            state.objectives,
            state.violation,
            offspring,
            additive(offspring, cost),
            np.zeros(size),
            state.rank,
            state.crowding,
            True,
        )
    assert np.array_equal(additive(state.population, cost), state.objectives)
    return state


def test_generations_improve_the_front() -> None:
    reference_point = [20.0, 20.0]
    shares = [
        hypervolume(evolve(2, generations).objectives, reference=reference_point)
        for generations in (0, 10, 40)
    ]
    assert shares[0] * 1.3 < shares[1]
    assert shares[1] * 1.1 < shares[2]


def test_equal_seeds_give_equal_bits() -> None:
    one, other = evolve(3, 10), evolve(3, 10)
    assert checksum(*one) == checksum(*other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": [0, 0]}, "rank: 2, expected 1"),
        ({"crowding": []}, "crowding: 0, expected 1"),
        ({"probability": -1}, "probability: -1, expected 0 to 1"),
        ({"label_share": 2}, "label_share: 2, expected 0 to 1"),
        ({"labels": [0, 0]}, "labels: 2, expected 1"),
        ({"population": np.zeros((0, 1), int), "rank": [], "crowding": []}, "population .chromo"),
    ],
)
def test_what_is_wrong_with_parents_is_said(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "population": [[0]],
        "rank": [0],
        "crowding": [1.0],
        "gene_row": [0],
        "options": [[0, 1]],
        "option_count": [2],
        "rate": 0.5,
    }
    with pytest.raises(ValueError, match=message):
        nsga2.offspring(**{**arguments, **change}, rng=np.random.default_rng(0))


def test_what_is_wrong_with_children_is_said() -> None:
    with pytest.raises(ValueError, match="children: 2 genes, expected 1"):
        nsga2.next_generation([[0]], [[1.0]], [[0, 0]], [[1.0]])
    with pytest.raises(ValueError, match="children_objectives: 2 columns, expected 1"):
        nsga2.next_generation([[0]], [[1.0]], [[0]], [[1.0, 1.0]])
