"""A cell as the last mile of a scenario: by hand, hour by hour, and what a plan makes of it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from slit.commands.app import app
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.papers.aolo.last_mile import last_mile
from slit.papers.aolo.requests import draw_requests, load_cell_day, signal_over_noise
from slit.papers.aolo.stations import STATIONS
from slit.problem import compile_problem
from slit.scenario.load import load_scenario
from tests.hand import hand_scenario


def test_seconds_and_joules_of_cell_tiny_by_hand() -> None:
    day = load_cell_day("cell-tiny")
    requests = draw_requests(day, np.random.default_rng(0))
    found = last_mile(day, requests)
    cell, kind = day.file.cells[0], day.file.classes[0]
    station = STATIONS[cell.station]
    snr = signal_over_noise(day, requests)
    hertz = cell.bandwidth_mhz * 1e6
    transceivers = station.transceivers / station.sectors
    up = (
        requests.prompt
        * kind.prompt_bits_per_token
        / (np.log2(1 + snr / transceivers * cell.device_w) * hertz)
    )
    token = kind.bits_per_token / (np.log2(1 + snr * cell.most_w) * hertz)
    assert float(found.seconds[0]) == pytest.approx(up.mean() + token.mean(), rel=1e-9)
    static = transceivers * station.static_w * day.file.chain.static_share
    down = requests.wanted * token
    watts = static + transceivers * station.slope * cell.most_w
    assert float(found.joules[0]) == pytest.approx((up * static + down * watts).mean(), rel=1e-9)
    assert found.requests.sum() == len(requests)


def test_the_last_mile_of_an_hour_is_that_of_its_users() -> None:
    day = load_cell_day("cell-day")
    requests = draw_requests(day, np.random.default_rng(0))
    road = last_mile(day, requests, users=["road spoken"])
    office = last_mile(day, requests, users=["office text"])
    assert road.requests[22] == 10
    assert road.requests[21] == 20
    assert road.seconds.mean() > 2 * office.seconds.mean()
    both = last_mile(day, requests, users=["road spoken", "office text"])
    mean = (road.seconds * road.requests + office.seconds * office.requests) / both.requests
    np.testing.assert_allclose(both.seconds, mean)
    dirtier = replace(day, carbon=day.carbon * 3)
    np.testing.assert_allclose(last_mile(dirtier, requests).joules, last_mile(day, requests).joules)
    with pytest.raises(SlitError, match=r"users: 'rod spoken', expected some of .*did you mean"):
        last_mile(day, requests, users=["rod spoken"])


def test_the_command_prints_what_an_origin_takes() -> None:
    result = CliRunner().invoke(app, ["wireless", "last-mile", "--users", "road spoken", "--json"])
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)
    edge = load_scenario("edge-day")
    assert list(edge.origins[1].last_mile_ms) == content["last_mile_ms"]  # type: ignore[arg-type]
    shown = CliRunner().invoke(app, ["wireless", "last-mile", "cell-tiny"]).stdout
    assert shown.splitlines()[-1].startswith("last_mile_ms = [")


def test_a_last_mile_by_epoch_shifts_the_first_token_of_its_epoch() -> None:
    scenario = hand_scenario()
    [origin] = scenario.origins
    slow = origin.model_copy(update={"last_mile_ms": (10.0, 250.0)})
    problem = compile_problem(replace(scenario, origins=(slow,)))
    before = compile_problem(scenario)
    shift = np.where(before.group_epoch == 1, 0.24, 0.0)
    np.testing.assert_allclose(problem.base_ttft, before.base_ttft + shift[:, None])
    for wrong in ((10.0,), (10.0, 20.0, 30.0)):
        with pytest.raises(
            SlitError, match=r"origins\.town\.last_mile_ms: \d figures, .* 2 epochs"
        ):
            replace(scenario, origins=(origin.model_copy(update={"last_mile_ms": wrong}),))


def test_only_the_edge_keeps_the_promise_while_the_link_is_slow() -> None:
    """An hour in which the last mile takes most of the promise: late anywhere but at the edge."""
    scenario = load_scenario("edge-day")
    problem = compile_problem(scenario)
    edge = problem.placement_datacenter == 0
    judge = Evaluator(problem, scenario, objectives=find(["slo_violation"]))
    slow = np.array([(*(40.0,) * 12, 300.0, *(40.0,) * 11)]).ravel()
    origins = tuple(o.model_copy(update={"last_mile_ms": tuple(slow)}) for o in scenario.origins)
    slower = compile_problem(replace(scenario, origins=origins))
    chat = (slower.group_class == 0) & (slower.group_epoch == 12)
    small = edge & (slower.placement_variant == slower.placement_variant[edge][0])
    far = problem.placement_datacenter == 2
    assert (slower.service[np.ix_(chat, small)][..., 0] > 0).any()  # slack at the edge
    assert (slower.service[np.ix_(chat, far)][..., 0] < 0).all()  # none beyond the ocean
    assert judge.names == ("slo_violation",)
