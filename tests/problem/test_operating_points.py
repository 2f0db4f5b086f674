"""Services with several rows by batch: each a placement of its own."""

import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from slit.arrays import frozen
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.export.routing import routes_of, write_routing
from slit.ledger import write_ledger
from slit.objectives import find
from slit.optimizers.exact.front import ExactProgram
from slit.problem import Problem, compile_problem
from slit.problem.placements import placements_of
from slit.relaxation import Relaxation
from slit.scenario.load import load_scenario
from slit.scenario.records import Service
from slit.scenario.scenario import Scenario
from tests.cases import Case
from tests.optimizers.test_exact import all_plans
from tests.weighed import Weighed


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


def without_loading(scenario: Scenario) -> Problem:
    """Its problem, as if loading took no time and starts no energy."""
    problem = compile_problem(scenario)
    none = np.zeros(problem.placements)
    return problem._replace(
        load_share=frozen(none, np.float64), start_energy=frozen(none, np.int64)
    )


def test_points_are_evaluated_as_variants_of_their_own_but_for_loading(tiny: Scenario) -> None:
    pools = [pool.model_copy(update={"warm_nodes": {"small": 1}}) for pool in tiny.pools]
    scenario = replace(thrifty_and_fast(tiny), pools=tuple(pools))
    objectives = find(["carbon", "water", "cost", "quality"])
    plans = np.random.default_rng(5).integers(6, size=(40, 9)).astype(np.int16)
    mine, theirs = (
        Evaluator(without_loading(each), each, objectives=objectives).evaluate(plans)
        for each in (scenario, as_variants(scenario))
    )
    assert_array_equal(mine.F, theirs.F)
    assert_array_equal(mine.G, theirs.G)


@pytest.mark.parametrize("begins", ["free", "given", "cyclic"])
def test_points_of_a_pool_and_variant_share_loaded_weights(tiny: Scenario, begins: str) -> None:
    """Nodes start, load and switch by pool and variant: as sums over points say, in slow loops."""
    scenario = replace(
        thrifty_and_fast(tiny),
        horizon=tiny.horizon.model_copy(update={"begins": begins}),
        accounting=tiny.accounting.model_copy(update={"loading": "prewarm"}),
    )
    problem = compile_problem(scenario)
    names = ["energy", "starts", "switches"]
    plans = np.random.default_rng(7).integers(6, size=(40, 9)).astype(np.int16)
    found, idle = (
        Evaluator(each, scenario, objectives=find(names)).evaluate(plans).F
        for each in (problem, without_loading(scenario))
    )
    shared = 0
    for plan, (energy, starts, switches), (without, *_) in zip(plans, found, idle, strict=True):
        ledger = write_ledger(plan, problem, scenario)
        wanted = wanted_kwh = wanted_switches = 0.0
        for points in ([0, 1], [2], [3, 4], [5]):
            first = {
                "free": ledger.nodes[0], "given": problem.initial_nodes, "cyclic": ledger.nodes[-1]
            }[begins]  # fmt: skip
            before = int(first[points].sum())
            for t in range(problem.epochs):
                now = int(ledger.nodes[t, points].sum())
                started = max(0, now - before)
                assert ledger.loading_nodes[t, points].sum() == started
                assert (ledger.loading_nodes[t] <= ledger.nodes[t]).all()
                pue = problem.pue[t, problem.placement_datacenter[points[0]]]
                kwh = problem.start_energy[points[0]] * problem.kwh_per_energy_tick
                wanted, wanted_kwh = wanted + started, wanted_kwh + started * kwh * pue
                wanted_switches += (now > 0) != (before > 0)
                alone = np.maximum(0, ledger.nodes[t] - ledger.nodes[t - 1])[points].sum()
                shared += t > 0 and alone > started
                before = now
        assert starts == wanted
        assert switches == wanted_switches == ledger.totals()["switches"]
        assert energy == pytest.approx(without + wanted_kwh, rel=1e-12)
        assert energy == pytest.approx(ledger.totals()["energy"], rel=1e-12)
    assert shared > 5


def test_by_hand_another_batch_is_no_start(tiny: Scenario) -> None:
    """All at batch 8 in the first epoch, at batch 32 in those after it, in the same pool."""
    scenario = replace(
        thrifty_and_fast(tiny), horizon=tiny.horizon.model_copy(update={"begins": "free"})
    )
    problem = compile_problem(scenario)
    plan = np.where(problem.group_epoch[problem.gene_group] == 0, 0, 1)
    ledger = write_ledger(plan, problem, scenario)
    small = ledger.nodes[:, :2].sum(axis=1)
    assert ledger.nodes[0, 1] == 0 < ledger.nodes[0, 0]
    assert ledger.nodes[1, 0] == 0 < ledger.nodes[1, 1]
    assert ledger.loading_nodes.sum() == np.maximum(0, np.diff(small)).sum()
    assert ledger.switched.sum() == 0


@pytest.mark.parametrize("loading", ["on_demand", "prewarm"])
def test_local_search_reports_what_sharing_weights_changes(tiny: Scenario, loading: str) -> None:
    scenario = replace(
        thrifty_and_fast(tiny),
        horizon=tiny.horizon.model_copy(update={"begins": "cyclic"}),
        accounting=tiny.accounting.model_copy(update={"loading": loading}),
    )
    plans = np.sort(np.random.default_rng(8).integers(6, size=(12, 9)).astype(np.int16))
    case = Case(scenario, compile_problem(scenario), plans)
    objectives = find(["cost", "quality", "starts", "switches"])
    weighed = Weighed(case, objectives, np.array([3.0, 2.0, 0.1, 0.1]), 10.0)
    gained = 0
    for plan in plans:
        better, _, change = weighed.improved(plan)
        really = weighed.value(better) - weighed.value(plan)
        assert change == pytest.approx(really, abs=weighed.tolerance(plan, better))
        gained += change < 0
    assert gained > 6


def test_the_exact_front_counts_starts_of_all_points_together(tiny: Scenario) -> None:
    scenario = replace(
        thrifty_and_fast(tiny), horizon=tiny.horizon.model_copy(update={"begins": "given"})
    )
    problem = compile_problem(scenario)
    allowed = problem.allowed.copy()
    allowed[:, [2, 4, 5]] = False  # few enough to try all plans
    problem = problem._replace(allowed=frozen(allowed, np.bool_))
    evaluator = Evaluator(problem, scenario, objectives=find(["cost", "starts"]))
    plans = all_plans(problem, most=30_000)
    assert plans is not None
    found = evaluator.evaluate(plans)
    values = found.F[found.G == 0]
    for weights in np.array([[1.0, 0.0], [1.0, 0.01], [0.1, 1.0]]):
        plan = ExactProgram(evaluator).minimize(weights)
        assert plan is not None
        least = float((values @ weights).min())
        assert float(plan.objectives @ weights) == pytest.approx(least, rel=1e-5, abs=1e-7)
    for names in (["cost", "switches"], ["cost", "quality"]):
        with pytest.raises(SlitError, match="operating points that share loaded weights, expected"):
            ExactProgram(Evaluator(problem, scenario, objectives=find(names)))


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
