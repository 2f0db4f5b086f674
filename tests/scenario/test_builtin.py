import csv
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from slit.evaluator import Evaluation, Evaluator
from slit.objectives.registry import find
from slit.problem import Problem, compile_problem
from slit.problem.placements import placements_of
from slit.relaxation import Relaxation
from slit.relaxation.rounding import shares_of
from slit.scenario.builtin import DEFAULT, builtin_names, builtin_scenarios
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.scenario.store import scenario_hash

FROZEN = {
    "ten-weeks": "9fd70eaeda29bbf71aa8beef935f0cc173bcc646852f4abf16c2d5b721d69ae5",
    "edge-day": "08a02307cd268d95ec83e921e392fd48851243288fa4c88871e1691eea63d0f8",
    "tiny": "5b93a7db0b63ec4564aed4ac154af78b9e82af7d4e814a12243e8ca20ef4a0c6",
    "world-day": "8dcbc0ccd5d2a1483f6ab2d878cd304c4af8cc93045c0ddfcaa6714c5165afaf",
    "world-2026": "eb38cf20636829655ad5bfec0ca9c40b411f5360dfe3a3150aaab4bafa44724c",
}
"""Later work is measured on these scenarios: they do not change."""

REAL_HOURS = {
    "world-2023": "405e6d8a0a0edc9728f1acce9ec10f89a27318fd2aca1e1820ef0ebd52af0553",
    "world-2026-hours": "033895e82927aebead2cdfae6b136b65971753574031ee8b07095b7b5241e42f",
}
"""The same of those on real hours, which need the shared data."""


@pytest.fixture(scope="module")
def world() -> Scenario:
    return load_scenario("world-day")


@pytest.fixture(scope="module")
def tiny() -> Scenario:
    return load_scenario("tiny")


@pytest.mark.parametrize("name", FROZEN)
def test_built_in_scenarios_are_frozen(name: str) -> None:
    assert scenario_hash(load_scenario(name)) == FROZEN[name]


def test_they_are_listed_with_the_default_first() -> None:
    assert builtin_names()[0] == DEFAULT == "world-day"
    assert set(builtin_names()) == set(FROZEN)
    for entry in builtin_scenarios():
        assert len(entry.description) > 40
        assert "\n" not in entry.description


def test_world_day_is_as_large_as_promised(world: Scenario) -> None:
    assert len(world.datacenters) == len(world.origins) == 14
    assert len(world.pools) == 22
    assert len(world.node_types) == 2
    assert len(world.variants) == 6
    assert len({variant.family for variant in world.variants}) == 3
    assert len(world.classes) == 3
    assert world.horizon.epochs == 24
    assert 1900 <= compile_problem(world).genes <= 2100
    assert {site.jurisdiction for site in world.datacenters} == set(CONTINENTS)
    assert len(set(CONTINENTS.values())) == 6
    assert world.signals.price.min() < 0
    assert (world.signals.renewable.max(axis=0) > 0).sum() >= 5
    assert world.accounting.reservoir_evaporation


def test_world_2026_is_a_fleet_of_today_on_the_grids_of_world_day(world: Scenario) -> None:
    today = load_scenario("world-2026")
    assert today.datacenters == world.datacenters
    assert today.origins == world.origins
    np.testing.assert_array_equal(today.signals.carbon, world.signals.carbon)
    assert [node.name for node in today.node_types] == ["a100x8", "h100x8", "b200x8"]
    assert len(today.variants) == 9
    points = Counter((service.node_type, service.variant) for service in today.services)
    assert set(points.values()) == {2, 3}
    assert all(1500 <= node.standby_w < node.idle_w for node in today.node_types)
    assert today.accounting.rental
    assert today.accounting.power_by_batch
    assert today.accounting.embodied
    problem = compile_problem(today)
    assert 1900 <= problem.genes <= 2100
    assert problem.warm_nodes.sum() == len(today.pools)
    sites = {placement.name: placement.datacenter for placement in placements_of(today)}
    europe = [site.name for site in today.datacenters].index("frankfurt")
    origin = [one.name for one in today.origins].index("central-europe")
    here = np.array(list(sites.values())) == europe
    assert not problem.allowed[problem.group_origin == origin][:, ~here].any()


