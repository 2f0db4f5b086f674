"""A plan replayed: what comes out is what went in, and the fluid model's promise where it holds."""

from dataclasses import replace

import numpy as np
import pytest

from operators.types import Genes
from slit.errors import SlitError
from slit.ledger import with_energy, write_ledger
from slit.problem import Problem, compile_problem
from slit.problem.placements import placements_of
from slit.replay.arrays import Served
from slit.replay.engines import serving_placements
from slit.replay.plan import (
    Replay,
    ReplaySettings,
    Verdict,
    planned_kwh,
    promised_figures,
    serve_plan,
    served_figures,
)
from slit.replay.routing import Routing
from slit.replay.summary import summary
from slit.replay.tally import BINS, Scales, add_served, empty_tally, quantile
from slit.scenario.fit import free_memory
from slit.scenario.scenario import Scenario
from tests.stored import small_scenario


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Two epochs of two minutes, so that tests take no time."""
    return small_scenario(epochs=2, epoch_seconds=120.0)


def spread_plan(scenario: Scenario) -> tuple[Genes, Problem]:
    """A plan that uses many placements."""
    problem = compile_problem(scenario)
    rng = np.random.default_rng(4)
    plan = problem.options[problem.gene_row, rng.integers(problem.option_count[problem.gene_row])]
    return plan, problem


@pytest.fixture(scope="module")
def replayed(scenario: Scenario) -> Replay:
    """All requests of a plan."""
    plan, problem = spread_plan(scenario)
    return serve_plan(plan, problem, scenario, settings=ReplaySettings(seed=3))


def test_every_request_is_served_or_said_not_to_be(replayed: Replay) -> None:
    served = replayed.tally.sums[..., 0].sum()
    assert served + replayed.unserved + replayed.refused == pytest.approx(
        replayed.generated.sum(), abs=1e-6
    )
    assert replayed.by_datacenter[:, 0].sum() == pytest.approx(served)
    assert replayed.tally.hours.sum() == pytest.approx(served)
    assert replayed.tally.histograms[0].sum() == pytest.approx(served)
    assert replayed.events == round(served)


@pytest.mark.parametrize("routing", list(Routing))
def test_threads_change_no_bit(scenario: Scenario, routing: Routing) -> None:
    plan, problem = spread_plan(scenario)
    settings = ReplaySettings(seed=5, routing=routing)
    one, two = (
        summary(serve_plan(plan, problem, scenario, settings=settings, threads=n)) for n in (1, 2)
    )
    assert one == two
    other = ReplaySettings(seed=6, routing=routing)
    assert summary(serve_plan(plan, problem, scenario, settings=other)) != one


def test_the_promised_side_is_the_ledger(replayed: Replay) -> None:
    promised = promised_figures(replayed.promised)
    totals = replayed.promised.totals()
    assert {name: promised[name] for name in totals} == totals
    assert promised["late_share"] == totals["slo_violation"]
    served = served_figures(replayed)
    assert served["nodes"] == promised["nodes"]
    assert served["answer_loss"] == pytest.approx(promised["answer_loss"])
    assert served["quality"] >= served["answer_loss"] - 0.02  # the mix of classes is drawn


def test_energy_that_was_planned_gives_the_ledger_again(replayed: Replay) -> None:
    ledger = replayed.promised
    again = with_energy(ledger, ledger.it_kwh)
    np.testing.assert_allclose(again.carbon_kg, ledger.carbon_kg, rtol=1e-12)
    np.testing.assert_allclose(again.cost_usd, ledger.cost_usd, rtol=1e-12)
    more = with_energy(ledger, ledger.it_kwh * 2)
    np.testing.assert_allclose(more.facility_kwh, 2 * ledger.facility_kwh)
    above = planned_kwh(ledger)
    assert (above >= 0).all()
    assert (above[ledger.requests > 0] > 0).all()


def test_energy_is_the_promised_one_where_batches_are_full() -> None:
    """One sequence at a time and lengths all alike: nothing that the fluid model leaves out."""
    scenario = small_scenario(epochs=2, epoch_seconds=1200.0)
    services = tuple(
        each.model_copy(update={"batch": 1, "prefill_fixed_s": 0.0}) for each in scenario.services
    )
    types = {node.name: node for node in scenario.node_types}
    services = tuple(
        each.model_copy(
            update={
                "prefill_slope_s": types[each.node_type].gpus
                // each.gpus_per_replica
                / each.prefill_tokens_per_s
            }
        )
        for each in services
    )
    scenario = replace(scenario, services=services)
    plan, problem = spread_plan(scenario)
    found = serve_plan(plan, problem, scenario, settings=ReplaySettings(token_scv=0.0, drain_s=1e6))
    assert found.refused == 0
    ratio = found.generated.sum() / found.promised.requests.sum()
    joules = (found.served.it_kwh - found.promised.it_kwh).sum() / planned_kwh(found.promised).sum()
    assert 1 + joules == pytest.approx(ratio, rel=0.01)


def test_a_thinned_replay_stands_for_all_requests(scenario: Scenario) -> None:
    plan, problem = spread_plan(scenario)
    found = serve_plan(plan, problem, scenario, settings=ReplaySettings(share=0.3))
    assert found.events < 0.9 * found.promised.requests.sum()
    assert found.generated.sum() == pytest.approx(found.promised.requests.sum(), rel=0.1)


def test_overload_ends_and_is_said(scenario: Scenario) -> None:
    """Ten times slower than planned: queues grow, and the drain limit ends it."""
    plan, problem = spread_plan(scenario)
    slow = tuple(
        each.model_copy(update={"step_fixed_s": 10 * each.step_fixed_s,
                                "step_slope_s": 10 * each.step_slope_s})
        for each in scenario.services
    )  # fmt: skip
    slower = replace(scenario, services=slow)
    found = serve_plan(plan, problem, slower, settings=ReplaySettings(drain_s=0.0))
    assert found.unserved > 0
    verdicts = {each for row in found.verdicts for each in row}
    assert Verdict.OVERLOADED in verdicts or Verdict.BACKLOGGED in verdicts
    assert served_figures(found)["late_share"] > found.unserved / found.generated.sum()


def test_sums_and_quantiles_by_hand() -> None:
    scales = Scales(
        epoch_s=100.0, weight=np.array([1.0, 2.0]), network_s=np.full((2, 1), 0.1),
        slo_s=np.array([0.5]), accuracy=np.array([0.8]),
    )  # fmt: skip
    tally = empty_tally(scales)
    served = Served(
        arrival_s=np.array([10.0, 150.0]),
        first_token_s=np.array([10.2, 151.0]),
        last_token_s=np.array([12.2, 152.0]),
        prompt=np.array([5, 5]),
        output=np.array([11, 1]),
        group=np.array([0, 0]),
        node=np.array([0, 0]),
        preemptions=np.array([0, 3]),
    )
    add_served(tally, served, scales)
    early, late = tally.sums[:, 0, 0]
    np.testing.assert_allclose(early, [1, 0.3, 0, 0.8, 2.0, 10, 2.3, 0])
    # The second, of weight 2, comes 1.1 s after it was sent: 0.6 s late.
    sigma = np.exp(-0.6 / 0.5)
    np.testing.assert_allclose(late, [2, 2.2, 2, 2 * 0.8 * sigma, 2.0, 0, 4.2, 6])
    first = tally.histograms[0, 0]
    assert quantile(first, 0.3) == pytest.approx(0.3, rel=0.005)
    assert quantile(first, 0.5) == pytest.approx(1.1, rel=0.005)
    assert quantile(tally.histograms[1, 0], 0.5) == pytest.approx(0.2, rel=0.005)
    assert np.isnan(quantile(np.zeros(BINS), 0.5))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"share": 0.0}, "share: 0, expected above 0 to 1"),
        ({"share": 1.5}, "share: 1.5"),
        ({"drain_s": -1.0}, "drain: -1, expected 0 or more"),
        ({"token_scv": -0.5}, "token_scv: -0.5, expected 0 to 100"),
        ({"grid": 0}, "grid: 0, expected 1 to"),
        ({"cached": {"chat": 1.0}}, "cached: 1 of chat, expected 0 to 0.99"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(SlitError, match=said):
        ReplaySettings(**wrong)  # type: ignore[arg-type]


def test_what_is_longer_than_a_replica_is_counted_by_class(scenario: Scenario) -> None:
    """A cache of three mean requests: some are beyond it, and it is said by how much."""
    demand = scenario.demand
    longest = float((demand.prompt + demand.output).max())
    types = {node.name: node for node in scenario.node_types}
    share = scenario.accounting.memory_share
    free = {
        each.variant: free_memory(
            each, types[each.node_type], scenario.variants[names.index(each.variant)], share
        )
        for names in [[variant.name for variant in scenario.variants]]
        for each in scenario.services
    }
    variants = tuple(
        each.model_copy(update={"kv_bytes_per_token": free[each.name] / longest / 3})
        for each in scenario.variants
    )
    tight = replace(scenario, variants=variants)
    plan, problem = spread_plan(tight)
    found = serve_plan(plan, problem, tight, settings=ReplaySettings(seed=2))
    assert found.refused == found.refused_by_class.sum() > 0
    places = serving_placements(tight, placements_of(tight))
    least = min(each.engine.most_tokens for each in places)
    for k, each in enumerate(summary(found)["classes"]):
        refused = each["refused"]
        assert refused["requests"] == found.refused_by_class[k]
        least = min(
            each.engine.most_tokens for each in serving_placements(tight, placements_of(tight))
        )
        assert (refused["longest_tokens"] > least) == (refused["requests"] > 0)
        assert refused["most_tokens"] >= least
    served = found.tally.sums[..., 0].sum()
    assert served + found.unserved + found.refused == pytest.approx(found.generated.sum())


def test_a_grid_of_one_sends_each_group_to_its_largest_share(scenario: Scenario) -> None:
    plan, problem = spread_plan(scenario)
    ledger = write_ledger(plan, problem, scenario)
    found = serve_plan(plan, problem, scenario, settings=ReplaySettings(grid=1, drain_s=1e6))
    largest = np.argmax(ledger.counts, axis=1)
    expected = np.zeros(ledger.requests.shape)
    np.add.at(expected, (problem.group_epoch, largest), problem.group_requests)
    assert (found.generated[expected == 0] == 0).all()
    assert (np.abs(found.generated - expected) <= 6 * np.sqrt(expected) + 2).all()
    # A grid as fine as the chunks changes nothing.
    fine = int(np.lcm.reduce(problem.group_chunks))
    one, two = (
        summary(serve_plan(plan, problem, scenario, settings=ReplaySettings(grid=grid)))
        for grid in (None, fine)
    )
    assert one["requests"] == pytest.approx(two["requests"], rel=0.01)


def test_a_cached_prefix_is_read_neither_in_the_plan_nor_in_the_replay(scenario: Scenario) -> None:
    """Half of each prompt cached: both the promise and what is served are those of prompts half as
    long, as long as memory is no limit."""
    classes = tuple(
        each.model_copy(update={"cached_prompt_share": 0.5}) for each in scenario.classes
    )
    demand = scenario.demand
    half = replace(scenario, demand=replace(demand, prompt=demand.prompt / 2))
    cached = replace(scenario, classes=classes)
    plan, problem = spread_plan(half)
    settings = ReplaySettings(token_scv=0.0)
    one, two = (
        serve_plan(plan, compile_problem(each), each, settings=settings) for each in (half, cached)
    )
    assert promised_figures(one.promised) == promised_figures(two.promised)
    assert served_figures(two)["ttft"] == pytest.approx(served_figures(one)["ttft"], rel=0.01)
    assert two.drawn_kwh.sum() == pytest.approx(one.drawn_kwh.sum(), rel=0.01)
    # What is stated for a replay alone leaves the promise as it is.
    plan, problem = spread_plan(scenario)
    whole, stated = (
        serve_plan(plan, problem, scenario, settings=replace(settings, cached=shares))
        for shares in ({}, {"*": 0.5})
    )
    assert promised_figures(stated.promised) == promised_figures(whole.promised)
    assert stated.drawn_kwh.sum() < whole.drawn_kwh.sum()
    with pytest.raises(SlitError, match="cached: class chta, expected one of"):
        serve_plan(plan, problem, scenario, settings=ReplaySettings(cached={"chta": 0.1}))


def test_a_plan_of_another_scenario_is_refused(scenario: Scenario) -> None:
    problem = compile_problem(scenario)
    with pytest.raises(SlitError, match="plans: shape"):
        serve_plan(np.zeros(problem.genes + 1, np.int16), problem, scenario)
