"""A plan served request by request, and what it promised beside what came out."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from operators.types import Floats, Integers, Longs
from slit.compute import map_items
from slit.data.request_log import RequestStream
from slit.errors import SlitError, did_you_mean
from slit.kernels.model import last_node_energy
from slit.ledger import Ledger, with_energy, write_ledger
from slit.problem import Problem
from slit.problem.placements import placements_of
from slit.replay.arrays import Dispatch
from slit.replay.arrivals import GeneratedRequests
from slit.replay.chrome_trace import WatchedNode
from slit.replay.engines import ServingPlacement, serving_placements
from slit.replay.rates import RatedRequests, Rates
from slit.replay.routed_shares import routed_shares
from slit.replay.routing import Routing
from slit.replay.serve import (
    Observers,
    PlacementRun,
    RequestSource,
    replicas_by_epoch,
    serve_placement,
)
from slit.replay.served_table import ServedTable
from slit.replay.tally import SUMS, Scales, Tally, empty_tally, quantile
from slit.replay.traces import TraceRequests
from slit.scenario.scenario import Scenario
from slit.waits import SHARES, first_token_quantiles

ALL_CLASSES = "*"
BACKLOG_S, OVERLOAD_S = 60.0, 600.0
"""A placement is backlogged, or overloaded, where so many seconds of arrivals wait when an epoch
ends."""


_DISPATCH = {
    Routing.RANDOM: Dispatch.RANDOM,
    Routing.WRR: Dispatch.ROUND_ROBIN,
    Routing.JSQ: Dispatch.SHORTEST_QUEUE,
}


class Verdict(StrEnum):
    """How a placement ended an epoch."""

    STABLE = "stable"
    BACKLOGGED = "backlogged"
    OVERLOADED = "overloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySettings:
    """How a plan is replayed."""

    seed: int = 1
    routing: Routing = Routing.JSQ
    share: float = 1.0  # of requests, on the same share of replicas
    token_scv: float | None = None  # of prompts and answers; None: the scenario's service_scv
    drain_s: float = 3600.0  # after the horizon, to finish what is begun
    grid: int | None = None  # weights of a gateway are whole parts of it; None: the plan's shares
    cached: Mapping[str, float] = field(default_factory=dict)
    """Share of prompt tokens that a prefix cache holds, by class (`ALL_CLASSES`: of each that is
    not named), in the place of the scenario's."""
    day: int | None = None  # of a log of several, from 0; None: it is one

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise SlitError(f"share: {self.share:g}, expected above 0 to 1 (of the requests)")
        if self.drain_s < 0:
            raise SlitError(f"drain: {self.drain_s:g}, expected 0 or more (s)")
        if self.token_scv is not None and not 0 <= self.token_scv <= 100:
            raise SlitError(
                f"token_scv: {self.token_scv:g}, expected 0 to 100 (squared coefficient of "
                "variation of prompt and output tokens)"
            )
        if self.grid is not None and not 1 <= self.grid <= 2**20:
            raise SlitError(f"grid: {self.grid}, expected 1 to {2**20} (parts of a weight)")
        for name, share in self.cached.items():
            if not 0 <= share <= 0.99:
                raise SlitError(
                    f"cached: {share:g} of {name}, expected 0 to 0.99 (share of prompt tokens)"
                )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Replay:
    """What came of a plan. T epochs, P placements, O origins, K classes, D datacenters."""

    promised: Ledger
    served: Ledger  # the same, with the energy that was drawn
    settings: ReplaySettings
    tally: Tally
    by_datacenter: Floats  # (D, 8) sums as `tally.SUMS`
    first_tokens: Floats  # (2, P) requests served, and the sum of their times to first token, s
    drawn_kwh: Floats  # (T, P) above idle
    released_kwh: Floats  # (T, P) idle power of nodes that finish after the epoch they were for
    generated: Floats  # (T, P) requests
    waiting: Floats  # (T, P) requests in queue at the end of each epoch
    busy_s: Floats  # (T, P) node-seconds with work
    running: Floats  # (T, P) mean sequences of a busy replica
    refused_by_class: Floats  # (K,) longer than the memory of the replica they were sent to
    longest_refused: Longs  # (K,) tokens of the longest of them, 0 without any
    most_tokens: Longs  # (K,) that a replica which the plan uses for the class holds
    unserved: float
    preemptions: int
    events: int  # requests that were really served: fewer where thinned
    left_out: int | None = None  # entries of a log that are no served requests; None: no log

    @property
    def refused(self) -> float:
        """Requests longer than the memory of the replica they were sent to."""
        return float(self.refused_by_class.sum())

    @property
    def verdicts(self) -> list[list[Verdict | None]]:
        """(T, P): how each placement ended each epoch; None where it had no requests."""
        epoch = self.promised.problem.epoch_seconds
        with np.errstate(divide="ignore", invalid="ignore"):
            seconds = np.where(self.generated > 0, self.waiting / self.generated * epoch, np.nan)
        return [[_verdict(float(each)) for each in row] for row in seconds]

    @property
    def utilization(self) -> Floats:
        """(T, P) busy share of active nodes; 0 where there are none."""
        problem = self.promised.problem
        capacity = self.promised.nodes * problem.epoch_seconds
        share = np.zeros_like(self.busy_s)
        np.divide(self.busy_s, capacity, out=share, where=capacity > 0)
        return share


