"""Requests of a log: whom they go to by the plan's shares, epoch by epoch on disk."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from operators.types import Floats, Integers, Longs
from slit.data.request_log import RequestStream, entry_of
from slit.errors import SlitError
from slit.ledger import Ledger
from slit.replay.arrays import Records, Requests
from slit.replay.arrivals import Part, cached_tokens, interleaved
from slit.replay.rates import RatedRequests
from slit.replay.routing import Routing

WINDOW_S = 60.0
"""A log may be so much out of order: single requests are written when they end."""
ROUTED = np.dtype(
    [
        ("arrival_s", np.float64),
        ("prompt", np.int64),
        ("output", np.int64),
        ("group", np.int64),
        ("cached", np.int64),
        ("placement", np.int64),
    ]
)
"""A request of an epoch, sorted by placement and arrival."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TraceRequests:
    """The requests of a log in the place of a scenario's demand, sent as a plan routes it.

    A log with dates whose first lies within the horizon is replayed at its dates; any other begins
    with the horizon. A request is of an origin and class by their shares of the epoch's demand, at
    random. `keep` (T, P) thins: a request stays with this probability. `day` takes that part of a
    longer log, each as long as the horizon; None: the log is no longer than that.

    `read` once, then ask for `parts`; epochs wait in `folder`, one at a time is in memory.
    """

    stream: RequestStream | RatedRequests
    ledger: Ledger
    seed: int
    routing: Routing
    shares: Floats  # (J, P) of a group's requests, by placement
    cached: Floats  # (K,) share of prompt tokens that a prefix cache holds
    most_tokens: Longs  # (K,) of a request that the plan can serve
    keep: Floats
    folder: Path
    day: int | None = None
    offsets: dict[int, Longs] = field(default_factory=dict)
    """By epoch, (P + 1,): where the requests of each placement begin."""

    def read(self) -> None:
        """Route the whole log.

        Raises:
            SlitError: requests outside the horizon, or where the scenario has no demand, or longer
                than any replica that the plan uses for their class holds; a log that is not
                sorted, with the entry; lengths that it does not hold.
        """
        epoch, count = self.ledger.problem.epoch_seconds, self.ledger.problem.epochs
        held, latest, done, zero = np.zeros((4, 0)), -np.inf, 0, None
        any_found = False
        for batch in self.stream.batches():
            self._check_lengths(batch.prompt, batch.output)
            if zero is None:
                zero = self._zero(float(batch.seconds.min())) + (self.day or 0) * count * epoch
            seconds = batch.seconds - zero
            so_far = np.maximum(latest, np.maximum.accumulate(seconds))
            behind = np.flatnonzero(seconds < so_far - WINDOW_S)
            if len(behind):
                n = behind[0]
                raise SlitError(
                    f"{entry_of(self.stream.path, int(batch.rows[n]))}: {so_far[n] - seconds[n]:g} "
                    f"s earlier than one before it, expected requests by time (at most "
                    f"{WINDOW_S:g} s out of order)"
                )
            latest = float(so_far[-1])
            if latest >= count * epoch and self.day is None:
                n = int(np.argmax(so_far >= count * epoch))
                raise SlitError(
                    f"{entry_of(self.stream.path, int(batch.rows[n]))}: {seconds[n]:g} s after the "
                    f"start, expected less than {count * epoch:g} (the horizon; cut the log)"
                )
            columns = np.maximum(seconds, 0.0), batch.prompt, batch.output, batch.rows
            found = np.stack([np.asarray(column, np.float64) for column in columns])
            if self.day is not None:
                found = found[:, (seconds >= 0) & (seconds < count * epoch)]
            held = np.concatenate([held, found], axis=1)
            while done < count and latest - WINDOW_S >= (done + 1) * epoch:
                ready = held[0] < (done + 1) * epoch
                self._route(done, held[:, ready])
                held, done = held[:, ~ready], done + 1
            any_found = any_found or found.shape[1] > 0
        if not any_found:
            which = "" if self.day is None else f" in day {self.day + 1}"
            raise SlitError(f"{self.stream.path}: no requests{which}, expected at least one")
        for t in range(done, count):
            now = (held[0] >= t * epoch) & (held[0] < (t + 1) * epoch)
            self._route(t, held[:, now])

    def parts(self, t: int, p: int) -> Iterator[Part]:
        """The requests of placement p in epoch t."""
        first, last = self.offsets[t][p : p + 2]
        found: Records = np.load(self._file(t), mmap_mode="r")[first:last]
        until = (t + 1) * self.ledger.problem.epoch_seconds
        columns = (np.array(found[name]) for name in Requests._fields)
        yield Part(until, Requests(*columns))

    def _zero(self, first: float) -> float:
        """The time of the log at which the horizon begins, s."""
        horizon, clock = self.ledger.scenario.horizon, self.stream.clock
        start = horizon.start.timestamp()
        length = horizon.epochs * horizon.epoch_seconds
        dated = clock is not None and clock.calendar
        return start if dated and start <= first < start + length else first

    def _check_lengths(self, prompt: Floats, output: Floats) -> None:
        for name, tokens in (("prompt", prompt), ("output", output)):
            if np.isnan(tokens).any():
                raise SlitError(f"{self.stream.path}: no {name} tokens, expected a column of them")

    def _route(self, t: int, requests: Floats) -> None:
        """Send the requests (4, N) of an epoch to placements, and write them down."""
        problem, ledger = self.ledger.problem, self.ledger
        order = np.argsort(requests[0], kind="stable")
        arrival, prompt, output, row = requests[:, order]
        groups = np.arange(problem.epoch_group[t], problem.epoch_group[t + 1])
        if len(arrival) and not len(groups):
            raise SlitError(
                f"{self.stream.path}: {len(arrival)} requests in epoch {t}, expected none where "
                "the scenario has no demand (nobody planned for them)"
            )
        rng = np.random.default_rng([self.seed, t])
        weight = problem.group_requests[groups].cumsum()
        drawn = rng.random(len(arrival)) * (weight[-1] if len(weight) else 0.0)
        group = np.searchsorted(weight[:-1], drawn, "right")
        placement = np.zeros(len(arrival), np.int64)
        uniform, thinned = rng.random((2, len(arrival)))
        for n, j in enumerate(groups):
            mine = np.flatnonzero(group == n)
            used = np.flatnonzero(self.shares[j])
            share = self.shares[j, used]
            if self.routing is Routing.WRR:
                placement[mine] = used[interleaved(share, len(mine))]
            else:
                placement[mine] = used[np.searchsorted(share.cumsum()[:-1], uniform[mine], "right")]
        classes = len(ledger.scenario.classes)
        routed = np.zeros(len(arrival), ROUTED)
        routed["arrival_s"] = arrival
        routed["prompt"], routed["output"] = np.maximum(prompt, 1), np.maximum(output, 1)
        if len(groups):
            origin, kind = problem.group_origin[groups], problem.group_class[groups]
            routed["group"] = (origin.astype(np.int64) * classes + kind)[group]
            self._check_room(routed, row, kind[group])
            routed["cached"] = cached_tokens(routed["prompt"], self.cached[kind[group]])
        routed["placement"] = placement
        routed = routed[thinned < self.keep[t, placement]]
        routed = routed[np.argsort(routed["placement"], kind="stable")]
        bounds = np.arange(problem.placements + 1)
        self.offsets[t] = np.searchsorted(routed["placement"], bounds)
        np.save(self._file(t), routed)

    def _check_room(self, routed: Records, row: Floats, kind: Integers) -> None:
        """Refuse a request that no replica which the plan uses for its class can hold."""
        length = routed["prompt"] + routed["output"]
        beyond = np.flatnonzero(length > self.most_tokens[kind])
        if len(beyond):
            n = beyond[0]
            name = self.ledger.scenario.classes[kind[n]].name
            raise SlitError(
                f"{entry_of(self.stream.path, int(row[n]))}: {length[n]:,} tokens in class {name}, "
                f"expected at most {self.most_tokens[kind[n]]:,} (what the largest replica that "
                "the plan uses for it holds)"
            )

    def _file(self, t: int) -> Path:
        return self.folder / f"{t}.npy"
