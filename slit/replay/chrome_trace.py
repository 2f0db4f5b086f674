"""What one node did in a window, as trace events that Chrome, Perfetto and speedscope open."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Longs
from slit.errors import SlitError, did_you_mean
from slit.files import write_json
from slit.problem.placements import placements_of
from slit.replay.arrays import Records, Requests, Served, Watch, watch
from slit.replay.arrivals import Part
from slit.scenario.scenario import Scenario

MOST_RUNS = 200_000
"""Runs of iterations of a window that are kept."""
MOST_SECONDS = 3600.0
ENGINES, REQUESTS = 1, 2
"""Process numbers of the two halves of a trace."""


@dataclass(slots=True, eq=False)
class WatchedNode:
    """A node of a placement, from `from_s` to `until_s` (s since the start of the horizon).

    Node n of a placement is the n-th of those that serve it, the last to be released the first.
    """

    name: str
    p: int
    node: int
    from_s: float
    until_s: float
    replicas: int = 1  # of the node
    runs: list[Records] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)
    cut_short: bool = False

    def check(self, running: Longs, replicas: Sequence[int], *, epoch_s: float) -> None:
        """Take the replicas of a node by placement. Raises SlitError if the plan has no such node
        there, or not in the window; running (T, P) replicas."""
        self.replicas = replicas[self.p]
        nodes = -(-int(running[:, self.p].max(initial=0)) // self.replicas)
        if self.node >= nodes:
            most = f"0 to {nodes - 1}" if nodes else "a placement that the plan uses"
            raise SlitError(f"node: {self.name}:{self.node}, expected {most}")
        there = np.flatnonzero(running[:, self.p] > self.node * self.replicas)
        first, last = int(self.from_s // epoch_s), int(np.ceil(self.until_s / epoch_s))
        if not ((there >= first) & (there < last)).any():
            raise SlitError(
                f"window: {self.from_s:g}:{self.until_s:g}, expected one in which "
                f"{self.name}:{self.node} serves, as {there[0] * epoch_s:g}:"
                f"{there[0] * epoch_s + self.until_s - self.from_s:g}"
            )

    def cut(self, parts: Iterable[Part], start_s: float) -> Iterator[Part]:
        """Parts that end where the window begins and where it ends."""
        for each in parts:
            until, requests = each.until_s, each.requests
            ends = [end for end in (self.from_s, self.until_s) if start_s < end < until]
            edges = np.searchsorted(requests.arrival_s, ends)
            bounds = [0, *edges.tolist(), len(requests.arrival_s)]
            for n, end in enumerate((*ends, until)):
                part = slice(bounds[n], bounds[n + 1])
                arrival, *others = requests
                yield Part(end, Requests(arrival[part], *(column[part] for column in others)))
            start_s = until

    def watch(self, start_s: float) -> Watch | None:
        """Of the part that begins at start_s; None outside the window."""
        if not self.from_s <= start_s < self.until_s:
            return None
        first = self.node * self.replicas
        return watch(first, first + self.replicas, most=MOST_RUNS)

    def note(self, watched: Watch | None, served: Served) -> None:
        """Keep what was seen in a part, and the requests of the node that overlap the window."""
        if watched is not None:
            count = int(watched.written[0])
            self.cut_short |= count == len(watched.runs)
            self.runs.append(watched.runs[:count].copy())
        mine = served.node // self.replicas == self.node
        mine &= (served.last_token_s >= self.from_s) & (served.arrival_s < self.until_s)
        if mine.any():
            self.served.append(Served(*(column[mine] for column in served)))


def watched_node(scenario: Scenario, text: str, window: str) -> WatchedNode:
    """The node that `PLACEMENT:N` (PLACEMENT: the first) and a window `FROM:TO` in s name.

    Raises:
        SlitError: an unknown placement, or no window.
    """
    names = [each.name for each in placements_of(scenario)]
    name, number = (text, "0") if text in names else text.rpartition(":")[::2]
    if name not in names:
        near = did_you_mean(name or text, names)
        raise SlitError(
            f"node: {text}, expected a placement (as {names[0]}), or one and the number of a node "
            f"(as {names[0]}:0){near}"
        )
    if not (number.isascii() and number.isdigit()):
        raise SlitError(f"node: {text}, expected the number of a node after the colon")
    start, _, end = window.partition(":")
    try:
        from_s, until_s = float(start), float(end)
    except ValueError:
        raise SlitError(f"window: {window}, expected FROM:TO (s since the start)") from None
    horizon_s = scenario.horizon.epochs * scenario.horizon.epoch_seconds
    if not 0 <= from_s < until_s <= horizon_s or until_s - from_s > MOST_SECONDS:
        raise SlitError(
            f"window: {window}, expected FROM below TO within 0:{horizon_s:g}, at most "
            f"{MOST_SECONDS:g} s"
        )
    return WatchedNode(name, names.index(name), int(number), from_s, until_s)


def trace_events(node: WatchedNode, scenario: Scenario) -> dict[str, Any]:
    """The Trace Event Format of a node: a track a replica with its runs of iterations, counters of
    running and waiting requests, and two spans a request, to its first token and to its last. Times
    in us since the start of the horizon."""
    first = node.node * node.replicas
    events: list[dict[str, Any]] = [
        _named("process_name", f"{node.name}:{node.node}", ENGINES),
        _named("process_name", "requests", REQUESTS),
    ]
    events += [_named("thread_name", f"replica {n}", ENGINES, n) for n in range(node.replicas)]
    for run in (run for part in node.runs for run in part):
        events += _run_events(run, int(run["replica"]) - first)
    number = 0
    for part in node.served:
        for row in zip(*(column.tolist() for column in part), strict=True):
            events += _request_events(number, Served(*row), scenario)
            number += 1
    return {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {"cut_short": node.cut_short, "requests": number},
    }


def write_chrome_trace(path: str | Path, node: WatchedNode, scenario: Scenario) -> None:
    """Write `trace_events` to a file. Raises SlitError if that cannot be done."""
    write_json(Path(path), trace_events(node, scenario))


def _named(kind: str, name: str, process: int, thread: int = 0) -> dict[str, Any]:
    return {"ph": "M", "name": kind, "pid": process, "tid": thread, "args": {"name": name}}


def _run_events(run: Any, thread: int) -> Iterator[dict[str, Any]]:
    share, start = float(run["prompt_share"]), 1e6 * float(run["start_s"])
    name = "decode" if share == 0.0 else "read" if share == 1.0 else "read and decode"
    running, waiting = int(run["running"]), int(run["waiting"])
    yield {
        "ph": "X",
        "cat": "iterations",
        "name": name,
        "pid": ENGINES,
        "tid": thread,
        "ts": start,
        "dur": 1e6 * float(run["end_s"] - run["start_s"]),
        "args": {
            "iterations": int(run["steps"]),
            "running": running,
            "waiting": waiting,
            "prompt_share": share,
        },
    }
    yield {
        "ph": "C",
        "name": f"replica {thread}",
        "pid": ENGINES,
        "ts": start,
        "args": {"running": running, "waiting": waiting},
    }


def _request_events(number: int, row: Served, scenario: Scenario) -> Iterator[dict[str, Any]]:
    origin, kind = divmod(int(row.group), len(scenario.classes))
    said = {
        "class": scenario.classes[kind].name,
        "origin": scenario.origins[origin].name,
        "prompt": row.prompt,
        "output": row.output,
        "preemptions": row.preemptions,
    }
    spans = (
        ("to the first token", row.arrival_s, row.first_token_s),
        ("to the last token", row.first_token_s, row.last_token_s),
    )
    for name, start, end in spans:
        common = {"cat": "request", "name": name, "id": number, "pid": REQUESTS, "tid": 0}
        yield {"ph": "b", **common, "ts": 1e6 * float(start), "args": said}
        yield {"ph": "e", **common, "ts": 1e6 * float(end)}
