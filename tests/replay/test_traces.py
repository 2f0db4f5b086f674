"""Requests of a log, replayed by a plan."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from slit.api.replaying import open_trace
from slit.errors import SlitError
from slit.problem import compile_problem
from slit.problem.placements import placements_of
from slit.replay.plan import Replay, ReplaySettings, serve_plan
from slit.replay.routing import Routing
from slit.replay.summary import summary
from slit.scenario.scenario import Scenario
from tests.replay.test_plan import spread_plan
from tests.stored import small_scenario

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Two epochs of two minutes."""
    return small_scenario(epochs=2, epoch_seconds=120.0)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*rows: tuple[float, int, int], name: str = "log.csv") -> Path:
        path = tmp_path / name
        lines = ["arrived_at,num_prefill_tokens,num_decode_tokens"]
        lines += [f"{time},{prompt},{output}" for time, prompt, output in rows]
        path.write_text("\n".join(lines) + "\n")
        return path

    return written


def replayed(scenario: Scenario, path: Path, *, threads: int = 1, **settings: object) -> Replay:
    plan, problem = spread_plan(scenario)
    log = open_trace(path, trace_format="vidur")
    stated = ReplaySettings(**settings)  # type: ignore[arg-type]
    return serve_plan(plan, problem, scenario, settings=stated, requests=log, threads=threads)


def many(count: int) -> list[tuple[float, int, int]]:
    rng = np.random.default_rng(8)
    times = np.sort(rng.uniform(0.0, 239.0, count)).tolist()
    sizes = rng.integers(1, 60, (2, count)).tolist()
    return list(zip(times, *sizes, strict=True))


def test_two_requests_by_hand(scenario: Scenario, write: Write) -> None:
    # So far apart that both find their replica idle: the network, and what one prompt takes. The
    # log counts from 1,000 s; its first request begins the horizon.
    problem = compile_problem(scenario)
    place = int(np.flatnonzero(problem.allowed.all(axis=0))[0])
    log = open_trace(write((1000.0, 40, 1), (1100.0, 80, 3)), trace_format="vidur")
    found = serve_plan(np.full(problem.genes, place), problem, scenario, requests=log)
    placement = placements_of(scenario)[place]
    model = placement.model
    by_origin = found.tally.sums.sum(axis=(0, 2))
    network = float(by_origin[:, 0] @ scenario.network_s[0, :, placement.datacenter])
    expected = network + float(model.prefill_seconds(40) + model.prefill_seconds(80))
    assert by_origin[:, 0].sum() == 2
    assert by_origin[:, 1].sum() == pytest.approx(expected, abs=1e-9)
    # Two steps of a batch of one.
    assert by_origin[:, 4].sum() == pytest.approx(2 * float(model.step_seconds(1)), abs=1e-9)
    assert found.generated.sum(axis=1).tolist() == [2, 0]


@pytest.mark.parametrize("routing", [Routing.JSQ, Routing.WRR])
def test_every_request_once_for_any_number_of_threads(
    scenario: Scenario, write: Write, routing: Routing
) -> None:
    path = write(*many(500))
    one = replayed(scenario, path, routing=routing)
    assert one.generated.sum() == 500
    served = one.tally.sums[..., 0].sum()
    assert served + one.refused + one.unserved == 500
    assert summary(replayed(scenario, path, routing=routing, threads=2)) == summary(one)


def test_requests_are_of_classes_and_origins_as_the_demand(
    scenario: Scenario, write: Write
) -> None:
    found = replayed(scenario, write(*many(4000)))
    demand = np.asarray(scenario.demand.requests).sum(axis=0)
    share = found.tally.sums[..., 0].sum(axis=0) / 4000
    # The epochs are half of the log each, whatever their demand.
    by_epoch = np.asarray(scenario.demand.requests)
    expected = (by_epoch / by_epoch.sum(axis=(1, 2), keepdims=True)).mean(axis=0)
    assert share.shape == demand.shape
    assert share == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 4000))


def test_failed_requests_are_counted_and_left_out(scenario: Scenario, write: Write) -> None:
    found = replayed(scenario, write((0.0, 10, 5), (1.0, 10, 0), (2.0, 10, 5)))
    assert (found.left_out, found.generated.sum()) == (1, 2)


def test_order_within_a_minute_does_not_matter(scenario: Scenario, write: Write) -> None:
    rows = (0.0, 10, 5), (90.0, 20, 5), (40.0, 30, 5), (130.0, 40, 5)
    found = replayed(scenario, write(*rows), token_scv=0.0)
    assert found.generated.sum(axis=1).tolist() == [3, 1]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (((0.0, 9, 5), (90.0, 9, 5), (20.0, 9, 5)), r"log.csv:4: 70 s earlier than one before it"),
        (((0.0, 9, 5), (240.0, 9, 5)), r"log.csv:3: 240 s after the start, expected less than 240"),
        ((), "no requests, expected at least one"),
    ],
)
def test_logs_that_do_not_suit(
    scenario: Scenario, write: Write, rows: tuple[tuple[float, int, int], ...], said: str
) -> None:
    with pytest.raises(SlitError, match=said):
        replayed(scenario, write(*rows))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("vidurr", "expected one of .*did you mean"),
        ("vidur", "lengths: .*, expected none"),
    ],
)
def test_what_a_format_does_not_take(write: Write, name: str, said: str) -> None:
    with pytest.raises(SlitError, match=said):
        open_trace(write((0.0, 1, 1)), trace_format=name, lengths="lengths.csv")


def test_rates_are_drawn_until_the_horizon_ends(scenario: Scenario, tmp_path: Path) -> None:
    rates, lengths = tmp_path / "rates.csv", tmp_path / "lengths.csv"
    rates.write_text("t_s,small,large\n0,10,0\n600,1000,5\n")
    rows = "small,0,input_tokens,12\nsmall,0,output_tokens,6\n"
    lengths.write_text("model,t_s,field,mean\n" + rows)
    log = open_trace(rates, trace_format="servegen", model="small", lengths=lengths)
    plan, problem = spread_plan(scenario)
    settings = ReplaySettings(token_scv=0.0)
    found = serve_plan(plan, problem, scenario, settings=settings, requests=log)
    # 10 requests/s for the 240 s of the horizon; the next window is never reached.
    assert found.generated.sum() == pytest.approx(2400, abs=5 * 2400**0.5)
    assert found.tally.sums[..., 5].sum() == 5 * found.events  # tokens after the first
    again = open_trace(rates, trace_format="servegen", model="small", lengths=lengths)
    same = serve_plan(plan, problem, scenario, settings=settings, requests=again, threads=2)
    assert summary(same) == summary(found)
    bare = open_trace(rates, trace_format="servegen", model="small")
    with pytest.raises(SlitError, match="no prompt tokens, expected lengths"):
        serve_plan(plan, problem, scenario, requests=bare)


def test_a_thinned_log_stands_for_all(scenario: Scenario, write: Write) -> None:
    found = replayed(scenario, write(*many(4000)), share=0.5)
    assert found.events < 4000
    assert found.generated.sum() == pytest.approx(4000, rel=0.15)
