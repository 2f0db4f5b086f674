"""Services with several rows by batch: each a placement of its own."""

import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.export.routing import routes_of, write_routing
from slit.ledger import write_ledger
from slit.objectives import find
from slit.problem import compile_problem
from slit.problem.placements import placements_of
from slit.relaxation import Relaxation
from slit.scenario.load import load_scenario
from slit.scenario.records import Service
from slit.scenario.scenario import Scenario


@pytest.fixture
def tiny() -> Scenario:
    return load_scenario("tiny")


def thrifty_and_fast(tiny: Scenario) -> Scenario:
    """`tiny`, whose small variant also runs at batch 8: 9.04 ms a step and 3,000 W."""
    small, large = tiny.services
    fast = small.model_copy(update={"batch": 8, "decode_w": 3000.0})
    return replace(tiny, services=(small, large, fast))


def as_variants(scenario: Scenario) -> Scenario:
    """The same with a variant of its own for each operating point of the small one."""
    small, large = scenario.variants
    twins = [small.model_copy(update={"name": f"small at {b}"}) for b in (8, 32)]
    services = [
        service.model_copy(update={"variant": f"small at {service.batch}"})
        for service in scenario.services
        if service.variant == "small"
    ]
    pools = tuple(
        pool.model_copy(
            update={
                name: {"small at 8" if v == "small" else v: n for v, n in stated.items()}
                for name in ("initial_nodes", "warm_nodes")
                for stated in [getattr(pool, name)]
            }
        )
        for pool in scenario.pools
    )
    own = tuple(service for service in scenario.services if service.variant == "large")
    return replace(scenario, variants=(*twins, large), services=(*own, *services), pools=pools)


def test_each_batch_is_a_placement_named_by_it(tiny: Scenario) -> None:
    assert [placement.name for placement in placements_of(thrifty_and_fast(tiny))] == [
        "sunny-h100/small/8", "sunny-h100/small/32", "sunny-h100/large",
        "windy-h100/small/8", "windy-h100/small/32", "windy-h100/large",
    ]  # fmt: skip
    assert "sunny-h100/small" in [placement.name for placement in placements_of(tiny)]


def test_an_operating_point_has_its_own_rate_and_power(tiny: Scenario) -> None:
    problem = compile_problem(thrifty_and_fast(tiny))
    prompt, output = 900 / 100000, 240 * (0.008 + 1.3e-4 * 8) / (4 * 8)
    assert_allclose(problem.node_seconds[0, 0], prompt + output)
    joules = prompt * (5100 - 2600) + output * (3000 - 2600)
    requests = problem.chunk_requests[0]
    assert_allclose(problem.chunk[0, 0, 1] / problem.energy_scale, requests * joules)
    output = 240 * (0.008 + 1.3e-4 * 32) / (4 * 32)
    assert_allclose(problem.node_seconds[0, 1], prompt + output)
    joules = prompt * (5100 - 2600) + output * (3800 - 2600)
    assert_allclose(problem.chunk[0, 1, 1] / problem.energy_scale, requests * joules)


def test_points_are_evaluated_as_variants_of_their_own(tiny: Scenario) -> None:
    pools = [pool.model_copy(update={"warm_nodes": {"small": 1}}) for pool in tiny.pools]
    scenario = replace(thrifty_and_fast(tiny), pools=tuple(pools))
    objectives = find(["carbon", "water", "cost", "quality", "starts"])
    plans = np.random.default_rng(5).integers(6, size=(40, 9)).astype(np.int16)
    mine, theirs = (
        Evaluator(compile_problem(each), each, objectives=objectives).evaluate(plans)
        for each in (scenario, as_variants(scenario))
    )
    assert_array_equal(mine.F, theirs.F)
    assert_array_equal(mine.G, theirs.G)


def test_the_bound_is_that_of_variants_of_their_own(tiny: Scenario) -> None:
    scenario = thrifty_and_fast(tiny)
    objectives = find(["carbon", "quality"])
    mine, theirs = (
        Relaxation(compile_problem(each), each, objectives).minimize([1.0, 100.0])
        for each in (scenario, as_variants(scenario))
    )
    assert_allclose(mine.value, theirs.value, rtol=1e-9)
    plans = np.random.default_rng(6).integers(6, size=(200, 9)).astype(np.int16)
    found = Evaluator(compile_problem(scenario), scenario, objectives=objectives).evaluate(plans)
    feasible = found.F[found.G == 0]
    assert len(feasible) > 20
    assert (feasible @ [1.0, 100.0]).min() >= mine.value


def test_speed_limits_of_a_class_decide_which_points_it_may_use(tiny: Scenario) -> None:
    scenario = thrifty_and_fast(tiny)
    chat = scenario.classes[0].model_copy(update={"itl_limit_s": 0.010})  # 9.04 ms, 12.16 ms
    limited = compile_problem(replace(scenario, classes=(chat, scenario.classes[1])))
    of_chat = limited.allowed[limited.group_class == 0]
    assert of_chat[:, 0].all()
    assert not of_chat[:, 1].any()
    assert limited.allowed[limited.group_class == 1, 1].all()


def test_only_the_smallest_batch_shrinks_to_the_memory(tiny: Scenario) -> None:
    small, large = tiny.services
    # 56 GB free of a GPU: 376 contexts of 1,140 tokens and 208 of 2,060, at 131,072 B a token
    wide = small.model_copy(update={"batch": 300})
    problem = compile_problem(replace(tiny, services=(small, large, wide)))
    assert problem.allowed[problem.group_class == 0, 1].all()
    assert not problem.allowed[problem.group_class == 1, 1].any()
    alone = compile_problem(replace(tiny, services=(wide, large)))
    assert alone.allowed[alone.group_class == 1, 0].all()


def changed(service: Service, **fields: object) -> Service:
    return service.model_copy(update=fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"batch": 5000},
            "services.small on h100x4: batch 5000, expected at most 374 (the KV cache of 1140 "
            "tokens a request, 56 GB free in a replica)",
        ),
        (
            {"batch": 8, "decode_w": 1500.0},
            "services.small on h100x4 at batch 8.decode_w: 1500, expected at least 2600 (W of the "
            "whole node, idle_w of h100x4; GPUs alone draw less)",
        ),
        (
            {"decode_w": 3000.0},
            "services: small on h100x4 at batch 32 twice, expected one service a pair and batch",
        ),
    ],
)
def test_impossible_points_are_refused(
    fields: dict[str, object], message: str, tiny: Scenario
) -> None:
    small, large = tiny.services
    with pytest.raises(SlitError, match=re.escape(message)):
        compile_problem(replace(tiny, services=(small, large, changed(small, **fields))))


def test_routes_name_the_batch_only_where_there_are_several(
    tiny: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for scenario, batches in ((tiny, {None}), (thrifty_and_fast(tiny), {8})):
        problem = compile_problem(scenario)
        ledger = write_ledger(np.zeros(9, np.int16), problem, scenario)
        assert {route.batch for route in routes_of(ledger)} == batches
        file = write_routing(ledger, tmp_path_factory.mktemp("run"))
        header, first = file.read_text().splitlines()[:2]
        assert header.endswith(",batch") == (8 in batches)
        assert first.endswith(",8") == (8 in batches)
