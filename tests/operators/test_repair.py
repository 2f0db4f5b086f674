from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.repair import repair
from operators.types import Floats, Genes, Longs
from tests.operators import reference
from tests.operators.strategies import SEEDS, Case, offsets, random_case


class Loaded(NamedTuple):
    """A population with loads and limits."""

    case: Case
    loads: dict[str, Any]

    def excess(self, population: Genes) -> list[list[int]]:
        """Nodes above the limits of each chromosome in each block, by the slow twin."""
        plain = {name: np.asarray(array).tolist() for name, array in self.loads.items()}
        return [reference.excess_nodes(row, **plain) for row in population.tolist()]


def random_loads(case: Case, rng: np.random.Generator, *, tightness: float) -> Loaded:
    """Limits that random chromosomes meet, or nearly, depending on the tightness."""
    genes = case.population.shape[1]
    values = int(case.options.max()) + 1
    resources = int(rng.integers(1, values + 1))
    blocks = offsets(genes, rng)
    row: Longs = rng.integers(0, 4, (genes,))
    load: Longs = rng.integers(0, 50, (4, values))
    resource: Longs = rng.integers(0, resources, (values,))
    quantum: Longs = rng.integers(1, 40, (values,))
    used: Floats = np.zeros((len(blocks) - 1, resources))
    for b in range(len(blocks) - 1):
        for g in range(blocks[b], blocks[b + 1]):
            value = case.population[0, g]
            used[b, resource[value]] += load[row[g], value] / quantum[value] + 0.3
    limits = np.floor(used * tightness + rng.random(used.shape)).astype(np.int64)
    least: Longs = rng.integers(0, 3, values) * int(rng.integers(2))
    loads = {"block_first": blocks, "load_row": row, "load": load, "resource": resource}
    return Loaded(case, {**loads, "quantum": quantum, "least": least, "limits": limits})


@given(SEEDS, st.floats(0.0, 1.5), st.integers(0, 4))
def test_a_repair_only_helps(seed: int, tightness: float, passes: int) -> None:
    rng = np.random.default_rng(seed)
    loaded = random_loads(
        random_case(rng, size=3, genes=int(rng.integers(1, 40))), rng, tightness=tightness
    )
    case = loaded.case
    before = case.population.copy()
    again = [
        repair(
            case.population,
            **case.allowed,
            **loaded.loads,
            passes=passes,
            rng=np.random.default_rng(seed),
        )
        for _ in range(2)
    ]
    repaired, excess = again[0]
    assert np.array_equal(case.population, before)
    assert np.array_equal(repaired, again[1].population)
    assert case.is_allowed(repaired)
    found, expected = np.array(loaded.excess(before)), np.array(loaded.excess(repaired))
    assert excess.tolist() == expected.sum(axis=1).tolist()
    assert (expected <= found).all()
    blocks = loaded.loads["block_first"]
    for i, b in np.argwhere(found == 0):
        part = slice(blocks[b], blocks[b + 1])
        assert np.array_equal(repaired[i, part], before[i, part])
    if passes == 0:
        assert np.array_equal(repaired, before)


ONE_BLOCK: dict[str, Any] = {
    "gene_row": [0, 0, 0],
    "options": [[0, 1, 2]],
    "option_count": [3],
    "block_first": [0, 3],
}


def test_room_on_running_nodes_is_used_first() -> None:
    loads: dict[str, Any] = {
        "load_row": [0, 0, 1],
        "load": [[6, 6, 6], [3, 3, 3]],
        "resource": [0, 1, 2],
        "quantum": 10,
        "limits": [[1, 9, 9]],
    }
    rng = np.random.default_rng(0)
    repaired, excess = repair([[0, 0, 1]], **ONE_BLOCK, **loads, rng=rng)
    assert excess.tolist() == [0]
    assert sorted(repaired[0, :2].tolist()) == [0, 1]
    assert repaired[0, 2] == 1


def test_the_gene_that_empties_the_node_alone_goes() -> None:
    loads: dict[str, Any] = {
        "load_row": [0, 1, 2],
        "load": [[9, 9, 9], [2, 2, 2], [5, 5, 5]],
        "resource": [0, 1, 1],
        "quantum": [10, 10, 10],
        "limits": [[1, 1]],
    }
    for seed in range(5):
        repaired, excess = repair(
            [[0, 0, 0]], **ONE_BLOCK, **loads, rng=np.random.default_rng(seed)
        )
        assert excess.tolist() == [0]
        assert repaired[0, 0] != 0 or repaired[0, 1:].all()


def test_full_resources_make_way() -> None:
    """Value 2 shares its resource with 1; only after 1 and 2 are merged is a node free for 0's."""
    table: dict[str, Any] = {
        "gene_row": [0, 1, 1],
        "options": [[0, 3, -1], [1, 2, -1]],
        "option_count": [2, 2],
        "block_first": [0, 3],
        "load_row": [0, 0, 0],
        "load": [[4, 4, 4, 4]],
        "resource": [0, 1, 1, 1],
        "quantum": 10,
        "limits": [[0, 2]],
    }
    repaired, excess = repair([[0, 1, 2]], **table, rng=np.random.default_rng(0))
    assert excess.tolist() == [0]
    assert repaired[0, 0] == 3
    assert repaired[0, 1] == repaired[0, 2]
    stuck = repair([[0, 1, 2]], **table, passes=1, rng=np.random.default_rng(0))
    assert stuck.excess.tolist() == [1]
    assert stuck.population.tolist() == [[0, 1, 2]]


