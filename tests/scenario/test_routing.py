"""Today's routing as a table: what it says of whom and when, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import slit
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.export import write_routing
from slit.ledger import write_ledger
from slit.objectives import find
from slit.problem import compile_problem
from slit.problem.today import today_plan
from slit.scenario.check import check_and_load
from slit.scenario.records import Horizon, Residency
from slit.scenario.routing import BEFORE, Routing
from slit.scenario.routing_table import with_today_file
from slit.scenario.scenario import Demand, Scenario
from slit.scenario.store import read_scenario, save_scenario, scenario_hash
from tests.hand import hand_scenario

HERE, THERE = (0, 0, 10), (1, 0, 10)
"""Pool, variant and batch."""
TINY = "origin,class,pool,variant,share\n"


def routed(scenario: Scenario, text: str, folder: Path) -> Scenario:
    file = folder / "today.csv"
    file.write_text(text)
    return with_today_file(scenario, file)


def day(hours: int) -> Scenario:
    """The scenario by hand over so many hours."""
    one = hand_scenario()
    return replace(
        one,
        horizon=Horizon(start=one.horizon.start, epochs=hours),
        signals=replace(
            one.signals,
            **{
                name: np.repeat(getattr(one.signals, name)[:1], hours, axis=0)
                for name in ("carbon", "price", "ewif", "pue", "wue", "blowdown", "renewable")
            },
        ),
        demand=Demand(*(np.full((hours, 1, 1), value) for value in (1800.0, 200.0, 800.0))),
    )


def test_shares_of_every_hour(tmp_path: Path) -> None:
    """By hand: 0.25 of one chunk goes whole to the larger share, of two chunks 0.75 : 1.25."""
    text = "datacenter,variant,share\nhere,model,0.75\nthere,model,0.25\n"
    scenario = routed(hand_scenario(), text, tmp_path)
    routing = Routing(scenario)
    for epoch in (BEFORE, 0, 1):
        assert routing.shares(epoch, 0, 0) == {HERE: 0.75, THERE: 0.25}
    plan = today_plan(compile_problem(scenario), scenario)
    assert plan.tolist() == [0, 0, 0]
    half = routed(scenario, text.replace("0.75", "0.7").replace("0.25", "0.3"), tmp_path)
    assert today_plan(compile_problem(half), half).tolist() == [0, 0, 1]


def test_rows_of_a_group_go_before_those_for_all(tmp_path: Path) -> None:
    rows = (
        ",,sunny-h100,small,1\n,code,sunny-h100,large,1\nwest,,windy-h100,large,1\n"
        "west,chat,windy-h100,small,0.5\nwest,chat,sunny-h100,small,0.5\n"
    )
    routing = Routing(routed(slit.load_scenario("tiny"), TINY + rows, tmp_path))
    chat, code, east, west = 0, 1, 0, 1
    assert routing.shares(0, east, chat) == {(0, 0, 32): 1}
    assert routing.shares(0, east, code) == {(0, 1, 32): 1}
    assert routing.shares(0, west, code) == {(1, 1, 32): 1}
    assert routing.shares(0, west, chat) == {(1, 0, 32): 0.5, (0, 0, 32): 0.5}


def test_rows_hold_until_the_next_hour_and_from_day_to_day(tmp_path: Path) -> None:
    """The table has 00:00 to 03:00 of the day before: 3 hours, of which the second is left out."""
    text = "hour,pool,variant,share\n2022-12-31T{}:00Z,{} pool,model,1\n"
    rows = [text.splitlines()[0]]
    rows += [text.splitlines()[1].format(*row) for row in (("00", "here"), ("01", "there"))]
    table = "\n".join([*rows, "2022-12-31T03:00Z,here pool,model,1"]) + "\n"
    routing = Routing(routed(day(4), table, tmp_path))
    assert [routing.shares(t, 0, 0) for t in range(4)] == [
        {HERE: 1}, {THERE: 1}, {THERE: 1}, {HERE: 1},
    ]  # fmt: skip
    # 23:00 of the day before is not in the table: what holds at first counts as before.
    assert routing.shares(BEFORE, 0, 0) == {HERE: 1}
    with pytest.raises(
        SlitError,
        match=r"today.csv: nothing for 2023-01-01T04:00Z, expected rows of every hour of the "
        r"horizon or of its times of day \(it has 2022-12-31T00:00Z to 2022-12-31T03:00Z\)",
    ):
        routed(day(5), table, tmp_path)


def test_the_hour_before_the_horizon_is_what_came_before(tmp_path: Path) -> None:
    rows = [
        f"{stamp}:00Z,{place} pool,model,1"
        for stamp, place in (
            ("2022-12-31T23", "there"), ("2023-01-01T00", "here"), ("2023-01-01T01", "here"),
        )
    ]  # fmt: skip
    table = "\n".join(["hour,pool,variant,share", *rows]) + "\n"
    routing = Routing(routed(hand_scenario(), table, tmp_path))
    assert [routing.shares(t, 0, 0) for t in (BEFORE, 0, 1)] == [{THERE: 1}, {HERE: 1}, {HERE: 1}]


def test_shares_rounded_to_three_digits_are_taken(tmp_path: Path) -> None:
    tail = "pool,variant,share\nhere pool,model,0.333\nhere pool,model,0.333\nthere pool,model,"
    routing = Routing(routed(hand_scenario(), f"{tail}0.333\n", tmp_path))
    assert routing.shares(0, 0, 0) == pytest.approx({HERE: 0.666, THERE: 0.333})
    with pytest.raises(SlitError, match=r"shares sum to 0\.996, expected 1"):
        routed(hand_scenario(), f"{tail}0.33\n", tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"{TINY}east,,sunny-h100,small,1\nwest,,sunny-h100,small,0.7\n",
            "today.csv: origin west, class chat: shares sum to 0.7, expected 1 (all requests)",
        ),
        (
            f"{TINY}west,,sunny-h100,small,1\n",
            "today.csv: origin east, class chat: no row, expected shares of every origin and class "
            "with requests (a row without origin or class counts for all that have none of their "
            "own)",
        ),
        (
            f"{TINY},,suny-h100,small,0.5\n,,windy-h100,small,0.5\n",
            "today.csv:2: pool 'suny-h100', expected one of sunny-h100, windy-h100 (did you mean "
            "'sunny-h100'?)",
        ),
        (
            f"{TINY}Berlin,,windy-h100,small,1\n",
            "today.csv:2: origin 'Berlin', expected one of east, west of tiny, as this is its "
            "routing",
        ),
        (
            f"{TINY},chatt,windy-h100,small,1\n",
            "today.csv:2: class 'chatt', expected one of chat, code of tiny, as this is its "
            "routing (did you mean 'chat'?)",
        ),
        (
            f"{TINY},,windy-h100,smal,1\n",
            "today.csv:2: variant 'smal', expected one of small, large of tiny, as this is its "
            "routing (did you mean 'small'?)",
        ),
        (
            f"{TINY},,windy-h100,small,-0.5\n,,sunny-h100,small,1.5\n",
            "today.csv:2: share '-0.5', expected a number from 0 to 1",
        ),
        (f"{TINY},,windy-h100,small,\n", "today.csv:2: no share '', expected a number from 0 to 1"),
        (
            f"{TINY},,windy-h100,small,60\n,,sunny-h100,small,40\n",
            "today.csv:2: share 60, expected a number from 0 to 1 (of all requests; not per cent, "
            "not requests)",
        ),
        (
            f"{TINY},,windy-h100,small,60 %\n",
            "today.csv:2: share '60 %', expected a share of 1, as 0.6",
        ),
        (f"{TINY},,windy-h100,,1\n", "today.csv:2: no variant, expected its name"),
        (f"{TINY},,,small,1\n", "today.csv:2: neither pool nor datacenter, expected one of them"),
        (TINY, "today.csv: no rows, expected "),
        ("pool,variant\nwindy-h100,small\n", "today.csv: no column 'share', expected one of "),
        ("variant,share\nsmall,1\n", "today.csv: no column 'pool', expected pool or datacenter"),
        (
            "orign,pool,variant,share\neast,windy-h100,small,1\n",
            "today.csv: column 'orign', expected some of hour, origin, class, datacenter, pool, "
            "variant, batch, share (did you mean 'origin'?)",
        ),
        (
            "datacenter,pool,variant,share\nsunny,windy-h100,small,1\n",
            "today.csv:2: datacenter sunny, expected windy (of windy-h100)",
        ),
        (
            "hour,pool,variant,share\n2023-06-21T12:00Z,windy-h100,small,1\n,sunny-h100,small,1\n",
            "today.csv:3: no hour, expected one in every row or in none",
        ),
        (
            "hour,pool,variant,share\n2023-06-21T12:00,windy-h100,small,1\n",
            "today.csv:2: '2023-06-21T12:00'",
        ),
    ],
)
def test_what_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SlitError) as refusal:
        routed(slit.load_scenario("tiny"), text, tmp_path)
    assert str(refusal.value).removeprefix(f"{tmp_path}/").startswith(message)
    assert ", expected " in str(refusal.value)


def test_a_datacenter_with_several_pools_needs_the_pool(tmp_path: Path) -> None:
    scenario = slit.load_scenario("world-day", hours=1)
    center = scenario.pools[0].datacenter
    here = [pool.name for pool in scenario.pools if pool.datacenter == center]
    assert len(here) == 2
    text = f"datacenter,variant,share\n{center},llama-3-8b,1\n"
    with pytest.raises(SlitError, match=rf"expected a pool \(it has {', '.join(here)}\)"):
        routed(scenario, text, tmp_path)


def test_rules_hold_for_today_too(tmp_path: Path) -> None:
    rule = Residency(origins=("west",), datacenters=("sunny",))
    scenario = replace(slit.load_scenario("tiny"), residency=(rule,))
    with pytest.raises(
        SlitError,
        match=r"origin west, class chat: windy-h100/small may not serve it \(residency rules\), "
        r"expected some of sunny-h100/small, sunny-h100/large",
    ):
        routed(scenario, f"{TINY},,windy-h100,small,1\n", tmp_path)
    fitting = routed(
        scenario, f"{TINY}east,,windy-h100,small,1\nwest,,sunny-h100,small,1\n", tmp_path
    )
    problem = compile_problem(fitting)
    plan = today_plan(problem, fitting)
    Evaluator(problem, fitting, objectives=find(["carbon"])).check(plan[None])


def with_points(scenario: Scenario) -> Scenario:
    """Every service also at half the batch."""
    more = [s.model_copy(update={"batch": s.batch // 2}) for s in scenario.services]
    return replace(scenario, services=(*scenario.services, *more))


def test_of_several_operating_points_the_batch_is_named(tmp_path: Path) -> None:
    scenario = with_points(slit.load_scenario("tiny"))
    with pytest.raises(
        SlitError,
        match=r"today\.csv:2: sunny-h100 for small: batch not stated, expected one of 16, 32 ",
    ):
        routed(scenario, f"{TINY},,sunny-h100,small,1\n", tmp_path)
    text = "pool,variant,batch,share\nsunny-h100,small,16,0.5\nsunny-h100,small,32,0.5\n"
    routing = Routing(routed(scenario, text, tmp_path))
    assert routing.shares(0, 0, 0) == {(0, 0, 16): 0.5, (0, 0, 32): 0.5}
    with pytest.raises(SlitError, match="batch 64, expected one of 16, 32"):
        routed(scenario, text.replace(",32,", ",64,"), tmp_path)
    with pytest.raises(SlitError, match="batch 'x', expected a whole number from 1"):
        routed(scenario, text.replace(",32,", ",x,"), tmp_path)


@pytest.mark.parametrize("points", [False, True])
def test_what_is_written_of_a_plan_is_read_as_that_plan(points: bool, tmp_path: Path) -> None:
    scenario = slit.load_scenario("world-day", hours=2)
    scenario = with_points(scenario) if points else scenario
    problem = compile_problem(scenario)
    rng = np.random.default_rng(1)
    genes = [rng.choice(np.flatnonzero(problem.allowed[j])) for j in problem.gene_group]
    plan = np.array(genes, dtype=np.int16)
    file = write_routing(write_ledger(plan, problem, scenario), tmp_path)
    again = with_today_file(scenario, file)
    read = today_plan(problem, again)
    before, after = (write_ledger(each, problem, scenario) for each in (plan, read))
    assert (before.counts == after.counts).all()
    judge = Evaluator(problem, scenario, objectives=find(["carbon", "quality", "ttft"]))
    values = judge.evaluate(np.stack([plan, read])).F
    assert (values[0] == values[1]).all()


def test_it_is_kept_with_the_scenario_and_counts_in_its_hash(tmp_path: Path) -> None:
    plain = slit.load_scenario("tiny")
    scenario = routed(plain, f"{TINY},,windy-h100,small,1\n", tmp_path)
    assert scenario_hash(scenario) != scenario_hash(plain)
    save_scenario(scenario, tmp_path)
    assert read_scenario(tmp_path).today == scenario.today
    assert scenario_hash(replace(scenario, today=())) == scenario_hash(plain)


def test_a_scenario_file_names_its_routing(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'schema = 1\nname = "mine"\nextends = "tiny"\n\n[operation]\ntoday = "today.csv"\n'
    )
    (tmp_path / "today.csv").write_text(f"{TINY},,windy-h100,small,1\n")
    assert slit.load_scenario(file).today[0].pool == "windy-h100"
    (tmp_path / "today.csv").write_text(f"{TINY},,windy-h100,small,0.5\n")
    findings, scenario = check_and_load(file)
    assert scenario is None
    [error] = [finding for finding in findings if finding.severity == "error"]
    assert str(error) == (
        f"{file}: operation.today: {tmp_path / 'today.csv'}: origin east, class chat: shares sum "
        "to 0.5, expected 1 (all requests)"
    )
