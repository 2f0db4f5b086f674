import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from slit.errors import SlitError
from slit.problem import MICROTICKS, Problem, compile_problem
from slit.problem.arrays import LARGEST_SUM, finest_scale
from slit.scenario.pools import NodePool
from slit.scenario.records import Residency
from slit.scenario.scenario import Scenario
from tests import reference
from tests.cases import Case, cases
from tests.hand import hand_scenario


def with_requests(scenario: Scenario, requests: list[float], **changes: Any) -> Scenario:
    array = np.array(requests).reshape(-1, 1, 1)
    return replace(scenario, demand=replace(scenario.demand, requests=array, **changes))


def with_record(scenario: Scenario, kind: str, **changes: Any) -> Scenario:
    """The scenario with fields of the first record of a kind changed."""
    first, *others = getattr(scenario, kind)
    changed: dict[str, Any] = {kind: (first.model_copy(update=changes), *others)}
    return replace(scenario, **changed)


def arrays_of(problem: Problem) -> dict[str, np.ndarray[Any, Any]]:
    return {
        name: value for name, value in problem._asdict().items() if isinstance(value, np.ndarray)
    }


@given(cases())
def test_arrays_are_read_only_in_c_order_and_of_one_type(case: Case) -> None:
    arrays = arrays_of(case.problem)
    expected = {name: array.dtype for name, array in arrays_of(BY_HAND).items()}
    assert {name: array.dtype for name, array in arrays.items()} == expected
    for array in arrays.values():
        assert array.flags.c_contiguous
        assert not array.flags.writeable
    for name, value in case.problem._asdict().items():
        assert name in arrays or type(value) in (int, float)


@given(cases())
def test_numbering_of_groups_genes_and_placements(case: Case) -> None:
    problem, groups = case.problem, reference.groups(case.scenario)
    keys = zip(problem.group_epoch, problem.group_origin, problem.group_class, strict=True)
    assert [tuple(map(int, key)) for key in keys] == [
        (g.epoch, g.origin, g.request_class) for g in groups
    ]
    assert problem.genes == problem.group_chunks.sum() == problem.group_first[-1]
    for j in range(problem.groups):
        genes = slice(problem.group_first[j], problem.group_first[j + 1])
        assert (problem.gene_group[genes] == j).all()
        rows = problem.gene_row[genes]
        assert (rows == rows[0]).all()
        count = problem.option_count[rows[0]]
        options = problem.options[rows[0]]
        assert options[:count].tolist() == np.flatnonzero(problem.allowed[j]).tolist()
        assert (options[count:] == -1).all()
    for t in range(problem.epochs):
        inside = np.flatnonzero(problem.group_epoch == t)
        assert list(range(problem.epoch_group[t], problem.epoch_group[t + 1])) == inside.tolist()
        assert problem.epoch_gene[t] == problem.group_first[problem.epoch_group[t]]
    pairs = zip(problem.placement_pool, problem.placement_variant, strict=True)
    assert [(int(q), int(v)) for q, v in pairs] == reference.placements(case.scenario)


@given(cases())
def test_a_group_may_go_where_memory_rate_and_residency_allow(case: Case) -> None:
    expected = [
        [
            reference.decode_rate(case.scenario, q, v, group.request_class) > 0
            and reference.may_go(case.scenario, group.origin, group.request_class, q, v)
            for q, v in reference.placements(case.scenario)
        ]
        for group in reference.groups(case.scenario)
    ]
    assert case.problem.allowed.tolist() == expected


@given(cases())
def test_chunks_are_equal_parts_rounded_up_to_ticks(case: Case) -> None:
    problem = case.problem
    np.testing.assert_allclose(
        problem.chunk_requests * problem.group_chunks, problem.group_requests, rtol=1e-15
    )
    for j, p in np.argwhere(problem.allowed):
        exact = Fraction(float(problem.chunk_requests[j])) * Fraction(
            float(problem.node_seconds[j, p])
        )
        rounded = int(problem.chunk[j, p, 0]) - exact * MICROTICKS
        assert -exact * MICROTICKS / 10**15 <= rounded <= 1 + exact * MICROTICKS / 10**15
    assert not problem.chunk[~problem.allowed].any()


@given(cases())
def test_integer_sums_fit_with_room(case: Case) -> None:
    problem = case.problem
    most = (problem.chunk[:, :, 0].max(axis=1).astype(float) * problem.group_chunks).sum()
    assert most <= LARGEST_SUM
    size = (problem.chunk_size.astype(float) * problem.group_chunks[:, None]).sum(axis=0)
    # A tick less or more for each chunk, from rounding.
    assert (size <= LARGEST_SUM + problem.genes).all()
    assert (size >= LARGEST_SUM / 2 - problem.genes).all()


