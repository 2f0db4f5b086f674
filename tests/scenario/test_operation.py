"""Nodes that stay warm, as a scenario file states them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from operators.types import Floats
from slit.errors import InfeasibleError, SlitError
from slit.problem import compile_problem
from slit.relaxation.feasibility import check_capacity
from slit.scenario.check import check_and_load
from slit.scenario.load import load_scenario
from slit.scenario.operation import keep_warm_at_least, states_note, warm_note
from slit.scenario.records import Residency
from slit.scenario.scenario import Demand, Scenario
from slit.scenario.store import read_scenario, save_scenario, scenario_hash

HEAD = 'schema = 1\nname = "warm"\nextends = "tiny"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "warm.toml"
    path.write_text(HEAD + text)
    return path


def loaded(folder: Path, text: str) -> Scenario:
    return load_scenario(str(write(folder, text)))


def pools(scenario: Scenario, *, north: str = "", south: str = "") -> str:
    """The pools of tiny, with more fields."""
    parts = []
    for pool, more in zip(scenario.pools, (north, south), strict=True):
        parts.append(
            f'[[pools]]\nname = "{pool.name}"\ndatacenter = "{pool.datacenter}"\n'
            f'node_type = "{pool.node_type}"\nnodes = {pool.nodes}\n{more}\n'
        )
    return "\n".join(parts)


def test_warm_nodes_of_the_operation_are_those_of_each_pool(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, "[operation]\nwarm_nodes = { small = 1, large = 1 }\n")
    assert [pool.warm_nodes for pool in scenario.pools] == [{"small": 1, "large": 1}] * 2
    assert compile_problem(scenario).warm_nodes.tolist() == [1, 1, 1, 1]


def test_a_pools_own_warm_nodes_count_instead(tmp_path: Path) -> None:
    tiny = load_scenario("tiny")
    stated = pools(tiny, north="warm_nodes = { small = 0, large = 2 }")
    scenario = loaded(tmp_path, f"{stated}\n[operation]\nwarm_nodes = {{ small = 1 }}\n")
    assert compile_problem(scenario).warm_nodes.tolist() == [0, 2, 1, 0]


def test_a_run_folder_keeps_them_and_old_hashes_stay(tmp_path: Path) -> None:
    tiny = load_scenario("tiny")
    scenario = loaded(tmp_path, "[operation]\nwarm_nodes = { small = 1 }\n")
    assert scenario_hash(scenario) != scenario_hash(tiny)
    nothing = loaded(tmp_path, "[operation]\nwarm_nodes = {}\n")
    assert scenario_hash(replace(nothing, name=tiny.name)) == scenario_hash(tiny)
    save_scenario(scenario, tmp_path)
    assert read_scenario(tmp_path).pools == scenario.pools


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (
            "[operation]\nwarm_nodes = { small = 2, large = 1 }\n",
            r"pools.windy-h100.warm_nodes: 3 \(2 small, 1 large\), expected at most 2 "
            r"\(nodes of the pool; operation.warm_nodes counts",
        ),
        (
            "[operation]\nwarm_nodes = { smal = 2 }\n",
            "operation.warm_nodes: 'smal', expected one of small, large .did you mean",
        ),
        ("[operation]\nwarm_nodes = { small = -1 }\n", "operation.warm_nodes.small: -1, expected"),
    ],
)
def test_what_cannot_be_is_refused_in_one_message(
    tmp_path: Path, stated: str, message: str
) -> None:
    with pytest.raises(SlitError, match=message):
        loaded(tmp_path, stated)
    findings, scenario = check_and_load(write(tmp_path, stated))
    assert scenario is None
    assert [str(finding.severity) for finding in findings] == ["error"]


@pytest.mark.parametrize(
    ("south", "message"),
    [
        ("warm_nodes = { small = 2, large = 1 }", "warm_nodes: 3, expected at most 2"),
        ("warm_nodes = { smal = 1 }", r"windy-h100.warm_nodes: 'smal', expected one of small"),
    ],
)
def test_a_pool_cannot_keep_more_than_it_has(tmp_path: Path, south: str, message: str) -> None:
    with pytest.raises(SlitError, match=message):
        loaded(tmp_path, pools(load_scenario("tiny"), south=south))


def test_a_pool_cannot_keep_what_it_cannot_serve() -> None:
    tiny = load_scenario("tiny")
    other = tiny.node_types[0].model_copy(update={"name": "other"})
    small = next(service for service in tiny.services if service.variant == "small")
    moved = tiny.pools[0].model_copy(update={"node_type": "other", "warm_nodes": {"large": 1}})
    scenario = replace(
        tiny,
        node_types=(*tiny.node_types, other),
        pools=(moved, *tiny.pools[1:]),
        services=(*tiny.services, small.model_copy(update={"node_type": "other"})),
    )
    expected = r"warm_nodes: 1 large, expected variants that the pool can serve \(small\)"
    with pytest.raises(SlitError, match=expected):
        compile_problem(scenario)


def counts(scenario: Scenario) -> list[dict[str, int]]:
    return [pool.warm_nodes for pool in scenario.pools]


def test_one_number_counts_for_every_variant_that_is_not_named(tmp_path: Path) -> None:
    plain = loaded(tmp_path, "[operation]\nwarm_nodes = 1\n")
    assert counts(plain) == [{"small": 1, "large": 1}] * 2
    others = loaded(tmp_path, '[operation]\nwarm_nodes = { "*" = 1, large = 0 }\n')
    assert compile_problem(others).warm_nodes.tolist() == [1, 0, 1, 0]
    assert counts(load_scenario("tiny", warm_nodes=1)) == counts(plain)


def test_what_is_asked_for_besides_takes_nothing_away(tmp_path: Path) -> None:
    stated = pools(load_scenario("tiny"), north="warm_nodes = { large = 2 }")
    scenario = loaded(tmp_path, stated)
    assert counts(keep_warm_at_least(scenario, 1)) == [
        {"large": 2, "small": 1},
        {"small": 1, "large": 1},
    ]
    assert counts(keep_warm_at_least(scenario, {"large": 1})) == [{"large": 2}, {"large": 1}]
    assert counts(keep_warm_at_least(scenario, {"large": 0}))[0] == {"large": 2}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (2, r"pools.sunny-h100.warm_nodes: 4 \(2 small, 2 large\), expected at most 3 "
            r"\(nodes of the pool; warm nodes counts"),
        ({"smal": 1}, "warm nodes: 'smal', expected one of small, large .did you mean 'small'"),
        ({"small": -1}, "warm nodes: -1 of small, expected a whole number of nodes >= 0"),
        (1.5, "warm nodes: 1.5, expected a whole number of nodes >= 0"),
        ("2", "warm nodes: '2', expected a number, or numbers by variant"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_besides_is_refused(asked: Any, message: str) -> None:
    with pytest.raises(SlitError, match=message):
        keep_warm_at_least(load_scenario("tiny"), asked)


def test_a_note_says_what_stays_warm() -> None:
    assert warm_note(load_scenario("tiny")) is None
    assert warm_note(load_scenario("tiny", warm_nodes={"small": 1})) == (
        "warm in every epoch, with or without requests: 2 of 5 nodes, in 2 of 2 pools (2 small)"
    )


def test_a_note_says_what_is_committed_and_what_may_be_off() -> None:
    tiny = load_scenario("tiny")
    assert states_note(tiny) is None
    first, second = tiny.pools
    pools = (
        first.model_copy(update={"committed_nodes": 2, "off_nodes": 1}),
        second.model_copy(update={"committed_nodes": 1}),
    )
    kinds = tuple(
        kind.model_copy(update={"committed_usd_per_hour": 1_000.0}) for kind in tiny.node_types
    )
    rental = tiny.accounting.model_copy(update={"rental": True})
    # Three nodes at 1,000 USD/h over two quarters of an hour.
    paid = replace(tiny, pools=pools, node_types=kinds, accounting=rental)
    assert states_note(paid) == (
        "nodes: 3 of 5 committed, 1,500 USD whether used or not, the others on demand; "
        "1 of 5 off while not needed, the others idle"
    )
    unpaid = replace(tiny, pools=pools, node_types=kinds)
    assert states_note(unpaid) == "nodes: 1 of 5 off while not needed, the others idle"


def test_a_shortfall_says_what_warm_nodes_have_to_do_with_it() -> None:
    """In pools of one node, kept for the small variant, nothing is left for the large one."""
    tiny = load_scenario("tiny")
    rule = Residency(variants=("large",))
    one = tuple(pool.model_copy(update={"nodes": 1}) for pool in tiny.pools)
    kept = tuple(pool.model_copy(update={"warm_nodes": {"small": 1}}) for pool in one)
    little = Demand(tiny.demand.requests / 50, tiny.demand.prompt, tiny.demand.output)
    scenario = replace(tiny, residency=(rule,), pools=kept, demand=little)
    with pytest.raises(InfeasibleError, match="2 warm nodes take room: without them this epoch fi"):
        check_capacity(compile_problem(scenario), scenario)
    crowded = replace(tiny, demand=Demand(tiny.demand.requests * 9, *_lengths(tiny)))
    with pytest.raises(InfeasibleError) as refused:
        check_capacity(compile_problem(crowded), crowded)
    assert "warm" not in str(refused.value)


def _lengths(scenario: Scenario) -> tuple[Floats, Floats]:
    return scenario.demand.prompt, scenario.demand.output


def starts(scenario: Scenario) -> tuple[list[float], list[float]]:
    """kWh and USD of a start by placement."""
    problem = compile_problem(scenario)
    kwh = problem.start_energy * problem.kwh_per_energy_tick
    return [round(each, 9) for each in kwh.tolist()], problem.start_usd.tolist()


def test_a_move_cost_counts_for_every_variant_or_some(tmp_path: Path) -> None:
    plain = loaded(tmp_path, "[operation]\nmove_cost = { kwh = 1.5, usd = 2 }\n")
    assert starts(plain) == ([1.5] * 4, [2.0] * 4)
    some = loaded(tmp_path, '[operation]\nmove_cost = { large = { usd = 2 }, "*" = { kwh = 1 } }\n')
    assert starts(some) == ([1.0, 0.0] * 2, [0.0, 2.0] * 2)
    own = pools(load_scenario("tiny"), south="move_cost = { small = { kwh = 3 } }")
    mixed = loaded(tmp_path, f"{own}\n[operation]\nmove_cost = {{ kwh = 1 }}\n")
    assert starts(mixed)[0] == [1.0, 1.0, 3.0, 1.0]
    save_scenario(mixed, tmp_path)
    assert starts(read_scenario(tmp_path)) == starts(mixed)
    assert scenario_hash(loaded(tmp_path, "[operation]\nmove_cost = {}\n")) == scenario_hash(
        load_scenario("tiny")
    )


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("{ kwh = -1 }", "operation.move_cost.*kwh: -1, expected a number >= 0"),
        ("{ kw = 1 }", "operation.move_cost"),
        ("{ smal = { kwh = 1 } }", "operation.move_cost: 'smal', expected one of small, large"),
        ("{ small = { kw = 1 } }", "operation.move_cost.small.kw: .*did you mean 'kwh'"),
        ("2", "operation.move_cost: 2, expected"),
    ],
)
def test_a_move_cost_that_cannot_be_is_refused(tmp_path: Path, stated: str, message: str) -> None:
    with pytest.raises(SlitError, match=message):
        loaded(tmp_path, f"[operation]\nmove_cost = {stated}\n")


def test_minimum_times_are_rounded_up_to_epochs_and_not_beyond_the_horizon(tmp_path: Path) -> None:
    stated = '[operation]\nmin_up_hours = 0.3\nmin_down_hours = { large = 0.25, "*" = 0 }\n'
    problem = compile_problem(loaded(tmp_path, stated))
    assert problem.min_up.tolist() == [2] * 4
    assert problem.min_down.tolist() == [0, 1] * 2
    with pytest.raises(SlitError, match=r"min_up_hours: 1 of small, expected at most 0\.5"):
        compile_problem(loaded(tmp_path, "[operation]\nmin_up_hours = 1\n"))
    for wrong, said in (("-1", "-1, expected a number >= 0"), ("{ smal = 1 }", "'smal', expected")):
        with pytest.raises(SlitError, match=f"operation.min_up_hours.*: {said}"):
            loaded(tmp_path, f"[operation]\nmin_up_hours = {wrong}\n")