def test_what_cannot_be_repaired_is_left_and_counted() -> None:
    loads: dict[str, Any] = {
        "load_row": [0, 0, 0],
        "load": [[10, 10, 10]],
        "resource": [0, 0, 0],
        "quantum": 10,
        "limits": [[1]],
    }
    repaired, excess = repair([[0, 1, 2]], **ONE_BLOCK, **loads, rng=np.random.default_rng(0))
    assert excess.tolist() == [2]
    assert repaired.tolist() == [[0, 1, 2]]


@given(st.integers(1, 2**31), st.integers(1, 2**31), st.integers(-1, 1), st.integers(1, 3))
def test_nodes_of_large_sums_are_exact(quantum: int, nodes: int, beyond: int, genes: int) -> None:
    work = max(0, nodes * quantum + beyond)
    loads: dict[str, Any] = {
        "block_first": [0, genes],
        "load_row": np.minimum(np.arange(genes), 1),
        "load": [[work], [quantum]],
        "resource": [0],
        "quantum": [quantum],
        "least": [0],
        "limits": [[0]],
    }
    allowed: dict[str, Any] = {"gene_row": [0] * genes, "options": [[0]], "option_count": [1]}
    rng = np.random.default_rng(0)
    found = repair([[0] * genes], **allowed, **loads, passes=0, rng=rng).excess.tolist()
    assert found == [-(-work // quantum) + genes - 1]
    plain = {name: np.asarray(array).tolist() for name, array in loads.items()}
    assert found == reference.excess_nodes([0] * genes, **plain)


def planted(seed: int, *, slack: float, blocks: int = 6, size: int = 60) -> Loaded:
    """Limits that a hidden plan of fair quality meets with the slack."""
    rng = np.random.default_rng(seed)
    genes, resources, variants = blocks * size, 12, 4
    values = resources * variants
    case = random_case(rng, size=4, genes=genes, rows=8, values=values)
    resource = np.repeat(np.arange(resources), variants)
    speed = rng.uniform(0.5, 4.0, resources)[resource] * np.tile(
        rng.uniform(0.3, 1, variants), resources
    )
    load = np.ceil(1000 * rng.lognormal(0, 0.6, (genes, 1)) / speed).astype(np.int64)
    limits = np.zeros((blocks, resources), np.int64)
    for b in range(blocks):
        work = np.zeros(values)
        for g in range(b * size, (b + 1) * size):
            row = case.gene_row[g]
            some = rng.choice(case.options[row, : case.option_count[row]], 3)
            value = min(some, key=lambda v: int(load[g, v]))
            work[value] += load[g, value]
        used = np.bincount(resource, np.ceil(work / 1000), minlength=resources)
        limits[b] = np.ceil(used / (1 - slack))
    loads: dict[str, Any] = {
        "block_first": np.arange(0, genes + 1, size),
        "load_row": np.arange(genes),
        "load": load,
        "resource": resource,
        "quantum": 1000,
        "limits": limits,
    }
    return Loaded(case, loads)


@pytest.mark.compiled
@pytest.mark.parametrize("seed", range(3))
def test_random_plans_are_repaired_where_there_is_slack(seed: int) -> None:
    loaded = planted(seed, slack=0.2)
    rng = np.random.default_rng(seed)
    before = repair(
        loaded.case.population, **loaded.case.allowed, **loaded.loads, passes=0, rng=rng
    )
    assert (before.excess > 10).all()
    after = repair(loaded.case.population, **loaded.case.allowed, **loaded.loads, rng=rng)
    assert after.excess.tolist() == [0] * 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limits": [[1, 1], [1, 1]]}, "limits: 2, expected 1 .one row a block."),
        ({"load_row": [0, 0]}, "load_row: 2, expected 3 .one a gene."),
        ({"load_row": [0, 0, 5]}, "load_row: 0 to 5, expected 0 to 0"),
        ({"resource": [0, 1]}, "resource: 2, expected 3 .one a value."),
        ({"resource": [0, 1, 2]}, "resource: 0 to 2, expected 0 to 1"),
        ({"quantum": 0}, "quantum: 0 to 0, expected 1 to"),
        ({"load": [[-1, 0, 0]]}, "load: -1 to 0, expected 0 to"),
        ({"load": [[1, 1]], "resource": [0, 0]}, "options: 2, expected below 2 .values."),
        ({"block_first": [0, 2]}, "block_first: expected offsets"),
        ({"passes": -1}, "passes: -1, expected 0 or more"),
        ({"option_count": [1]}, "population: value 1 at row 0, gene 2, expected one of"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        **ONE_BLOCK,
        "load_row": [0, 0, 0],
        "load": [[1, 1, 1]],
        "resource": [0, 0, 1],
        "quantum": 1,
        "limits": [[1, 1]],
    }
    with pytest.raises(ValueError, match=message):
        repair([[0, 0, 1]], **{**arguments, **change}, rng=np.random.default_rng(0))
