import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from operators.types import Floats, Genes
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.kernels.evaluation import BLOCK
from slit.objectives import find
from slit.objectives.builtin import BUILT_IN
from slit.problem import compile_problem
from slit.problem.first_token import service_table
from slit.scenario.pools import MoveCost
from slit.scenario.scenario import Scenario
from tests.cases import Case, cases, make_case
from tests.hand import hand_scenario
from tests.reference import Cell, Outcome, Twin, late_share, mean_sigma, placements, sigma

TOLERANCE = 1e-12


def evaluator_of(case: Case, **options: Any) -> Evaluator:
    return Evaluator(case.problem, case.scenario, objectives=BUILT_IN, **options)


def twin_of(case: Case) -> Twin:
    return Twin(
        case.scenario,
        placements=placements(case.scenario),
        chunks=case.problem.group_chunks.tolist(),
    )


def assert_agrees(found: dict[str, float], expected: Outcome) -> None:
    for name, value in expected.objectives.items():
        size = max(abs(value), expected.sizes[name])
        assert abs(found[name] - value) <= TOLERANCE * size, (name, found[name], value)


def corners(case: Case, outcome: Outcome) -> set[str]:
    """Which corner cases of the model a plan meets."""
    signals, demand = case.scenario.signals, case.scenario.demand
    sites, cells = outcome.sites.items(), outcome.cells.items()
    seen = {
        "empty cell": len(cells) < case.problem.epochs * case.problem.placements,
        "empty group": bool((demand.requests == 0).any()),
        "single node": any(cell.nodes == 1 for _, cell in cells),
        "overload": outcome.violation > 0,
        "negative price": any(signals.price[i] < 0 < site.grid for i, site in sites),
        "renewables above load": any(s.grid == 0 < s.facility for _, s in sites),
        "renewables below load": any(0 < s.grid < s.facility for _, s in sites),
        "loading from the epoch before": any(c.share > 0 for (t, _), c in cells if t > 0),
        "loading in the first epoch": any(c.share > 0 for (t, _), c in cells if t == 0),
        "loading ahead": any(c.loading > 0 and c.share == 0 for _, c in cells),
        "late whatever the wait": bool((case.problem.service[..., 0] < 0).any()),
    }
    return {name for name, met in seen.items() if met}


@given(cases(plans=3))
def test_kernel_and_ledger_agree_with_the_twin(case: Case) -> None:
    evaluator, twin = evaluator_of(case), twin_of(case)
    found = evaluator.evaluate(case.plans)
    for n, plan in enumerate(case.plans):
        expected = twin.evaluate(plan.tolist())
        assert found.G[n] == expected.violation
        assert_agrees(dict(zip(evaluator.names, found.F[n].tolist(), strict=True)), expected)
        ledger = evaluator.ledger(plan)
        violation = ledger.excess_nodes.sum() + ledger.refused_starts.sum()
        assert violation == expected.violation
        assert_agrees(ledger.totals(), expected)


def test_the_random_cases_meet_every_corner() -> None:
    met: set[str] = set()
    for seed in range(4):
        case = make_case(
            seed,
            plans=3,
            loading="prewarm" if seed % 2 else "on_demand",
            begins=("given", "cyclic", "free")[seed % 3],
        )
        evaluator, twin = evaluator_of(case), twin_of(case)
        found = evaluator.evaluate(case.plans)
        for n, plan in enumerate(case.plans):
            outcome = twin.evaluate(plan.tolist())
            met |= corners(case, outcome)
            assert_agrees(dict(zip(evaluator.names, found.F[n].tolist(), strict=True)), outcome)
    assert met == {
        "empty cell",
        "empty group",
        "single node",
        "overload",
        "negative price",
        "renewables above load",
        "renewables below load",
        "loading from the epoch before",
        "loading in the first epoch",
        "loading ahead",
        "late whatever the wait",
    }


