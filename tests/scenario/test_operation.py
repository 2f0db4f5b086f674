"""Nodes that stay warm, as a scenario file states them."""

from dataclasses import replace
from pathlib import Path

import pytest

from slit.errors import SlitError
from slit.problem import compile_problem
from slit.scenario.check import check_and_load
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
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
            "operation.warm_nodes.variant: 'smal', expected one of small, large .did you mean",
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
