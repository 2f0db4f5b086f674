"""Two plans side by side: what differs, which requests move where and when, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from operators.types import Floats, Ints, Longs
from slit.display import share
from slit.ledger import Ledger
from slit.report.plan import epoch_starts
from slit.report.style import Drawing, figure, labels, trace

MOST_MOVES = 40


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that differs between two places: smaller is better unless `more_is_better`."""

    name: str
    unit: str
    more_is_better: bool = False


SIGNALS = (
    Signal("grid carbon", "g CO2e/kWh"),
    Signal("price", "USD/MWh"),
    Signal("water", "L/kWh"),
    Signal("PUE", ""),
    Signal("energy", "Wh/request"),
    Signal("first token without waits", "ms"),
    Signal("accuracy", "%", more_is_better=True),
)
"""What may be the reason of a move; `water` is on-site and off-site, per kWh of IT energy."""


LEAST_CHANGE = 3.0


@dataclass(frozen=True, slots=True)
class Change:
    """A signal at the source and at the target of a move; the change in per cent."""

    signal: Signal
    before: float
    after: float
    percent: float


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """Requests that plan A serves at `source` and plan B at `target` (datacenter, variant).

    `before` and `after` (S,) are the SIGNALS there, weighted by the requests that move.
    """

    source: tuple[str, str]
    target: tuple[str, str]
    requests: float
    by_epoch: Floats  # (T,) requests
    by_class: Floats  # (K,) requests
    by_origin: Floats  # (O,) requests
    before: Floats  # (S,)
    after: Floats  # (S,)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Plan B against plan A. Shapes: M objectives, T epochs, D datacenters, V variants."""

    starts: tuple[str, ...]
    hours: float
    datacenters: tuple[str, ...]
    variants: tuple[str, ...]
    classes: tuple[str, ...]
    origins: tuple[str, ...]
    net_load: Floats  # (T, D) requests/h, B - A
    net_variant: Floats  # (T, V) requests/h, B - A
    moved: float  # requests that B serves elsewhere or by another variant
    elsewhere: float  # requests at another datacenter
    other_variant: float  # requests by another variant
    moved_at: Floats  # (T,) requests that move
    total: float  # requests
    moves: tuple[Move, ...]  # the largest first

    @property
    def moved_share(self) -> float:
        """Share of the requests that move."""
        return self.moved / self.total


@dataclass(frozen=True, slots=True)
class Difference:
    """One objective of two plans; `change` in per cent, None where A is zero or negative."""

    name: str
    a: float
    b: float
    change: float | None


def differences(names: Sequence[str], a: Floats, b: Floats) -> tuple[Difference, ...]:
    """The objectives of two plans, (M,) each."""
    return tuple(
        Difference(name, float(x), float(y), float(100 * (y / x - 1)) if x > 0 else None)
        for name, x, y in zip(names, a, b, strict=True)
    )


def comparison_data(a: Ledger, b: Ledger) -> Comparison:
    """What plan B does otherwise than plan A, of the same problem."""
    problem, scenario = a.problem, a.scenario
    hours = problem.epoch_seconds / 3600
    change = (b.group_requests - a.group_requests) / hours
    net_load = np.zeros((problem.epochs, problem.datacenters))
    net_variant = np.zeros((problem.epochs, len(scenario.variants)))
    groups, placements = np.nonzero(change)
    epochs, values = problem.group_epoch[groups], change[groups, placements]
    np.add.at(net_load, (epochs, problem.placement_datacenter[placements]), values)
    np.add.at(net_variant, (epochs, problem.placement_variant[placements]), values)
    group, source, target, requests = _pairs(a, b)
    site, variant = problem.placement_datacenter, problem.placement_variant
    epoch = problem.group_epoch[group]
    return Comparison(
        starts=epoch_starts(a),
        hours=hours,
        datacenters=tuple(each.name for each in scenario.datacenters),
        variants=tuple(each.name for each in scenario.variants),
        classes=tuple(each.name for each in scenario.classes),
        origins=tuple(each.name for each in scenario.origins),
        net_load=net_load,
        net_variant=net_variant,
        moved=float(requests.sum()),
        elsewhere=float(requests[site[source] != site[target]].sum()),
        other_variant=float(requests[variant[source] != variant[target]].sum()),
        moved_at=np.bincount(epoch, requests, minlength=problem.epochs).astype(float),
        total=float(problem.group_requests.sum()),
        moves=_moves(a, group, source, target, requests),
    )