def _verdict(seconds: float) -> Verdict | None:
    if np.isnan(seconds):
        return None
    if seconds > OVERLOAD_S:
        return Verdict.OVERLOADED
    return Verdict.BACKLOGGED if seconds > BACKLOG_S else Verdict.STABLE


def serve_plan(
    plan: Integers,
    problem: Problem,
    scenario: Scenario,
    *,
    settings: ReplaySettings | None = None,
    requests: RequestStream | Rates | None = None,
    table: str | Path | None = None,
    watched: WatchedNode | None = None,
    threads: int = 1,
) -> Replay:
    """Serve the demand of a scenario, or the `requests` of a log, by a plan (G,), one by one.

    Placements do not depend on each other once requests are routed, so threads run over them; the
    result does not depend on their number. `table` is a Parquet file to write, with a row a request
    (`ServedTable` says which columns). `watched` gets what a node does.

    Raises:
        SlitError: a plan of another problem; a log that does not suit the scenario.
    """
    settings = settings or ReplaySettings()
    ledger = write_ledger(plan, problem, scenario)
    placements = placements_of(scenario)
    places = serving_placements(scenario, placements)
    running = np.stack(
        [
            replicas_by_epoch(ledger, p, each.replicas, settings.share)
            for p, each in enumerate(places)
        ],
        axis=1,
    )
    full = ledger.nodes * np.array([each.replicas for each in places])
    keep = np.divide(running, full, out=np.ones(full.shape), where=full > 0)
    scales = _scales(problem, scenario, keep)
    shares = routed_shares(ledger, grid=settings.grid)
    most = _most_tokens(ledger, places, shares)
    if watched is not None:
        each_has = [each.replicas for each in places]
        watched.check(running, each_has, epoch_s=problem.epoch_seconds)

    def serve(source: RequestSource, rows: ServedTable | None) -> Replay:
        def one(p: int) -> PlacementRun:
            each = places[p].replicas
            with (
                nullcontext()
                if rows is None
                else rows.of_placement(p, scales[p], replicas=each) as written
            ):
                return serve_placement(
                    source, p, places[p], scales[p], running[:, p],
                    dispatch=_DISPATCH[settings.routing], drain_s=settings.drain_s,
                    observers=Observers(written, watched if watched and watched.p == p else None),
                )  # fmt: skip

        used = np.flatnonzero((shares > 0).any(axis=0) | (ledger.nodes > 0).any(axis=0))
        # The longest first, so that no thread waits for it at the end.
        work = ledger.group_requests.sum(axis=0)[used]
        used = used[np.argsort(-work, kind="stable")]
        found = map_items(one, [int(p) for p in used], threads=threads)
        runs = dict(zip(used.tolist(), found, strict=True))
        return _joined(ledger, settings, runs, most, scales[0])

    with TemporaryDirectory() as folder:
        rows = None
        if table is not None:
            rows = ServedTable(Path(table), scenario, placements, Path(folder))
        if requests is None:
            replay = serve(_generated(ledger, settings, shares, keep), rows)
        else:
            stream = _stream(requests, ledger, settings)
            source = TraceRequests(
                stream=stream, ledger=ledger, seed=settings.seed, routing=settings.routing,
                shares=shares, cached=_cached(scenario, settings), most_tokens=most, keep=keep,
                folder=Path(folder), day=settings.day,
            )  # fmt: skip
            source.read()
            replay = replace(serve(source, rows), left_out=stream.left_out)
        if rows is not None:
            rows.join()
    return replay


