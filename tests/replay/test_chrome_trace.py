"""The trace of a node: its iterations and requests, as the table of requests has them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from slit.errors import SlitError
from slit.problem import compile_problem
from slit.problem.placements import placements_of
from slit.replay.chrome_trace import trace_events, watched_node, write_chrome_trace
from slit.replay.plan import ReplaySettings, serve_plan
from slit.replay.summary import summary
from slit.scenario.scenario import Scenario
from tests.stored import small_scenario


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Two epochs of two minutes."""
    return small_scenario(epochs=2, epoch_seconds=120.0)


def test_a_node_in_a_window(scenario: Scenario, tmp_path: Path) -> None:
    problem = compile_problem(scenario)
    place = int(np.flatnonzero(problem.allowed.all(axis=0))[0])
    plan = np.full(problem.genes, place)
    name = placements_of(scenario)[place].name
    settings = ReplaySettings(seed=3)
    node = watched_node(scenario, f"{name}:0", "100:130")  # over the seam of two epochs
    table = tmp_path / "rows.parquet"
    seen = serve_plan(plan, problem, scenario, settings=settings, watched=node, table=table)
    plain = serve_plan(plan, problem, scenario, settings=settings)
    # Looking changes nothing (sums of seconds are cut elsewhere).
    np.testing.assert_allclose(seen.tally.sums, plain.tally.sums, rtol=1e-12)
    np.testing.assert_allclose(seen.drawn_kwh, plain.drawn_kwh, rtol=1e-9)
    assert set(summary(seen)) == set(summary(plain))

    events = trace_events(node, scenario)["traceEvents"]
    runs = [each for each in events if each["ph"] == "X"]
    assert runs
    for r in range(node.replicas):
        mine = [each for each in runs if each["tid"] == r]
        ends = [each["ts"] + each["dur"] for each in mine]
        for before, each in zip(ends, mine[1:], strict=False):
            assert each["ts"] >= before - 1e-3  # us: one after the other
        assert all(100e6 <= end <= 130e6 for end in ends)
    rows = pd.read_parquet(table)
    rows = rows[rows["node"] == node.node]
    latest = rows["arrival_s"] + rows["end_to_end_s"]
    begun = [each for each in events if each["ph"] == "b"]
    assert len(begun) == 2 * len({each["id"] for each in begun})
    arrivals = {each["ts"] / 1e6 for each in begun if each["name"] == "to the first token"}
    # The network is in the table's times alone; it is less than a second.
    sure = rows[(latest >= 101) & (rows["arrival_s"] < 130)]["arrival_s"]
    assert len(sure) > 0
    assert {round(each, 6) for each in sure} <= {round(each, 6) for each in arrivals}
    for begin in begun:
        [end] = [
            each
            for each in events
            if each["ph"] == "e" and (each["id"], each["name"]) == (begin["id"], begin["name"])
        ]
        assert end["ts"] >= begin["ts"]
    file = tmp_path / "trace.json"
    write_chrome_trace(file, node, scenario)
    assert json.loads(file.read_text())["traceEvents"] == events


@pytest.mark.parametrize(
    ("node", "window", "said"),
    [
        ("nowhere", "0:60", "node: nowhere, expected a placement"),
        ("{}:x", "0:60", "expected the number of a node"),
        ("{}", "60", "window: 60, expected FROM:TO"),
        ("{}", "60:60", "expected FROM below TO within 0:240"),
        ("{}", "nan:60", "expected FROM below TO"),
        ("{}:99999", "0:60", "node: .*:99999, expected"),
    ],
)
def test_mistakes(scenario: Scenario, node: str, window: str, said: str) -> None:
    problem = compile_problem(scenario)
    place = int(np.flatnonzero(problem.allowed.all(axis=0))[0])
    name = placements_of(scenario)[place].name
    plan = np.full(problem.genes, place)

    def look() -> None:
        watched = watched_node(scenario, node.format(name), window)
        serve_plan(plan, problem, scenario, watched=watched)

    with pytest.raises(SlitError, match=said):
        look()