def test_the_finest_scale_is_a_power_of_two() -> None:
    for most in (1e-30, 0.7, 1.0, 3.0, 1e30):
        scale = finest_scale(most)
        assert math.frexp(scale)[0] == 0.5
        assert LARGEST_SUM / 2 < most * scale <= LARGEST_SUM
    assert math.isfinite(finest_scale(0.0))


BY_HAND = compile_problem(hand_scenario())


def test_by_hand() -> None:
    assert (BY_HAND.epochs, BY_HAND.groups, BY_HAND.genes) == (2, 2, 3)
    assert (BY_HAND.placements, BY_HAND.datacenters) == (2, 2)
    assert BY_HAND.group_chunks.tolist() == [1, 2]
    assert BY_HAND.epoch_ticks == 3600 * MICROTICKS
    assert BY_HAND.node_ticks == 1800 * MICROTICKS
    assert BY_HAND.chunk[:, :, 0].tolist() == [[1800 * MICROTICKS] * 2] * 2
    scale = BY_HAND.energy_scale
    assert (BY_HAND.chunk[:, :, 1] / scale).tolist() == [[1800 * 600.0] * 2] * 2
    assert (BY_HAND.idle_energy / scale).tolist() == [3.6e6, 3.6e6]
    assert (BY_HAND.standby_energy / scale).tolist() == [3.6e5, 3.6e5]
    assert BY_HAND.start_energy.tolist() == [0, 0]
    assert BY_HAND.replicas.tolist() == [2, 2]
    assert BY_HAND.load_seconds.tolist() == [36, 36]
    np.testing.assert_allclose(BY_HAND.base_ttft, [[0.5, 0.8]] * 2, rtol=1e-15)
    np.testing.assert_allclose(BY_HAND.service[0, :, 0], [1.5, 1.2], rtol=1e-15)
    assert BY_HAND.total_requests == 5400
    ahead = compile_problem(hand_scenario(loading="prewarm"))
    assert (ahead.start_energy / ahead.energy_scale).tolist() == [36000, 36000]


@pytest.mark.parametrize(
    ("requests", "genes", "chunks"),
    [
        ([1800, 3600], 30, [10, 20]),
        ([1800, 3600], 1, [1, 1]),  # at least one a group
        ([1, 3600], 30, [1, 30]),
        ([2.5, 3.5], 600, [3, 4]),  # at most one a request
        ([0, 3600], 30, [30]),
        ([0.25, 0.25], 8, [1, 1]),
    ],
)
def test_chunks_of_a_group(requests: list[float], genes: int, chunks: list[int]) -> None:
    scenario = with_requests(hand_scenario(), requests)
    scenario = replace(scenario, resolution=scenario.resolution.model_copy(update={"genes": genes}))
    assert compile_problem(scenario).group_chunks.tolist() == chunks


def test_an_epoch_without_demand_has_no_group() -> None:
    problem = compile_problem(with_requests(hand_scenario(), [0, 3600]))
    assert problem.epoch_group.tolist() == [0, 0, 1]
    assert problem.epoch_gene.tolist() == [0, 0, problem.genes]


def test_memory_shrinks_the_batch() -> None:
    # Beside 36 GB of weights, 0.9 * 80 GB leave 36 GB: 7 contexts of 1000 tokens at 5 MB each,
    # 10 ms + 7 * 1 ms a step: 2 * 7 / 0.017 token/s.
    hungry = with_record(hand_scenario(), "variants", kv_bytes_per_token=5e6)
    expected = 0.2 + 800 / (2 * 7 / 0.017)
    np.testing.assert_allclose(compile_problem(hungry).node_seconds, expected, rtol=1e-14)


def test_memory_holds_the_longest_mean_context_of_a_class() -> None:
    # 2000 tokens at 5 MB in the second hour: 3 contexts, in the first hour too.
    hungry = with_record(hand_scenario(), "variants", kv_bytes_per_token=5e6)
    longer = with_requests(hungry, [1800, 3600], prompt=np.array([[[200.0]], [[1200.0]]]))
    expected = 800 / (2 * 3 / 0.013)
    found = compile_problem(longer).node_seconds
    np.testing.assert_allclose(found, [[0.2 + expected] * 2, [1.2 + expected] * 2], rtol=1e-14)
    # A context that nobody asks for does not count.
    unasked = with_requests(longer, [1800, 0])
    assert compile_problem(unasked).node_seconds[0, 0] < found[0, 0]