def _pairs(a: Ledger, b: Ledger) -> tuple[Longs, Longs, Longs, Floats]:
    """Groups, placements left, placements taken, requests: what leaves spreads over what takes."""
    change = b.counts - a.counts
    pairs: list[tuple[int, int, int, float]] = []
    for j in np.flatnonzero(change.any(axis=1)):
        row = change[j] * a.problem.chunk_requests[j]
        losing, taking = np.flatnonzero(row < 0), np.flatnonzero(row > 0)
        total = row[taking].sum()
        pairs += [
            (int(j), int(p), int(q), float(-row[p] * row[q] / total))
            for p in losing
            for q in taking
        ]
    if not pairs:
        return (*np.zeros((3, 0), np.int64), np.zeros(0))
    group, source, target, requests = zip(*pairs, strict=True)
    return np.array(group), np.array(source), np.array(target), np.array(requests)


def _moves(
    ledger: Ledger, group: Longs, source: Longs, target: Longs, requests: Floats
) -> tuple[Move, ...]:
    """The pairs, added up by datacenter and variant on both sides."""
    problem, scenario = ledger.problem, ledger.scenario
    before, after = _signals(ledger, group, source), _signals(ledger, group, target)
    place = np.column_stack([problem.placement_datacenter, problem.placement_variant])
    ends = np.hstack([place[source], place[target]])
    order = np.lexsort(ends.T[::-1])
    moves = []
    for key, rows in groupby(order, key=lambda n: tuple(ends[n].tolist())):
        chosen = np.array(list(rows))
        weight = requests[chosen]
        names = [
            (scenario.datacenters[d].name, scenario.variants[v].name) for d, v in (key[:2], key[2:])
        ]

        def summed(index: Ints, size: int, at: Longs = chosen) -> Floats:
            return np.bincount(index[group[at]], requests[at], minlength=size).astype(float)

        moves.append(
            Move(
                source=names[0],
                target=names[1],
                requests=float(weight.sum()),
                by_epoch=summed(problem.group_epoch, problem.epochs),
                by_class=summed(problem.group_class, len(scenario.classes)),
                by_origin=summed(problem.group_origin, len(scenario.origins)),
                before=np.average(before[chosen], axis=0, weights=weight),
                after=np.average(after[chosen], axis=0, weights=weight),
            )
        )
    moves.sort(key=lambda move: -move.requests)
    return tuple(moves[:MOST_MOVES])


def _signals(ledger: Ledger, group: Longs, placement: Longs) -> Floats:
    """SIGNALS (n, S) where groups are served at placements."""
    problem = ledger.problem
    t, d = problem.group_epoch[group], problem.placement_datacenter[placement]
    ticks = problem.chunk[group, placement].astype(float)
    energy = ticks[:, 1] + ticks[:, 0] / problem.node_ticks * problem.idle_energy[placement]
    per_request = energy * problem.kwh_per_energy_tick / problem.chunk_requests[group]
    return np.column_stack(
        [
            1000 * problem.carbon[t, d],
            1000 * problem.price[t, d],
            problem.wue[t, d] + problem.pue[t, d] * problem.ewif[t, d],
            problem.pue[t, d],
            1000 * per_request,
            1000 * problem.base_ttft[group, placement],
            100 * problem.accuracy[problem.group_class[group], placement],
        ]
    ).reshape(len(group), len(SIGNALS))


def reasons(move: Move, *, most: int = 3) -> tuple[list[Change], list[Change]]:
    """The signals that are better at the target and those that are worse, the largest first.

    At most `most` of each, and none that changes by less than LEAST_CHANGE per cent.
    """
    better: list[Change] = []
    worse: list[Change] = []
    for signal, before, after in zip(SIGNALS, move.before, move.after, strict=True):
        if before == 0:
            continue
        change = float(100 * (after - before) / abs(before))
        if abs(change) >= LEAST_CHANGE:
            signal_change = Change(signal, float(before), float(after), change)
            (better if (change > 0) == signal.more_is_better else worse).append(signal_change)
    for changes in (better, worse):
        changes.sort(key=lambda signal_change: -abs(signal_change.percent))
    return better[:most], worse[:most]


