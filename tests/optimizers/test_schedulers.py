"""Schedulers of one plan: each does what it says, within capacity."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.types import Genes
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.optimizers import capacity
from slit.optimizers.capacity import (
    TURNS,
    ResidualCapacity,
    build_plan,
    portions,
    put_in_order,
    thrifty_order,
)
from slit.optimizers.casper import within_cap
from slit.optimizers.helix import CUT, flow_weights
from slit.optimizers.lexicographic import LexicographicPlan
from slit.optimizers.protocol import Setup, Task
from slit.optimizers.registry import OptimizerKind, available, default_settings, make_optimizer
from slit.optimizers.splitwise import prefill_throughput
from slit.problem import compile_problem
from slit.run import run
from slit.scenario.scenario import Scenario
from slit.stop import Stop
from tests.builders import random_scenario

SCHEDULERS = [
    e.name for e in available(OptimizerKind.REFERENCE, OptimizerKind.BASELINE, OptimizerKind.RIVAL)
]


def evaluator_of(scenario: Scenario) -> Evaluator:
    problem = compile_problem(scenario)
    names = ["carbon", "water", "cost", "quality"]
    return Evaluator(problem, scenario, objectives=find(names))


def plan_of(name: str, evaluator: Evaluator, *, seed: int = 1) -> Genes:
    optimizer = make_optimizer(name, Task.of(evaluator), rng=np.random.default_rng(seed))
    front = run(optimizer, evaluator, stop=Stop(evaluations=1)).front
    assert front.methods == (name,)
    plan: Genes = front.X[0]
    return plan


def roomy(seed: int, *, residency: bool = False, extras: bool = True) -> Evaluator:
    """A scenario whose capacity never binds."""
    scenario = random_scenario(
        np.random.default_rng(seed),
        genes=60,
        residency=residency,
        extras=extras,
        empty_groups=False,
    )
    pools = tuple(pool.model_copy(update={"nodes": 10_000}) for pool in scenario.pools)
    return evaluator_of(replace(scenario, pools=pools))


@pytest.mark.parametrize("seed", range(4))
def test_nearest_takes_the_closest_and_there_the_most_accurate(seed: int) -> None:
    evaluator = roomy(seed, residency=True)
    problem, scenario = evaluator.problem, evaluator.scenario
    plan = plan_of("nearest", evaluator)
    for gene, p in enumerate(plan):
        j = problem.gene_group[gene]
        origin, request_class = problem.group_origin[j], problem.group_class[j]
        trips = scenario.round_trip_s[origin][problem.placement_datacenter]
        options = np.flatnonzero(problem.allowed[j])
        assert trips[p] == trips[options].min()
        same = [q for q in options if trips[q] == trips[p]]
        assert problem.accuracy[request_class, p] == problem.accuracy[request_class, same].max()


@pytest.mark.parametrize("seed", range(4))
def test_greedy_carbon_takes_the_least_carbon_per_request(seed: int) -> None:
    evaluator = roomy(seed, residency=True, extras=False)
    problem, scenario = evaluator.problem, evaluator.scenario
    plan = plan_of("greedy_carbon", evaluator)
    types = {kind.name: kind for kind in scenario.node_types}
    services = {(s.node_type, s.variant): s for s in scenario.services}
    for j in range(problem.groups):
        kilograms = {}
        t = problem.group_epoch[j]
        for p in np.flatnonzero(problem.allowed[j]):
            pool = scenario.pools[problem.placement_pool[p]]
            kind = types[pool.node_type]
            variant = scenario.variants[problem.placement_variant[p]].name
            prefill = problem.group_prompt[j] / services[kind.name, variant].prefill_tokens_per_s
            decode = problem.node_seconds[j, p] - prefill
            above = (kind.prefill_w - kind.idle_w) * prefill + (
                kind.decode_w - kind.idle_w
            ) * decode
            idle = kind.idle_w * (prefill + decode) / scenario.accounting.utilization
            d = problem.placement_datacenter[p]
            kilograms[p] = (above + idle) / 3.6e6 * problem.pue[t, d] * problem.carbon[t, d]
        mine = plan[problem.group_first[j] : problem.group_first[j + 1]]
        least = min(kilograms.values())
        assert all(kilograms[p] <= least * (1 + 1e-4) + 1e-12 for p in mine)


@pytest.mark.parametrize("seed", range(3))
def test_round_robin_serves_all_datacenters_alike(seed: int) -> None:
    evaluator = roomy(seed, extras=False)
    problem = evaluator.problem
    plan = plan_of("round_robin", evaluator)
    for t in range(problem.epochs):
        genes = slice(problem.epoch_gene[t], problem.epoch_gene[t + 1])
        center = problem.placement_datacenter[plan[genes]]
        counts = np.bincount(center, minlength=problem.datacenters)
        assert counts.max() - counts.min() <= 1


def test_random_depends_on_its_random_numbers_only() -> None:
    evaluator = roomy(1, residency=True)
    first = plan_of("random", evaluator)
    assert (plan_of("random", evaluator) == first).all()
    assert (plan_of("random", evaluator, seed=2) != first).any()
    assert len(np.unique(first)) > evaluator.problem.placements / 2


@pytest.mark.parametrize("seed", range(3))
def test_splitwise_balances_prompt_tokens_by_throughput(seed: int) -> None:
    evaluator = roomy(seed, extras=False)
    problem = evaluator.problem
    plan = plan_of("splitwise", evaluator)
    throughput = prefill_throughput(Task.of(evaluator))
    tokens = (problem.chunk_requests * problem.group_prompt)[problem.gene_group]
    for t in range(problem.epochs):
        genes = slice(problem.epoch_gene[t], problem.epoch_gene[t + 1])
        load = np.zeros(len(problem.pool_nodes))
        np.add.at(load, problem.placement_pool[plan[genes]], tokens[genes])
        waits = load / throughput
        assert waits.max() - waits.min() <= tokens[genes].max() / throughput.min() * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_helix_flows_are_shares_of_what_is_allowed(seed: int) -> None:
    problem = roomy(seed, residency=True).problem
    for t in range(problem.epochs):
        first, last = problem.epoch_group[t : t + 2]
        weights = flow_weights(problem, t)
        assert weights.shape == (last - first, len(problem.pool_nodes))
        assert weights.sum(axis=1) == pytest.approx(1.0)
        for row, j in enumerate(range(first, last)):
            pools = {int(problem.placement_pool[p]) for p in np.flatnonzero(problem.allowed[j])}
            assert set(np.flatnonzero(weights[row])) <= pools
            used = weights[row][weights[row] > 0]
            assert used.min() >= CUT * 0.99


@pytest.mark.parametrize("seed", range(4))
def test_casper_keeps_to_the_slo_where_that_is_possible(seed: int) -> None:
    evaluator = roomy(seed, residency=True)
    problem = evaluator.problem
    plan = plan_of("casper", evaluator)
    base = problem.base_ttft[problem.gene_group, plan]
    promised = problem.slo[problem.group_class[problem.gene_group]]
    soonest = np.where(problem.allowed, problem.base_ttft, np.inf).min(axis=1)
    assert (base <= np.maximum(promised, soonest[problem.gene_group])).all()
    assert (within_cap(problem) <= problem.allowed).all()


def test_casper_gives_up_the_cap_where_it_cannot_be_served() -> None:
    scenario = random_scenario(np.random.default_rng(0), genes=30, residency=False, extras=False)
    problem = compile_problem(scenario)
    none = problem._replace(pool_nodes=np.zeros_like(problem.pool_nodes))
    assert (within_cap(none) == problem.allowed).all()


@pytest.mark.parametrize("seed", range(3))
def test_lexicographic_reports_relaxed_and_real_values(seed: int) -> None:
    evaluator = roomy(seed)
    setup = Setup(
        "lexicographic",
        Task.of(evaluator),
        default_settings("lexicographic"),
        np.random.default_rng(1),
    )
    optimizer = LexicographicPlan(setup)
    front = run(optimizer, evaluator, stop=Stop(evaluations=1)).front
    assert [phase.name for phase in optimizer.phases] == list(front.names)
    assert [phase.unit for phase in optimizer.phases] == list(front.units)
    assert [phase.real for phase in optimizer.phases] == front.F[0].tolist()
    first = optimizer.phases[0]
    assert first.relaxed <= first.real + 1e-7 * abs(first.real)
    assert optimizer.moves == evaluator.moves > 0


@pytest.mark.parametrize("name", SCHEDULERS)
@settings(max_examples=12)
@given(seed=st.integers(0, 10_000))
def test_plans_fit_where_there_is_some_room(name: str, seed: int) -> None:
    scenario = random_scenario(
        np.random.default_rng(seed), genes=40, spare_nodes=2, nodes_per_group=3.0
    )
    pools = tuple(pool.model_copy(update={"nodes": 2 * pool.nodes + 8}) for pool in scenario.pools)
    evaluator = evaluator_of(replace(scenario, pools=pools))
    evaluation = evaluator.evaluate(plan_of(name, evaluator)[None, :])
    assert evaluation.G[0] == 0


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_room_is_what_evaluation_says(seed: int) -> None:
    """Chunk by chunk: what fits by `most` has no excess, one more chunk has."""
    rng = np.random.default_rng(seed)
    scenario = random_scenario(rng, epochs=1, genes=20)
    evaluator = evaluator_of(scenario)
    problem = evaluator.problem
    residual = ResidualCapacity(problem, 0)
    group = int(rng.integers(problem.groups))
    placement = int(rng.choice(np.flatnonzero(problem.allowed[group])))
    most = residual.most(group, placement, 10**9)
    nodes = problem.pool_nodes[problem.placement_pool[placement]]
    chunk = problem.chunk[group, placement, 0]
    assert -(-(most * chunk) // problem.node_ticks) <= nodes
    assert -(-((most + 1) * chunk) // problem.node_ticks) > nodes
    assert residual.most(group, placement, 1) == min(1, most)
    residual.put(group, placement, most)
    assert residual.most(group, placement, 1) == 0


def test_what_fits_nowhere_goes_where_it_needs_least() -> None:
    scenario = random_scenario(np.random.default_rng(2), genes=30)
    problem = compile_problem(scenario)
    none = problem._replace(pool_nodes=np.zeros_like(problem.pool_nodes))
    thrifty = thrifty_order(none)
    plan = build_plan(none, lambda residual, j, n, frugal: put_in_order(residual, j, n, thrifty[j]))
    for gene, p in enumerate(plan):
        j = problem.gene_group[gene]
        assert problem.node_seconds[j, p] == problem.node_seconds[j][problem.allowed[j]].min()


@pytest.mark.parametrize("name", ["round_robin", "random", "splitwise", "helix"])
def test_parts_of_a_large_group_take_turns_like_its_chunks(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = random_scenario(
        np.random.default_rng(4), epochs=1, origins=1, genes=3000, nodes_per_group=4.0
    )
    evaluator = evaluator_of(scenario)
    problem = evaluator.problem
    assert problem.group_chunks.max() > 5 * TURNS
    by_parts = plan_of(name, evaluator)
    monkeypatch.setattr(capacity, "TURNS", problem.genes)
    one_by_one = plan_of(name, evaluator)
    assert evaluator.evaluate(np.stack([by_parts, one_by_one])).G.tolist() == [0.0, 0.0]
    shares = [np.bincount(plan, minlength=problem.placements) for plan in (by_parts, one_by_one)]
    assert np.abs(shares[0] - shares[1]).sum() < (0.3 if name == "random" else 0.1) * problem.genes


@pytest.mark.parametrize("chunks", [0, 1, TURNS, TURNS + 1, 12_345])
def test_portions_are_all_chunks_in_few_turns(chunks: int) -> None:
    found = portions(chunks)
    assert sum(found) == chunks
    assert len(found) <= TURNS
    assert chunks > TURNS or set(found) <= {1}
