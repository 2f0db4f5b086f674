"""The early variant against every pattern of placed models, solved one by one."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from slit.errors import InfeasibleError, SlitError
from slit.lp.solver import SolverOptions
from slit.papers.green_llm.generator import Sizes, generate_instance
from slit.papers.green_llm.instance import Instance, save_instance
from slit.papers.green_llm.placement import PlacementTerms, default_terms, solve_placement
from tests.papers.green_llm.twin import Twin

EXACT = SolverOptions(mip_gap=0.0)


def tiny(seed: int) -> Instance:
    instance = generate_instance(rng=np.random.default_rng(seed), sizes=Sizes(2, 2, 1, 2, 1))
    return replace(instance, renewable=instance.renewable / 50)


def brute_force(instance: Instance, terms: PlacementTerms, folder: Path) -> float:
    """The least total cost over all patterns, each a linear program of its own."""
    path = folder / "instance.json"
    save_instance(instance, path)
    twin = Twin(json.loads(path.read_text()))
    areas, datacenters, types, hours = (instance.sizes[letter] for letter in "IJKT")
    unmet = {
        place: twin.columns + at
        for at, place in enumerate(itertools.product(range(areas), range(types), range(hours)))
    }
    columns = twin.columns + len(unmet)
    cost = np.zeros(columns)
    cost[: twin.columns] = twin.costs["energy"] + twin.costs["carbon"]
    for (i, k, t), at in unmet.items():
        cost[at] = terms.unmet_price[k] * instance.demand[i, k, t]
    equal = [dict(row) for row, _ in twin.equal]
    for row, at in zip(equal, unmet.values(), strict=True):
        row[at] = 1.0
    rows = [(dict(row), bound) for row, bound in twin.rows]
    for k, t in itertools.product(range(types), range(hours)):
        right = {
            twin.x[i, j, k, t]: -float(
                (1 - terms.error_rate[j, k] - terms.accuracy_floor[k]) * instance.demand[i, k, t]
            )
            for i in range(areas)
            for j in range(datacenters)
        }
        rows.append((right, 0.0))

    def dense(found: list[dict[int, float]]) -> Any:
        matrix = np.zeros((len(found), columns))
        for at, row in enumerate(found):
            matrix[at, list(row)] = list(row.values())
        return matrix

    least = np.inf
    for bits in itertools.product((0, 1), repeat=datacenters * types * hours):
        placed = np.array(bits).reshape(datacenters, types, hours)
        upper = np.append(twin.upper, [terms.unmet_cap[i] for i, _, _ in unmet])
        for (_, j, k, t), at in twin.x.items():
            upper[at] = placed[j, k, t]
        result: Any = optimize.linprog(
            cost,
            A_ub=dense([row for row, _ in rows]),
            b_ub=[bound for _, bound in rows],
            A_eq=dense(equal),
            b_eq=np.ones(len(equal)),
            bounds=[(0.0, most) for most in upper],
        )
        if result.status != 0:
            continue
        downloads = 0.0
        for j, k, t in itertools.product(range(datacenters), range(types), range(hours)):
            before = placed[j, k, t - 1] if t else terms.placed_before[j, k]
            downloads += terms.download_cost[j] * (placed[j, k, t] and not before)
        least = min(least, float(result.fun) + downloads)
    return least


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10_000),
    download=st.sampled_from([0.0, 0.2, 5.0]),
    unmet_price=st.sampled_from([0.0, 0.0005, 0.01]),
)
def test_least_of_all_patterns(
    seed: int,
    download: float,
    unmet_price: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rng = np.random.default_rng(seed)
    instance = tiny(seed)
    terms = replace(
        default_terms(instance, rng=rng),
        download_cost=np.full(2, download),
        unmet_price=np.full(1, unmet_price),
        placed_before=rng.random((2, 1)) < 0.3,
    )
    result = solve_placement(instance, terms, options=EXACT)
    expected = brute_force(instance, terms, tmp_path_factory.mktemp("placement"))
    assert result.proved
    assert result.total_cost == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert result.bound == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_plan_keeps_its_own_rules() -> None:
    instance = generate_instance(rng=np.random.default_rng(4), sizes=Sizes(3, 3, 2, 6, 2))
    terms = default_terms(instance, rng=np.random.default_rng(5))
    result = solve_placement(instance, terms, options=EXACT)
    assert (result.shares <= result.placed + 1e-6).all()
    assert result.shares.sum(axis=1) + result.unmet == pytest.approx(1, abs=1e-6)
    assert (result.unmet <= terms.unmet_cap[:, None, None]).all()
    right = np.einsum("ijkt,ikt,jk->kt", result.shares, instance.demand, 1 - terms.error_rate)
    served = np.einsum("ijkt,ikt->kt", result.shares, instance.demand)
    assert (right >= terms.accuracy_floor[:, None] * served - 1e-3).all()
    # Nothing was placed before: each datacenter in use paid at least one download.
    used = result.placed.any(axis=2).sum(axis=1)
    assert result.download_cost >= (used * terms.download_cost).sum() - 1e-9


def test_dear_queries_stay_unmet_up_to_the_cap() -> None:
    instance = replace(tiny(0), renewable=np.zeros((2, 2)), price=np.full((2, 2), 50.0))
    terms = replace(default_terms(instance, rng=np.random.default_rng(0)), unmet_price=np.zeros(1))
    result = solve_placement(instance, terms, options=EXACT)
    assert result.unmet == pytest.approx(np.broadcast_to(terms.unmet_cap[:, None, None], (2, 1, 2)))
    assert result.unmet_penalty == 0


def test_accuracy_floor_moves_queries() -> None:
    instance = tiny(3)
    accurate, wrong = np.array([[0.01], [0.3]]), np.array([0.99])
    terms = replace(
        default_terms(instance, rng=np.random.default_rng(0)),
        error_rate=accurate,
        accuracy_floor=wrong,
    )
    result = solve_placement(instance, terms, options=EXACT)
    assert result.shares[:, 1] == pytest.approx(0, abs=1e-6)


def test_stopped_search_says_so_and_keeps_a_plan() -> None:
    instance = generate_instance(rng=np.random.default_rng(1), sizes=Sizes(4, 4, 3, 8, 2))
    terms = default_terms(instance, rng=np.random.default_rng(1))
    result = solve_placement(instance, terms, options=SolverOptions(time_limit=1e-6))
    assert not result.proved
    assert result.bound <= result.total_cost
    best = solve_placement(instance, terms)
    assert result.bound - 1e-6 <= best.total_cost <= result.total_cost + 1e-6


def test_no_plan() -> None:
    instance = tiny(2)
    terms = replace(
        default_terms(instance, rng=np.random.default_rng(0)), accuracy_floor=np.ones(1)
    )
    with pytest.raises(InfeasibleError, match="placement: found no plan"):
        solve_placement(instance, terms)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"unmet_cap": np.array([0.1])}, r"unmet_cap: found shape \(1,\), expected \(2,\) = I"),
        ({"unmet_cap": np.array([0.1, 1.5])}, "unmet_cap: found 0.1 to 1.5, expected 0 to 1"),
        ({"download_cost": np.array([np.nan, 1.0])}, "download_cost: found nan"),
        ({"unmet_price": np.array([-1.0])}, r"unmet_price: found -1 .*\(USD\)"),
    ],
)
def test_wrong_terms(changed: dict[str, Any], message: str) -> None:
    instance = tiny(0)
    terms = default_terms(instance, rng=np.random.default_rng(0))
    with pytest.raises(SlitError, match=message):
        solve_placement(instance, replace(terms, **changed))