def busiest_hours(move: Move, starts: tuple[str, ...], *, most: int = 3) -> str:
    """When most of a move happens: times of day of its largest epochs, in UTC."""
    return ", ".join(starts[n][11:16] for n in _largest(move.by_epoch, most=most))


def _largest(values: Floats, *, most: int) -> list[int]:
    """The places of the largest values above 0, in their order."""
    order = np.argsort(-values, kind="stable")[:most]
    return sorted(int(n) for n in order if values[n] > 0)


def describe_changes(data: Comparison) -> list[tuple[str, str]]:
    """What B does otherwise than A by variant, by place and by time, in words."""
    busiest = _largest(data.moved_at, most=3)
    hours = ", ".join(data.starts[n][11:16] for n in busiest)
    part = data.moved_at[busiest].sum() / data.moved if data.moved else 0.0
    return [
        (
            "Variant",
            f"{share(data.other_variant / data.total)} of requests by another one"
            + _net(data.variants, data.net_variant.sum(axis=0) * data.hours / data.total),
        ),
        (
            "Place",
            f"{share(data.elsewhere / data.total)} of requests elsewhere"
            + _net(data.datacenters, data.net_load.sum(axis=0) * data.hours / data.total),
        ),
        ("Time", f"most moves at {hours} UTC ({share(part)} of them)" if busiest else "no move"),
    ]


def _net(names: Sequence[str], change: Floats, *, most: int = 2) -> str:
    """Who serves more and who less, as parts of all requests."""
    order = np.argsort(-change, kind="stable")
    more = [f"{names[n]} {100 * change[n]:.3g} %" for n in order[:most] if change[n] >= 0.001]
    less = [
        f"{names[n]} {-100 * change[n]:.3g} %" for n in order[::-1][:most] if change[n] <= -0.001
    ]
    return "".join(
        f"; {word} by {', '.join(listed)}"
        for word, listed in (("more", more), ("less", less))
        if listed
    )


_PURPLE_TO_ORANGE = [
    [n / 10, tint]
    for n, tint in enumerate(
        ("#7f3b08", "#b35806", "#e08214", "#fdb863", "#fee0b6", "#f7f7f7",
         "#d8daeb", "#b2abd2", "#8073ac", "#542788", "#2d004b")
    )
]  # fmt: skip
"""PuOr of ColorBrewer."""


def draw_net(data: Comparison, *, by: str) -> Drawing:
    """Requests an hour that B serves more (positive) or less than A; `by` datacenter or variant."""
    net = data.net_load if by == "datacenter" else data.net_variant
    names = data.datacenters if by == "datacenter" else data.variants
    most = float(np.abs(net).max(initial=0.0)) or 1.0
    return figure(
        [
            trace(
                "heatmap",
                x=data.starts,
                y=labels(names),
                z=net.T,
                zmin=-most,
                zmax=most,
                colorscale=_PURPLE_TO_ORANGE,
                reversescale=True,
                xgap=1,
                ygap=1,
                colorbar={
                    "title": {"text": "requests/h<br>more or less"},
                    "thickness": 12,
                    "outlinewidth": 0,
                },
                hovertemplate="%{y}, %{x|%H:%M}: %{z:+,.0f} requests/h<extra></extra>",
            )
        ],
        height=120 + 20 * len(names),
        xaxis={"title": {"text": "hour (UTC)"}, "tickformat": "%H", "showgrid": False},
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False},
    )


def move_label(move: Move) -> str:
    """A move in words."""
    (site, variant), (new_site, new_variant) = move.source, move.target
    if site == new_site:
        return f"{site}: {variant} → {new_variant}"
    if variant == new_variant:
        return f"{variant}: {site} → {new_site}"
    return f"{site}, {variant} → {new_site}, {new_variant}"