def test_a_sensible_mix_fills_two_thirds_of_the_fleet_of_2026() -> None:
    """Code on Qwen3-235B, the rest on Qwen3-30B-A3B but for 30 %: B200 first, then H100."""
    today = load_scenario("world-2026")
    problem, placements = compile_problem(today), placements_of(today)
    nodes = Counter[str]()
    for pool in today.pools:
        nodes[pool.node_type] += pool.nodes
    code = [kind.name for kind in today.classes].index("code")
    share = np.where(problem.group_class == code, 1.0, 0.3)
    variants = [variant.name for variant in today.variants]
    seconds = np.where(problem.node_seconds > 0, problem.node_seconds, np.inf)
    need = {}
    for kind in ("b200x8", "h100x8"):
        work = np.zeros(problem.groups)
        for part, name in ((share, "qwen3-235b-a22b-fp8"), (1 - share, "qwen3-30b-a3b")):
            here = [
                placement.node_type.name == kind and variants[placement.variant] == name
                for placement in placements
            ]
            asked = part > 0
            least = seconds[asked][:, here].min(axis=1)
            work[asked] += part[asked] * problem.group_requests[asked] * least
        peak = np.bincount(problem.group_epoch, work).max()
        need[kind] = peak / (today.accounting.utilization * today.horizon.epoch_seconds)
    rest = (1 - nodes["b200x8"] / need["b200x8"]) * need["h100x8"]
    assert 0.6 < (nodes["b200x8"] + rest) / nodes.total() < 0.8


CONTINENTS = {
    "US": "North America", "BR": "South America", "CL": "South America", "EU": "Europe",
    "GB": "Europe", "ZA": "Africa", "IN": "Asia", "SG": "Asia", "JP": "Asia", "KR": "Asia",
    "AU": "Australia",
}  # fmt: skip


def test_most_pools_have_a_sibling_of_the_other_kind(world: Scenario) -> None:
    kinds = {
        site.name: {pool.node_type for pool in world.pools if pool.datacenter == site.name}
        for site in world.datacenters
    }
    assert sum(len(found) == 2 for found in kinds.values()) == 8
    assert min(len(found) for found in kinds.values()) == 1