def _scales(problem: Problem, scenario: Scenario, keep: Floats) -> list[Scales]:
    """What requests are judged by at each placement, of which `keep` (T, P) are served."""
    network_s = scenario.network_s
    return [
        Scales(
            epoch_s=problem.epoch_seconds,
            weight=1.0 / keep[:, p],
            network_s=np.ascontiguousarray(network_s[:, :, each.datacenter]),
            slo_s=np.array(problem.slo),
            accuracy=np.ascontiguousarray(problem.accuracy[:, p]),
        )
        for p, each in enumerate(placements_of(scenario))
    ]


def _most_tokens(ledger: Ledger, places: list[ServingPlacement], shares: Floats) -> Longs:
    """(K,) tokens of a request that the largest replica holds which a class is sent to."""
    problem = ledger.problem
    holds = np.where(shares > 0, [each.engine.most_tokens for each in places], 0).max(axis=1)
    most = np.zeros(len(ledger.scenario.classes), np.int64)
    np.maximum.at(most, problem.group_class, holds)
    return most


def _cached(scenario: Scenario, settings: ReplaySettings) -> Floats:
    """(K,) share of prompt tokens that a prefix cache holds."""
    names = [each.name for each in scenario.classes]
    for name in settings.cached:
        if name not in (*names, ALL_CLASSES):
            raise SlitError(
                f"cached: class {name}, expected one of {', '.join(names)}"
                f"{did_you_mean(name, names)}"
            )
    stated = settings.cached
    of_all = stated.get(ALL_CLASSES)
    return np.array(
        [
            stated.get(each.name, each.cached_prompt_share if of_all is None else of_all)
            for each in scenario.classes
        ]
    )


def _generated(
    ledger: Ledger, settings: ReplaySettings, shares: Floats, keep: Floats
) -> GeneratedRequests:
    if settings.day is not None:
        raise SlitError("day: of generated requests, expected a log")
    arrival_scv, token_scv = _variation(ledger, settings)
    return GeneratedRequests(
        ledger=ledger, seed=settings.seed, routing=settings.routing, shares=shares,
        cached=_cached(ledger.scenario, settings),
        arrival_scv=arrival_scv, token_scv=token_scv, keep=keep,
    )  # fmt: skip


def _stream(
    requests: RequestStream | Rates, ledger: Ledger, settings: ReplaySettings
) -> RequestStream | RatedRequests:
    """Single requests, drawn where there are only rates."""
    if not isinstance(requests, Rates):
        return requests
    arrival_scv, token_scv = _variation(ledger, settings)
    horizon_s = ledger.problem.epochs * ledger.problem.epoch_seconds
    return RatedRequests(
        rates=requests, horizon_s=horizon_s * (1 + (settings.day or 0)),
        seed=settings.seed, arrival_scv=arrival_scv, token_scv=token_scv,
    )  # fmt: skip


def _variation(ledger: Ledger, settings: ReplaySettings) -> tuple[float, float]:
    """Squared coefficients of variation of gaps and of token lengths."""
    accounting, stated = ledger.scenario.accounting, settings.token_scv
    return accounting.arrival_scv, accounting.service_scv if stated is None else stated