@given(cases(plans=3), st.integers(0, 2**32 - 1))
def test_the_order_of_a_groups_chunks_does_not_matter(case: Case, seed: int) -> None:
    rng, evaluator = np.random.default_rng(seed), evaluator_of(case)
    shuffled = case.plans.copy()
    for j in range(case.problem.groups):
        chunks = slice(case.problem.group_first[j], case.problem.group_first[j + 1])
        shuffled[:, chunks] = rng.permuted(shuffled[:, chunks], axis=1)
    assert_same_bits(evaluator, case.plans, shuffled)


@given(cases(plans=5), st.sampled_from([2, 3, 8]))
def test_threads_give_the_same_bits(case: Case, threads: int) -> None:
    one, several = evaluator_of(case), evaluator_of(case, threads=threads)
    expected, found = one.evaluate(case.plans), several.evaluate(case.plans)
    assert expected.F.tobytes() == found.F.tobytes()
    assert expected.G.tobytes() == found.G.tobytes()


def test_evaluations_in_many_threads_do_not_disturb_each_other() -> None:
    case = make_case(5, plans=40)
    evaluator = evaluator_of(case)
    expected = evaluator.evaluate(case.plans).F.tobytes()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: evaluator.evaluate(case.plans).F.tobytes(), range(12)))
    assert found == [expected] * 12


@given(cases(plans=4))
def test_a_plans_values_do_not_depend_on_its_company(case: Case) -> None:
    evaluator = evaluator_of(case)
    together = evaluator.evaluate(case.plans[::-1]).F[::-1]
    alone = [evaluator.evaluate(case.plans[n : n + 1]).F[0] for n in range(len(case.plans))]
    assert np.stack(alone).tobytes() == np.ascontiguousarray(together).tobytes()