def test_variants_differ_at_least_threefold_in_energy_per_token(world: Scenario) -> None:
    for node in world.node_types:
        joules = [
            node.decode_w
            / (service.batch * (node.gpus // service.gpus_per_replica))
            * (service.step_fixed_s + service.step_slope_s * service.batch)
            for service in world.services
            if service.node_type == node.name
        ]
        assert max(joules) > 3 * min(joules)


def test_peak_demand_takes_two_thirds_to_four_fifths_of_what_a_sensible_mix_needs(
    world: Scenario,
) -> None:
    """The mix: half of all requests to an 8B variant, half to a 70B one, on every pool alike."""
    needs = {}
    for node in world.node_types:
        for service in world.services:
            if service.node_type == node.name:
                step = service.step_fixed_s + service.step_slope_s * service.batch
                decode = service.batch * (node.gpus // service.gpus_per_replica) / step
                needs[node.name, service.variant] = (service.prefill_tokens_per_s, decode)
    demand = world.demand
    work_per_node = world.accounting.utilization * world.horizon.epoch_seconds
    use = []
    for t in range(world.horizon.epochs):
        total = demand.requests[t].sum()
        served = 0.0
        for pool in world.pools:
            seconds = 0.0
            for variant in ("llama-3-8b", "llama-3-70b"):
                prefill, decode = needs[pool.node_type, variant]
                each = demand.prompt[t] / prefill + demand.output[t] / decode
                seconds += 0.5 * float((each * demand.requests[t]).sum() / total)
            served += pool.nodes * work_per_node / seconds
        use.append(total / served)
    assert 0.65 < max(use) < 0.80


def test_every_datacenter_is_used_by_some_good_plan(world: Scenario) -> None:
    problem = compile_problem(world)
    objectives = find(("carbon", "water", "cost", "quality", "ttft"))
    relaxation = Relaxation(problem, world, objectives, threads=2)
    weights = [[1 / 40_000, 0, 1 / 6_500, 2, 0], [1 / 40_000, 1 / 260_000, 1 / 6_500, 0.2, 5]]
    used = np.zeros(problem.datacenters)
    for found in relaxation.minimize_many(weights):
        share = shares_of(relaxation, found).sum(axis=0)
        used += np.bincount(
            problem.placement_datacenter, weights=share, minlength=problem.datacenters
        )
    assert dict(zip([site.name for site in world.datacenters], used > 0.5, strict=True)) == {
        site.name: True for site in world.datacenters
    }


def test_node_types_of_world_day_are_those_of_the_tables(world: Scenario) -> None:
    path = Path("slit/scenario/tables/node_types.csv")
    rows = {row["name"]: row for row in csv.DictReader(open_table(path))}
    for node in world.node_types:
        for field in ("gpus", "gpu_memory_gb", "idle_w", "prefill_w", "decode_w"):
            assert getattr(node, field) == float(rows[node.name][field])
        assert 10 * node.load_gb_per_s == float(rows[node.name]["load_bandwidth_gb_per_s"])


def open_table(path: Path) -> list[str]:
    return (Path(__file__).parents[2] / path).read_text(encoding="utf-8").splitlines()


def test_inputs_of_world_day_say_what_is_estimated(world: Scenario) -> None:
    shares = {entry.name: entry.estimated_share for entry in world.inputs}
    assert shares["demand"] == shares["services"] == shares["wue"] == 1.0
    # India and Japan, and part of Singapore
    assert shares["carbon"] == pytest.approx(0.15, abs=0.05)
    assert all(entry.source != "not stated" for entry in world.inputs)


@pytest.fixture(scope="module")
def all_plans(tiny: Scenario) -> tuple[Problem, np.ndarray, Evaluation]:
    problem = compile_problem(tiny)
    genes = [problem.options[row, : problem.option_count[row]].tolist() for row in problem.gene_row]
    plans = np.array(list(itertools.product(*genes)), dtype=np.int16)
    objectives = find(("carbon", "water", "cost", "quality"))
    return problem, plans, Evaluator(problem, tiny, objectives=objectives).evaluate(plans)


def test_tiny_can_be_enumerated_and_its_capacity_binds(
    all_plans: tuple[Problem, np.ndarray, Evaluation],
) -> None:
    _, plans, found = all_plans
    assert len(plans) == 4**9 <= 10**6
    feasible = found.G == 0
    assert 0.01 < feasible.mean() < 0.5
    # The best answers do not fit: capacity costs quality.
    assert found.F[:, 3].min() < found.F[feasible, 3].min() - 0.01
    # All four objectives pull in different directions.
    best = {tuple(plans[feasible][found.F[feasible, m].argmin()]) for m in range(4)}
    assert len(best) == 4


def test_tiny_has_a_negative_price_that_pays(
    tiny: Scenario, all_plans: tuple[Problem, np.ndarray, Evaluation]
) -> None:
    assert (tiny.signals.price < 0).sum() == 1
    assert all_plans[2].F[:, 2].min() < 0


def test_tiny_has_more_sun_than_a_site_can_use(tiny: Scenario) -> None:
    nodes = next(pool.nodes for pool in tiny.pools if pool.datacenter == "sunny")
    idle = tiny.node_types[0].idle_w / 1000 * tiny.horizon.epoch_seconds / 3600
    assert tiny.signals.renewable[1, 0] > tiny.signals.pue[1, 0] * idle  # above one node
    assert tiny.signals.renewable[0, 0] < tiny.signals.pue[0, 0] * idle
    assert nodes == 3


def test_loading_matters_in_tiny(
    tiny: Scenario, all_plans: tuple[Problem, np.ndarray, Evaluation]
) -> None:
    problem, plans, found = all_plans
    objectives = find(("carbon", "water", "cost", "quality"))
    free = Evaluator(problem._replace(start=0), tiny, objectives=objectives)
    some = plans[:: len(plans) // 500]
    without = free.evaluate(some).F[:, 3]
    with_loading = found.F[:: len(plans) // 500, 3]
    assert (with_loading >= without).all()
    assert (with_loading > without + 0.01).mean() > 0.3


@pytest.mark.parametrize(
    ("name", "fleet", "requests"),
    [("world-2023", "world-day", 220e6), ("world-2026-hours", "world-2026", 440e6)],
)
def test_real_hours_are_of_the_same_fleet(
    name: str,
    fleet: str,
    requests: float,
    shared_data: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLIT_SHARED_DATA", str(shared_data))
    path = repository / "benchmarks" / "scenarios" / f"{name}.toml"
    real, world = load_scenario(path), load_scenario(fleet)
    assert scenario_hash(real) == REAL_HOURS[name]
    assert real.pools == world.pools
    assert real.datacenters == world.datacenters
    assert real.variants == world.variants
    assert 1900 <= compile_problem(real).genes <= 2100
    assert real.demand.requests.sum() == pytest.approx(requests, rel=0.15)
    assert not np.array_equal(real.signals.carbon, world.signals.carbon)
    other = load_scenario(path, start="2023-02-05", hours=48)
    assert other.horizon.epochs == 48
    assert not np.array_equal(other.signals.price[:24], real.signals.price)