def test_a_limit_on_the_time_per_token_is_judged_at_the_batch_that_fits() -> None:
    limited = with_record(hand_scenario(), "classes", itl_limit_s=0.0199)
    message = (
        r"epoch 0, origin town, class chat: no allowed placement \(model on .*: 0.02 s per output "
        r"token at batch .*, itl_limit_s 0.0199\)"
    )
    with pytest.raises(SlitError, match=message):
        compile_problem(limited)
    hungry = with_record(limited, "variants", kv_bytes_per_token=5e6)
    assert compile_problem(hungry).allowed.all()
    at_the_limit = with_record(hand_scenario(), "classes", itl_limit_s=0.02)
    assert compile_problem(at_the_limit).allowed.all()


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (Residency(datacenters=("there",)), [False, True]),
        (Residency(jurisdictions=("land of here",)), [True, False]),
        (Residency(jurisdictions=("land of here",), datacenters=("there",)), [True, True]),
        (Residency(variants=("model",)), [True, True]),
        (Residency(origins=("town",), datacenters=("here",)), [True, False]),
        (Residency(classes=("chat",), datacenters=("here",)), [True, False]),
    ],
)
def test_residency(rule: Residency, allowed: list[bool]) -> None:
    problem = compile_problem(hand_scenario(residency=(rule,)))
    assert problem.allowed.tolist() == [allowed] * 2
    assert problem.option_count.tolist() == [sum(allowed)]


def test_rules_add_up() -> None:
    rules = (Residency(datacenters=("here",)), Residency(datacenters=("there",)))
    with pytest.raises(SlitError, match=r"no allowed placement \(residency rules\), expected"):
        compile_problem(hand_scenario(residency=rules))


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (
            with_record(hand_scenario(), "variants", weight_gb=72.0),
            r"variants\.model: fits no pool \(weights of 72 GB in a replica of 1 GPUs of .* 72 GB ",
        ),
        (
            with_record(hand_scenario(), "services", gpus_per_replica=3),
            r"fits no pool \(a replica of 3 GPUs on .* with 2 GPUs a node \(a replica cannot span",
        ),
        (hand_scenario(services=()), r"variants\.model: fits no pool \(no service names it\)"),
        (hand_scenario(nodes=(0, 0)), r"variants\.model: fits no pool \(no pool has nodes of "),
        (
            with_record(hand_scenario(), "node_types", load_gb_per_s=0.01),
            r"here pool/model: loading takes 3600 s, expected less than an epoch \(3600 s;",
        ),
        (
            with_record(hand_scenario(), "variants", kv_bytes_per_token=1e8),
            r"no allowed placement \(model on .*: KV cache of .* GB for a request of .* tokens, "
            r".* GB free\), expected at least one of 2 \(2 ",
        ),
        (with_requests(hand_scenario(), [0, 0]), r"demand\.requests: all 0, expected"),
        (
            with_requests(
                hand_scenario(), [1, 1], prompt=np.zeros((2, 1, 1)), output=np.zeros((2, 1, 1))
            ),
            r"demand: epoch 0, origin town, class chat: 0 tokens, expected prompt \+ output > 0",
        ),
        (
            with_requests(hand_scenario(), [1.2e12, 1.0]),
            r"demand: 1\.2e\+12 node-seconds, expected less than 1\.1e\+12",
        ),
        # Either epoch alone would fit.
        (
            replace(
                with_requests(hand_scenario(), [7e11, 7e11]),
                resolution=hand_scenario().resolution.model_copy(update={"genes": 1}),
            ),
            r"demand: 1\.4e\+12 node-seconds, expected less than 1\.1e\+12",
        ),
    ],
)
def test_what_cannot_be_planned_is_said(scenario: Scenario, message: str) -> None:
    with pytest.raises(SlitError, match=message):
        compile_problem(scenario)


def test_more_placements_than_genes_can_name() -> None:
    pool = hand_scenario().pools[0]
    pools: list[NodePool] = [
        pool.model_copy(update={"name": f"pool {q}"}) for q in range(np.iinfo(np.int16).max + 1)
    ]
    scenario = hand_scenario()
    object.__setattr__(scenario, "pools", tuple(pools))  # names of so many take long to check
    with pytest.raises(SlitError, match=r"placements: 32768, expected at most 32767"):
        compile_problem(scenario)


def test_a_pool_without_nodes_is_no_placement() -> None:
    problem = compile_problem(hand_scenario(nodes=(2, 0)))
    assert problem.placement_pool.tolist() == [0]
    assert problem.pool_nodes.tolist() == [2, 0]


def test_compiling_twice_gives_the_same_bits() -> None:
    again = arrays_of(compile_problem(hand_scenario()))
    for name, array in arrays_of(BY_HAND).items():
        assert array.tobytes() == again[name].tobytes()