def _joined(
    ledger: Ledger,
    settings: ReplaySettings,
    runs: dict[int, PlacementRun],
    most_tokens: Longs,
    scales: Scales,
) -> Replay:
    problem = ledger.problem
    shape = problem.epochs, problem.placements
    generated, waiting, busy, running, joules, released = np.zeros((6, *shape))
    by_datacenter = np.zeros((problem.datacenters, len(SUMS)))
    first_tokens = np.zeros((2, problem.placements))
    refused, longest = np.zeros(len(most_tokens)), np.zeros(len(most_tokens), np.int64)
    tally = empty_tally(scales)
    for p in sorted(runs):
        run = runs[p]
        for whole, part in zip(tally, run.tally, strict=True):
            np.add(whole, part, out=whole)
        refused += run.refused
        longest = np.maximum(longest, run.longest)
        sums = run.tally.sums.sum(axis=(0, 1, 2))
        by_datacenter[problem.placement_datacenter[p]] += sums
        first_tokens[:, p] = sums[:2]
        generated[:, p], waiting[:, p] = run.generated, run.waiting
        busy[:, p], running[:, p], joules[:, p] = run.busy_s, run.running, run.joules
        released[:, p] = run.released_joules
    drawn, released = joules / 3.6e6, released / 3.6e6
    difference = drawn + released - planned_kwh(ledger)
    it = np.array(ledger.it_kwh)
    np.add.at(it.T, problem.placement_datacenter, difference.T)
    return Replay(
        promised=ledger,
        served=with_energy(ledger, it),
        settings=settings,
        tally=tally,
        by_datacenter=by_datacenter,
        first_tokens=first_tokens,
        drawn_kwh=drawn,
        released_kwh=released,
        generated=generated,
        waiting=waiting,
        busy_s=busy,
        running=running,
        refused_by_class=refused,
        longest_refused=longest,
        most_tokens=most_tokens,
        unserved=sum(run.unserved for run in runs.values()),
        preemptions=sum(run.preemptions for run in runs.values()),
        events=sum(run.events for run in runs.values()),
    )


def planned_kwh(ledger: Ledger) -> Floats:
    """(T, P) kWh above idle that a plan counts for the work of its placements, partly filled nodes
    included."""
    problem = ledger.problem
    cells: Longs = np.zeros((2, problem.epochs, problem.placements), np.int64)
    for column in range(2):  # work, energy
        np.add.at(cells[column], problem.group_epoch, ledger.counts * problem.chunk[:, :, column])
    work, energy = cells
    if problem.last_node.shape[1]:
        for t, p in np.argwhere(work > 0):
            curve = problem.last_node[p]
            energy[t, p] += last_node_energy(work[t, p], problem.node_ticks, curve)
    return np.asarray(energy * problem.kwh_per_energy_tick)


def promised_figures(ledger: Ledger) -> dict[str, float]:
    """What a plan promises: objectives by name, quantiles of the time to the first token, share of
    late requests, node-hours."""
    totals = ledger.totals()
    named = {
        f"ttft_p{100 * share:g}_s": float(value)
        for share, value in zip(SHARES, first_token_quantiles(ledger), strict=True)
    }
    return totals | named | {"late_share": totals["slo_violation"], "nodes": _node_hours(ledger)}


def served_figures(replay: Replay) -> dict[str, float]:
    """The same of what was served. Requests that were refused or not served count as late and
    without quality; times are of those that were served."""
    sums = replay.tally.sums.sum(axis=(0, 1, 2))
    column = dict(zip(SUMS, sums, strict=True))
    every = column["requests"] + replay.refused + replay.unserved
    late = (column["late"] + replay.refused + replay.unserved) / every if every else 0.0
    histogram = replay.tally.histograms[0].sum(axis=0)
    totals = replay.served.totals() | {
        "ttft": column["ttft_s"] / column["requests"] if column["requests"] else float("nan"),
        "slo_violation": late,
        "quality": 1.0 - column["quality"] / every if every else 0.0,
    }
    named = {f"ttft_p{100 * share:g}_s": quantile(histogram, share) for share in SHARES}
    return totals | named | {"late_share": late, "nodes": _node_hours(replay.promised)}


def _node_hours(ledger: Ledger) -> float:
    return float(ledger.nodes.sum() * ledger.problem.epoch_seconds / 3600)
