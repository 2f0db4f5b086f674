"""Requests of a log, replayed by a plan."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from operators.types import Genes
from slit.api.replaying import open_trace
from slit.errors import SlitError
from slit.problem import compile_problem
from slit.problem.placements import placements_of
from slit.replay.plan import Replay, ReplaySettings, planned_kwh, serve_plan
from slit.replay.routing import Routing
from slit.replay.summary import summary
from slit.scenario.records import LoadingMode
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


def two_places(scenario: Scenario) -> tuple[Scenario, Genes, list[int]]:
    """Everything at one placement in the first epoch and at another in the second, nodes loaded
    ahead."""
    accounting = scenario.accounting.model_copy(update={"loading": LoadingMode.PREWARM})
    scenario = replace(scenario, accounting=accounting)
    problem = compile_problem(scenario)
    places = np.flatnonzero(problem.allowed.all(axis=0))[:2].tolist()
    epoch = problem.group_epoch[problem.gene_group]
    return scenario, np.array(places)[epoch], places


def test_nodes_that_finish_after_their_epoch_draw_idle_power(
    scenario: Scenario, write: Write
) -> None:
    scenario, plan, (first, second) = two_places(scenario)
    problem = compile_problem(scenario)
    log = open_trace(write((0.0, 40, 1), (119.5, 40, 2000), (150.0, 40, 1)), trace_format="vidur")
    found = serve_plan(plan, problem, scenario, requests=log, settings=ReplaySettings(seed=1))
    placement = placements_of(scenario)[first]
    model = placement.model
    # The second request holds its node from 119.5 s on, of which the first half second was planned.
    writes = 1999 * float(model.step_seconds(1))
    ends = 119.5 + float(model.prefill_seconds(40)) + writes
    assert ends > 121
    watts = placement.node_type.idle_w - placement.node_type.standby_w
    after = min(ends, 240.0) - 120.0
    expected = watts * after / 3.6e6
    assert found.released_kwh[1, first] == pytest.approx(expected, rel=1e-9)
    assert found.released_kwh.sum() == pytest.approx(
        watts * (ends - 120.0) / 3.6e6 if ends > 240 else expected
    )
    assert found.released_kwh[:, second].sum() == 0
    it = found.served.it_kwh.sum() - found.promised.it_kwh.sum()
    above = found.drawn_kwh.sum() - planned_kwh(found.promised).sum()
    assert it == pytest.approx(above + found.released_kwh.sum())


def test_a_request_longer_than_any_replica_is_refused_with_its_line(
    scenario: Scenario, write: Write
) -> None:
    plan, problem = spread_plan(scenario)
    path = write((0.0, 10, 10), (1.0, 10, 10), (1.0, 900_000_000, 10))
    log = open_trace(path, trace_format="vidur")
    with pytest.raises(SlitError) as caught:
        serve_plan(plan, problem, scenario, requests=log)
    message = str(caught.value)
    assert message.startswith(f"{path}:4: 900,000,010 tokens in class ")
    assert "the largest replica that the plan uses for it holds" in message


def test_days_of_a_log_are_parts_as_long_as_the_horizon(scenario: Scenario, write: Write) -> None:
    rows = many(300)
    path = write(*rows, *((240.0 + time, prompt, output) for time, prompt, output in rows[:100]))
    plan, problem = spread_plan(scenario)

    def of_day(day: int) -> Replay:
        log = open_trace(path, trace_format="vidur")
        return serve_plan(plan, problem, scenario, requests=log, settings=ReplaySettings(day=day))

    zero = rows[0][0]
    days = [sum(day * 240 <= t - zero < (day + 1) * 240
                for t, _, _ in (*rows, *((240.0 + t, p, o) for t, p, o in rows[:100])))
            for day in (0, 1)]  # fmt: skip
    assert [of_day(day).generated.sum() for day in (0, 1)] == days
    with pytest.raises(SlitError, match="no requests in day 3"):
        of_day(2)
    with pytest.raises(SlitError, match="day: of generated requests, expected a log"):
        serve_plan(plan, problem, scenario, settings=ReplaySettings(day=0))


def test_a_cached_prefix_of_a_log_by_hand(scenario: Scenario, write: Write) -> None:
    problem = compile_problem(scenario)
    place = int(np.flatnonzero(problem.allowed.all(axis=0))[0])
    log = open_trace(write((0.0, 40, 1)), trace_format="vidur")
    found = serve_plan(
        np.full(problem.genes, place), problem, scenario, requests=log,
        settings=ReplaySettings(cached={"*": 0.9}),
    )  # fmt: skip
    placement = placements_of(scenario)[place]
    by_origin = found.tally.sums.sum(axis=(0, 2))
    network = float(by_origin[:, 0] @ scenario.network_s[0, :, placement.datacenter])
    # 36 of 40 tokens are there: what a prompt of 4 takes.
    expected = network + float(placement.model.prefill_seconds(4))
    assert by_origin[:, 1].sum() == pytest.approx(expected, abs=1e-9)