def test_large_populations_are_evaluated_plan_by_plan() -> None:
    case = make_case(0, plans=3)
    evaluator = evaluator_of(case)
    few = evaluator.evaluate(case.plans)
    many = evaluator.evaluate(np.tile(case.plans, (BLOCK // 3 + 2, 1)))
    for n in range(len(many.F)):
        assert np.array_equal(many.F[n], few.F[n % 3])
        assert np.array_equal(many.parts[n], few.parts[n % 3])
        assert np.array_equal(many.excess[n], few.excess[n % 3])


@given(cases(plans=3), st.permutations([objective.name for objective in BUILT_IN]))
def test_an_objectives_values_do_not_depend_on_its_company(case: Case, names: list[str]) -> None:
    every = dict(zip(find(names), evaluator_of_names(case, names), strict=True))
    for objective, column in every.items():
        assert column.tobytes() == evaluator_of_names(case, [objective.name])[0].tobytes()


def evaluator_of_names(case: Case, names: list[str]) -> list[Floats]:
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(names))
    return [column.copy() for column in evaluator.evaluate(case.plans).F.T]


@given(cases(plans=3))
def test_inputs_stay_as_they_are(case: Case) -> None:
    evaluator = evaluator_of(case)
    arrays = [
        value
        for holder in (case.problem, evaluator.terms)
        for value in holder
        if isinstance(value, np.ndarray)
    ]
    before = [array.copy() for array in arrays]
    plans = case.plans.copy()
    evaluator.evaluate(plans)
    evaluator.ledger(plans[0])
    np.testing.assert_array_equal(plans, case.plans)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
        assert not array.flags.writeable


def assert_same_bits(evaluator: Evaluator, plans: Genes, others: Genes) -> None:
    expected, found = evaluator.evaluate(plans), evaluator.evaluate(others)
    assert expected.F.tobytes() == found.F.tobytes()
    assert expected.G.tobytes() == found.G.tobytes()


# By hand. The first hour's 1,800 requests here; of the second hour's, half here and half there.
# Each cell has W = 1800 node-seconds, so m = W / (0.5 * 3600) = 1 node at rho = 1800/3600 = 0.5.
# IT energy of such a cell: 1 kW * 1 h + 1800 * 600 J = 1.3 kWh; the other node stands by: 0.1 kWh;
# an unused pool of two: 0.2 kWh.
#              IT            facility (PUE 1.5, 1)   grid (renewables 0.1, 0 | 1, 0.4)
#   here       1.4   1.4     2.1   2.1               2.0   2.1
#   there      0.2   1.4     0.2   1.4               0     1.0
HERE_THERE = [0, 0, 1]
# n = 2 servers: P(wait) = 0.5^(sqrt(6) - 1); one-prompt prefill 0.1 + 200 * 0.001 = 0.3 s, so that
# the mean wait given one is 0.3 * 1 / (2 * 0.5) = 0.3 s. TTFT without wait: 0.19 + 0.01 + 0.3 here,
# 0.49 + 0.01 + 0.3 there; slack to the SLO of 2 s: 1.5 s and 1.2 s. The node there loads 36 GB at
# 1 GB/s: 36 s, a share of 36/3600 = 0.01 of its hour's requests meets it.
WAITS = 0.5 ** (math.sqrt(6) - 1)
LATE_HERE = WAITS * math.exp(-1.5 / 0.3)
LATE_THERE = 0.99 * WAITS * math.exp(-1.2 / 0.3) + 0.01 * (1 - 1.2 / 36)
SIGMA_HERE = 1 - LATE_HERE * 0.3 / 2.3
SIGMA_THERE = (
    0.99 * (1 - WAITS * math.exp(-1.2 / 0.3) * 0.3 / 2.3)
    + 0.01 * (1.2 + 2 * (1 - math.exp(-(36 - 1.2) / 2))) / 36
)
BY_HAND = {
    "energy": 2.1 + 2.1 + 0.2 + 1.4,
    "carbon": 0.5 * (2.0 + 2.1) + 0.1 * 1.0,
    "cost": 0.1 * (2.0 + 2.1) - 0.05 * 1.0,
    "water": (1.0 * 2.8 + 2.0 * 4.1) + (2.0 * 1.6 + 1.0 * 1.0),
    "scarcity_water": 0.5 * 11.0 + 2.0 * 4.2,
    "carbon_equity": 2.05,
    "water_equity": 11.0,
    "answer_loss": 0.2,
    "ttft": (2 * (0.5 + 0.3 * WAITS) + 0.8 + 0.99 * 0.3 * WAITS + 0.01 * 18) / 3,
    "slo_violation": (2 * LATE_HERE + LATE_THERE) / 3,
    "quality": 1 - 0.8 * (2 * SIGMA_HERE + SIGMA_THERE) / 3,
    "reroute": 0.5,
    "ramp": 0.5,  # half of the second hour's requests
    "starts": 1.0,
    "switches": 1.0,
}


def values(scenario: Scenario, plan: list[int]) -> tuple[dict[str, float], float]:
    evaluator = Evaluator(compile_problem(scenario), scenario, objectives=BUILT_IN)
    found = evaluator.evaluate(np.array([plan]))
    return dict(zip(evaluator.names, found.F[0].tolist(), strict=True)), float(found.G[0])


def test_by_hand() -> None:
    found, violation = values(hand_scenario(), HERE_THERE)
    assert violation == 0
    assert found == pytest.approx(BY_HAND, rel=1e-12)


def test_the_twin_by_hand() -> None:
    twin = Twin(hand_scenario(), placements=[(0, 0), (1, 0)], chunks=[1, 2])
    assert twin.evaluate(HERE_THERE).objectives == pytest.approx(BY_HAND, rel=1e-12)


def test_by_hand_loaded_ahead() -> None:
    # 1 kW * 36 s = 0.01 kWh more there, in the hour that uses the node, and nobody waits for it.
    found, _ = values(hand_scenario(loading="prewarm"), HERE_THERE)
    assert found["energy"] == pytest.approx(BY_HAND["energy"] + 0.01)
    assert found["carbon"] == pytest.approx(BY_HAND["carbon"] + 0.1 * 0.01)
    assert found["cost"] == pytest.approx(BY_HAND["cost"] - 0.05 * 0.01)
    assert found["ttft"] == pytest.approx((2 * 0.5 + 0.8 + 3 * 0.3 * WAITS) / 3)
    late = WAITS * math.exp(-4)
    assert found["slo_violation"] == pytest.approx((2 * LATE_HERE + late) / 3)


@pytest.mark.parametrize(
    ("begins", "held", "plan", "loading"),
    [
        # Nodes that load: every start counts the second hour's change, here 1 -> 0, there 0 -> 2.
        ("free", 0, [0, 1, 1], 2),
        ("given", 0, [0, 1, 1], 3),
        ("given", 1, [0, 1, 1], 2),
        ("given", 2, [0, 1, 1], 2),
        ("cyclic", 0, [0, 1, 1], 3),  # the last hour holds nothing here
        ("cyclic", 0, [0, 0, 1], 1),
        ("cyclic", 0, [0, 0, 0], 1),
        ("free", 0, [0, 0, 0], 1),
    ],
)
def test_by_hand_what_loads(begins: str, held: int, plan: list[int], loading: int) -> None:
    scenario = hand_scenario(begins=begins, held=held, loading="prewarm", nodes=(4, 4))
    light = scenario.variants[0].model_copy(update={"weight_gb": 1e-9})
    nothing_to_load = replace(scenario, variants=(light,))
    ledgers = [
        Evaluator(compile_problem(each), each, objectives=BUILT_IN).ledger(np.array(plan))
        for each in (scenario, nothing_to_load)
    ]
    assert ledgers[0].loading_nodes.sum() == loading
    it = [ledger.it_kwh.sum() for ledger in ledgers]
    assert it[0] - it[1] == pytest.approx(0.01 * loading)
    energy = [values(each, plan)[0]["energy"] for each in (scenario, nothing_to_load)]
    assert energy[0] > energy[1]


@pytest.mark.parametrize(
    ("nodes", "plan", "excess"),
    [
        ((2, 2), [0, 0, 0], 0),
        ((1, 2), [0, 0, 0], 1),  # the second hour needs 3600 / 1800 = 2 nodes here
        ((1, 1), [1, 1, 1], 1),
        ((1, 1), [0, 0, 1], 0),
    ],
)
def test_by_hand_whole_nodes_in_excess(
    nodes: tuple[int, int], plan: list[int], excess: int
) -> None:
    assert values(hand_scenario(nodes=nodes), plan)[1] == excess


def test_by_hand_an_overloaded_pool_serves_as_if_it_had_the_nodes() -> None:
    enough, _ = values(hand_scenario(nodes=(2, 2)), [0, 0, 0])
    short, violation = values(hand_scenario(nodes=(1, 2)), [0, 0, 0])
    assert violation == 1
    assert short["quality"] == enough["quality"]
    # The first hour has no spare node here: 0.1 kWh * 1.5 less, and no less than that.
    assert short["energy"] == pytest.approx(enough["energy"] - 0.15)


def test_by_hand_one_tick_more_takes_a_node_more() -> None:
    scenario = hand_scenario()
    more = replace(scenario.demand, requests=np.array([[[1800.0 + 1e-5]], [[3600.0]]]))
    scenario = replace(scenario, demand=more)
    ledger = Evaluator(compile_problem(scenario), scenario, objectives=BUILT_IN).ledger(
        np.array([0, 0, 1])
    )
    assert ledger.nodes.tolist() == [[2, 0], [1, 1]]


def test_by_hand_switches_of_carbon_and_cost() -> None:
    accounting = {
        "water_energy_carbon": True,
        "embodied": True,
        "rental": True,
        "egress_kb_per_token": 4.0,
    }
    found, _ = values(hand_scenario(accounting=accounting), HERE_THERE)
    # 0.55 kWh per 1000 L on site (1 L/kWh * 2.8 here, 2 * 1.6 there), 0.64 of blowdown (0.25, 0.5).
    here = 0.5 * (0.55 * 2.8 + 0.64 * 0.7) / 1000 + 0.02 * 2
    there = 0.1 * (0.55 * 3.2 + 0.64 * 0.8) / 1000 + 0.02
    assert found["carbon"] == pytest.approx(BY_HAND["carbon"] + here + there)
    assert found["carbon_equity"] == pytest.approx(BY_HAND["carbon_equity"] + here)
    # 1800 requests * 800 tokens * 4 kB = 5.76 GB a chunk; three active node-hours.
    egress = 5.76 * (0.1 + 0.1 + 0.2)
    assert found["cost"] == pytest.approx(BY_HAND["cost"] + egress + 10 * 3)
    for name in ("energy", "water", "quality"):
        assert found[name] == pytest.approx(BY_HAND[name])


def test_no_wait_where_prefill_takes_no_time_or_nothing_varies() -> None:
    steady = hand_scenario(accounting={"arrival_scv": 0.0, "service_scv": 0.0})
    found, _ = values(steady, [0, 0, 0])
    # Only the second hour's second node loads: 0.5 * 0.01 of the hour's requests wait 18 s.
    assert found["ttft"] == pytest.approx(0.5 + 2 / 3 * 0.005 * 18)
    assert found["slo_violation"] == pytest.approx(2 / 3 * 0.005 * (1 - 1.5 / 36))
    instant = steady.services[0].model_copy(update={"prefill_fixed_s": 0, "prefill_slope_s": 0})
    found, _ = values(replace(hand_scenario(), services=(instant,)), [0, 0, 0])
    assert found["ttft"] == pytest.approx(0.2 + 2 / 3 * 0.005 * 18)


def test_a_group_of_next_to_nothing_beside_a_large_one() -> None:
    requests = np.array([[[1e-16]], [[3600.0]]])
    scenario = hand_scenario()
    scenario = replace(scenario, demand=replace(scenario.demand, requests=requests))
    problem = compile_problem(scenario)
    plan = [0] * problem.genes
    twin = Twin(scenario, placements=[(0, 0), (1, 0)], chunks=problem.group_chunks.tolist())
    found, _ = values(scenario, plan)
    assert_agrees(found, twin.evaluate(plan))


@given(
    slack=st.floats(-5, 5),
    slo=st.floats(0.05, 5),
    load=st.floats(0.01, 60),
    chance=st.floats(0.01, 1),
    mean_wait=st.floats(0.01, 5),
)
def test_means_over_the_wait_equal_the_integrals(
    slack: float, slo: float, load: float, chance: float, mean_wait: float
) -> None:
    """The closed forms against sigma(base + wait) averaged numerically."""
    base = slo - slack
    queue = Cell(1, 0, 0.5, 1.0, chance, mean_wait, 0.0)
    bend = [slack] if 0 < slack < 80 * mean_wait else None
    mean, _ = quad(
        lambda w: sigma(base + w, slo) * math.exp(-w / mean_wait) / mean_wait,
        0,
        80 * mean_wait,
        points=bend,
        epsabs=1e-11,
        limit=200,
    )
    expected = (1 - chance) * sigma(base, slo) + chance * mean
    assert mean_sigma(slack, slo, queue, load) == pytest.approx(expected, abs=1e-8)
    [[[_, at_once, loaded, late]]] = service_table(
        np.array([[base]]), np.array([slo]), np.array([load])
    )
    uniform, _ = quad(
        lambda w: sigma(base + w, slo) / load,
        0,
        load,
        points=[slack] if 0 < slack < load else None,
        epsabs=1e-11,
        limit=200,
    )
    assert loaded == pytest.approx(uniform, abs=1e-8)
    assert at_once == pytest.approx(sigma(base, slo), abs=1e-12)
    meets = Cell(1, 1, 0.5, 1.0, chance, mean_wait, 1.0)
    assert mean_sigma(slack, slo, meets, load) == pytest.approx(uniform, abs=1e-8)
    assert late == pytest.approx(min(1.0, max(0.0, 1 - slack / load)))
    assert late_share(slack, meets, load) == pytest.approx(late)


def test_nothing_to_load_is_no_loading() -> None:
    [[[_, _, early, on_time]], [[_, _, late, too_late]]] = service_table(
        np.array([[1.0], [3.0]]), np.array([2.0, 2.0]), np.array([0.0])
    )
    assert (early, on_time, too_late) == (1.0, 0.0, 1.0)
    assert late == pytest.approx(math.exp(-0.5))


def test_by_hand_warm_nodes() -> None:
    """Two warm nodes here and one there: active from the first hour on, with requests or without.

    here   above idle 0.3 + 2 * 1 kWh an hour: facility 3.45, grid 3.35 and 3.45
    there  one idle and one standby node: IT 1.1, facility 1.1, grid 0.1; then 1.4 and 1.0
    """
    scenario = hand_scenario()
    here, there = scenario.pools
    pools = (
        here.model_copy(update={"warm_nodes": {"model": 2}}),
        there.model_copy(update={"warm_nodes": {"model": 1}}),
    )
    warm = replace(scenario, pools=pools)
    found, violation = values(warm, HERE_THERE)
    # Two nodes here: utilization 0.25 of 4 servers; nobody loads there.
    chance, wait = 0.25 ** (math.sqrt(10) - 1), 0.3 / (4 * 0.75)
    expected = {
        "energy": 3.45 + 3.45 + 1.1 + 1.4,
        "carbon": 0.5 * (3.35 + 3.45) + 0.1 * (0.1 + 1.0),
        "cost": 0.1 * (3.35 + 3.45) + 0.3 * 0.1 - 0.05 * 1.0,
        "water": (1.0 * 4.6 + 2.0 * 6.8) + (2.0 * 2.5 + 1.0 * 1.1),
        "ttft": (2 * (0.5 + chance * wait) + 0.8 + 0.3 * WAITS) / 3,
        "starts": 0.0,
        "switches": 0.0,
        "reroute": 0.5,
    }
    assert violation == 0
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    twin = Twin(warm, placements=[(0, 0), (1, 0)], chunks=[1, 2]).evaluate(HERE_THERE)
    assert twin.objectives == pytest.approx(found, rel=1e-12)
    ledger = Evaluator(compile_problem(warm), warm, objectives=BUILT_IN).ledger(
        np.array(HERE_THERE)
    )
    assert ledger.nodes.tolist() == [[2, 1], [2, 1]]
    assert ledger.utilization.tolist() == [[0.25, 0.0], [0.25, 0.5]]


@pytest.mark.parametrize(("begins", "held", "starts"), [("given", 1, 2), ("cyclic", 0, 0)])
def test_by_hand_warm_nodes_start_once(begins: str, held: int, starts: int) -> None:
    scenario = hand_scenario(begins=begins, held=held)
    pools = tuple(
        pool.model_copy(update={"warm_nodes": {"model": count}})
        for pool, count in zip(scenario.pools, (2, 1), strict=True)
    )
    assert values(replace(scenario, pools=pools), HERE_THERE)[0]["starts"] == starts


def test_by_hand_move_cost() -> None:
    """A start takes 2 kWh and 3 USD here and 0.5 kWh there, in its own hour.

    Here one node in both hours, there one in the second: from nothing held, one start here in the
    first hour and one there in the second. Besides what loading does:
    here   2 kWh of IT, facility 3, grid 3 (the sun is used up)
    there  0.5 kWh of IT, facility 0.5, grid 0.5
    """
    plain = hand_scenario(begins="given")
    here, there = plain.pools
    pools = (
        here.model_copy(update={"move_cost": {"*": MoveCost(kwh=2.0, usd=3.0)}}),
        there.model_copy(update={"move_cost": {"model": MoveCost(kwh=0.5), "*": MoveCost(kwh=9)}}),
    )
    scenario = replace(plain, pools=pools)
    free, _ = values(plain, HERE_THERE)
    found, violation = values(scenario, HERE_THERE)
    more = {
        "energy": 3.0 + 0.5,
        "carbon": 0.5 * 3.0 + 0.1 * 0.5,
        "water": (1.0 * 2.0 + 2.0 * 3.0) + (2.0 * 0.5 + 1.0 * 0.5),
        "cost": 0.1 * 3.0 - 0.05 * 0.5 + 3.0,
        "quality": 0.0,
        "ttft": 0.0,
        "starts": 0.0,
    }
    assert violation == 0
    assert {name: found[name] - free[name] for name in more} == pytest.approx(more, abs=1e-9)
    evaluator = Evaluator(compile_problem(scenario), scenario, objectives=BUILT_IN)
    ledger = evaluator.ledger(np.array(HERE_THERE))
    assert ledger.loading_nodes.tolist() == [[1, 0], [0, 1]]
    assert ledger.totals() == pytest.approx(found, rel=1e-12)


def test_a_move_cost_of_nothing_changes_no_bit() -> None:
    plain = hand_scenario(begins="given")
    pools = [pool.model_copy(update={"move_cost": {"*": MoveCost()}}) for pool in plain.pools]
    assert values(replace(plain, pools=tuple(pools)), HERE_THERE) == values(plain, HERE_THERE)


def timed(scenario: Scenario, **hours: float) -> Scenario:
    pools = [
        pool.model_copy(update={field: {"*": value} for field, value in hours.items()})
        for pool in scenario.pools
    ]
    return replace(scenario, pools=tuple(pools))


def test_by_hand_a_node_stays_up() -> None:
    """It starts here in the first hour, has nothing to do in the second, and draws idle power.

    Beside the same plan without: 1 kWh of an idle node instead of 0.1 of a standby one, PUE 1.5.
    """
    free, lasting = hand_scenario(begins="given"), timed(hand_scenario(begins="given"), **UP)
    plan = [0, 1, 1]
    (found, violation), (plain, _) = values(lasting, plan), values(free, plan)
    assert violation == 0
    assert found["energy"] - plain["energy"] == pytest.approx(1.5 * 0.9, rel=1e-12)
    assert found["carbon"] - plain["carbon"] == pytest.approx(0.5 * 1.5 * 0.9, rel=1e-12)
    assert (plain["switches"], found["switches"]) == (3, 2)
    evaluator = Evaluator(compile_problem(lasting), lasting, objectives=BUILT_IN)
    ledger = evaluator.ledger(np.array(plan))
    assert ledger.nodes.tolist() == [[1, 0], [1, 2]]
    assert ledger.totals() == pytest.approx(found, rel=1e-12)
    # Nodes of before the first hour, and those of a free start, may stop.
    held = timed(hand_scenario(begins="given", held=1), **UP)
    for scenario in (held, timed(hand_scenario(), **UP), timed(free, min_up_hours=1.0)):
        plain, _ = values(timed(scenario, min_up_hours=0.0), plan)
        assert values(scenario, plan)[0] == plain


UP: dict[str, float] = {"min_up_hours": 2.0}


def test_by_hand_a_node_stays_down() -> None:
    """One node here stops in the first hour: of those that start in the second, one is too many."""
    for hours, plan, refused in (
        (2.0, [1, 0, 0], 1),
        (2.0, [1, 0, 1], 1),
        (2.0, [1, 1, 1], 0),
        (1.0, [1, 0, 0], 0),
    ):
        scenario = timed(hand_scenario(begins="given", held=1), min_down_hours=hours)
        assert values(scenario, plan)[1] == refused
        evaluator = Evaluator(compile_problem(scenario), scenario, objectives=BUILT_IN)
        ledger = evaluator.ledger(np.array(plan))
        assert ledger.refused_starts.sum(axis=1).tolist() == [0, refused]


def test_over_the_seam_of_a_cyclic_horizon_nobody_is_kept_up() -> None:
    """The node that only stays up in the second hour has stopped when the first one comes again."""
    scenario = timed(hand_scenario(begins="cyclic"), **UP)
    evaluator = Evaluator(compile_problem(scenario), scenario, objectives=BUILT_IN)
    ledger = evaluator.ledger(np.array([0, 1, 1]))
    assert ledger.nodes.tolist() == [[1, 0], [1, 2]]
    assert ledger.loading_nodes.tolist() == [[1, 0], [0, 2]]


@pytest.mark.parametrize("field", ["min_up_hours", "min_down_hours"])
def test_a_minimum_time_beyond_the_horizon_is_refused(field: str) -> None:
    message = rf"pools.here pool.{field}: 3 of model, expected at most 2 \(hours of the horizon"
    with pytest.raises(SlitError, match=message):
        compile_problem(timed(hand_scenario(), **{field: 3.0}))
