"""What one plan does: load by hour, datacenter and variant; energy, carbon, water, cost; nodes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from operators.types import Floats, Longs
from slit.display import counted, number, share
from slit.ledger import Ledger
from slit.report.predicted import PredictedShare, describe_predicted, predicted_share
from slit.report.style import (
    Drawing,
    color,
    figure,
    label,
    labels,
    literal,
    log_ticks,
    pattern,
    trace,
)
from slit.waits import Waits, waits_data


@dataclass(frozen=True, slots=True, eq=False)
class PlanData:
    """Numbers of one plan. Shapes: T epochs, O origins, D datacenters, V variants, Q pools."""

    starts: tuple[str, ...]  # (T,) first instant of each epoch, UTC
    hours: float  # length of an epoch
    origins: tuple[str, ...]
    datacenters: tuple[str, ...]
    variants: tuple[str, ...]
    pools: tuple[str, ...]
    flows: Floats  # (T, O, D) requests of the epoch
    by_variant: Floats  # (T, V) requests of the epoch
    energy: Floats  # (T, D) kWh of the facilities
    carbon: Floats  # (T, D) kg CO2e
    water_on_site: Floats  # (T, D) L
    water_off_site: Floats  # (T, D) L
    cost: Floats  # (T, D) USD
    nodes: Longs  # (T, Q) active
    capacity: Longs  # (Q,)
    waits: Waits
    reroute: float  # share of requests served elsewhere than in the epoch before
    node_starts: int
    switches: int  # placements turned on or off
    predicted: PredictedShare | None = None  # of carbon and cost; none: no service is predicted

    @property
    def by_datacenter(self) -> Floats:
        """Requests of each epoch at each datacenter, (T, D)."""
        return np.asarray(self.flows.sum(axis=1))

    @property
    def water(self) -> Floats:
        """On-site and off-site water together, (T, D) L."""
        return self.water_on_site + self.water_off_site


def plan_data(ledger: Ledger) -> PlanData:
    """What the figures of a plan show."""
    problem, scenario = ledger.problem, ledger.scenario
    requests, totals = ledger.group_requests, ledger.totals()
    count = len(scenario.variants), len(scenario.datacenters)
    flows = np.zeros((problem.epochs, len(scenario.origins), count[1]))
    by_variant = np.zeros((problem.epochs, count[0]))
    groups, placements = np.nonzero(ledger.counts)
    served = requests[groups, placements]
    epochs = problem.group_epoch[groups]
    at = epochs, problem.group_origin[groups], problem.placement_datacenter[placements]
    np.add.at(flows, at, served)
    np.add.at(by_variant, (epochs, problem.placement_variant[placements]), served)
    return PlanData(
        starts=epoch_starts(ledger),
        hours=problem.epoch_seconds / 3600,
        origins=tuple(each.name for each in scenario.origins),
        datacenters=tuple(each.name for each in scenario.datacenters),
        variants=tuple(each.name for each in scenario.variants),
        pools=tuple(each.name for each in scenario.pools),
        flows=flows,
        by_variant=by_variant,
        energy=ledger.facility_kwh,
        carbon=ledger.carbon_kg,
        water_on_site=ledger.water_on_site_l,
        water_off_site=ledger.water_off_site_l,
        cost=ledger.cost_usd,
        nodes=ledger.pool_nodes,
        capacity=problem.pool_nodes,
        waits=waits_data(ledger),
        reroute=totals["reroute"],
        node_starts=round(totals["starts"]),
        switches=round(totals["switches"]),
        predicted=predicted_share(ledger),
    )


def at_epoch(data: PlanData, epoch: int) -> PlanData:
    """The same plan in one epoch alone (from 0); waits, capacity and what changes between epochs
    stay those of the whole."""
    one = slice(epoch, epoch + 1)
    series = ["starts", "flows", "by_variant", "energy", "carbon", "water_on_site"]
    series += ["water_off_site", "cost", "nodes"]
    return replace(data, **{name: getattr(data, name)[one] for name in series})


def epoch_starts(ledger: Ledger) -> tuple[str, ...]:
    """The first instant of each epoch, in UTC, as figures and files write it."""
    horizon = ledger.scenario.horizon
    step = timedelta(seconds=horizon.epoch_seconds)
    first = horizon.start.astimezone(UTC).replace(tzinfo=None)
    return tuple((first + n * step).isoformat(timespec="seconds") for n in range(horizon.epochs))


def draw_load(data: PlanData, *, by: str) -> Drawing:
    """Stacked areas of requests an hour; `by` is datacenter or variant."""
    values = data.by_datacenter if by == "datacenter" else data.by_variant
    names = data.datacenters if by == "datacenter" else data.variants
    rate = values / data.hours
    used = [n for n in np.argsort(-rate.sum(axis=0), kind="stable") if rate[:, n].any()]
    # Load is constant within an epoch: steps, closed by the end of the last one.
    end = _end(data)
    traces = [
        trace(
            "scatter",
            x=[*data.starts, end],
            y=np.append(rate[:, n], rate[-1, n]),
            name=label(names[n]),
            mode="lines",
            stackgroup="all",
            line={"width": 0.8, "color": color(n), "shape": "hv"},
            fillcolor=_translucent(color(n), 0.85),
            fillpattern=_filling(n),
            hovertemplate="%{y:,.0f} requests/h<extra>" + literal(names[n]) + "</extra>",
        )
        for n in used
    ]
    return figure(
        traces,
        height=400,
        hovermode="x",
        xaxis={"title": {"text": "hour (UTC)"}, "hoverformat": "%d %b %H:%M", **_ticks(data)},
        yaxis={"title": {"text": "requests/h"}, "rangemode": "tozero"},
        legend={"traceorder": "normal", "font": {"size": 12}, "y": -0.22},
    )


def draw_by_datacenter(data: PlanData, *, what: str, order: PlanData | None = None) -> Drawing:
    """Bars of a total by datacenter; `what` is energy, carbon, water or cost.

    The datacenters stand in the order of their load in `order`, or in this plan.
    """
    unit = {"energy": "kWh", "carbon": "kg CO2e", "water": "L", "cost": "USD"}[what]
    parts = (
        {"on site": data.water_on_site, "off site": data.water_off_site}
        if what == "water"
        else {what: getattr(data, what)}
    )
    load = (data if order is None else order).by_datacenter.sum(axis=0)
    rows = np.argsort(load, kind="stable")
    names = [data.datacenters[d] for d in rows]
    traces = [
        trace(
            "bar",
            y=labels(names),
            x=values.sum(axis=0)[rows],
            orientation="h",
            name=part,
            marker={"color": color(4 if part == "off site" else _BAR[what])},
            hovertemplate=f"%{{y}}: %{{x:,.4g}} {unit}<extra>{part}</extra>",
            showlegend=len(parts) > 1,
        )
        for part, values in parts.items()
    ]
    return figure(
        traces,
        height=110 + 20 * len(names),
        barmode="relative",
        xaxis={"title": {"text": unit}, "nticks": 4, "tickformat": "~s", "tickangle": 0},
        yaxis={"type": "category", "tickfont": {"size": 12}},
        legend={"y": 1.0, "yanchor": "bottom"},
        bargap=0.25,
    )


def draw_nodes(data: PlanData) -> Drawing:
    """Active nodes of each pool by hour, as a share of its nodes."""
    with np.errstate(divide="ignore", invalid="ignore"):
        in_use = np.where(data.capacity > 0, 100.0 * data.nodes / data.capacity, np.nan).T
    text = [
        [f"{nodes} of {capacity} nodes" for nodes in data.nodes[:, q]]
        for q, capacity in enumerate(data.capacity)
    ]
    beyond = bool((data.nodes > data.capacity).any())
    edges = [*data.starts, _end(data)]
    return figure(
        [
            trace(
                "heatmap",
                x=edges,
                y=labels(data.pools),
                z=in_use,
                text=text,
                zmin=0,
                zmax=max(100.0, float(np.nanmax(in_use))) if beyond else 100,
                colorscale="Cividis",
                xgap=1,
                ygap=1,
                colorbar={"title": {"text": "% in use"}, "thickness": 12, "outlinewidth": 0},
                hovertemplate="%{y}, %{x|%H:%M}: %{text} (%{z:.0f} %)<extra></extra>",
            )
        ],
        height=110 + 20 * len(data.pools),
        xaxis={"title": {"text": "hour (UTC)"}, "showgrid": False, **_ticks(data)},
        yaxis={
            "type": "category",
            "autorange": "reversed",
            "showgrid": False,
            "tickfont": {"size": 12},
        },
    )


def draw_waits(waits: Waits) -> Drawing:
    """Share of requests whose first token comes later than a time, by class, with the SLOs."""
    traces = []
    first = int(np.argmax(waits.requests > 0))
    for k, name in enumerate(waits.classes):
        if not waits.requests[k] > 0:
            continue
        dash = ("solid", "dash", "dot", "dashdot")[k % 4]
        traces.append(
            trace(
                "scatter",
                x=waits.times,
                y=100 * waits.beyond[k],
                name=label(name),
                mode="lines",
                line={"color": color(k), "width": 2.5, "dash": dash},
                hovertemplate="%{y:.3g} % later than %{x:.3g} s<extra>"
                + literal(name)
                + "</extra>",
            )
        )
        traces.append(
            trace(
                "scatter",
                x=[waits.slo[k]],
                y=[100 * waits.late[k]],
                name="SLO",
                mode="markers",
                showlegend=k == first,
                marker={"color": color(k), "size": 11, "symbol": "diamond", "line": {"width": 1}},
                hovertemplate="SLO %{x:.3g} s: %{y:.3g} % late<extra>" + literal(name) + "</extra>",
            )
        )
    return figure(
        traces,
        height=400,
        xaxis={
            "title": {"text": "time to first token (s)"},
            "type": "log",
            "tickvals": log_ticks(float(waits.times[0]), float(waits.times[-1])),
        },
        yaxis={"title": {"text": "later requests (%)"}, "range": [-2, 102]},
        hovermode="closest",
        legend={"y": -0.24},
    )


def describe_plan(data: PlanData) -> str:
    """The plan in one sentence."""
    load = data.by_datacenter.sum(axis=0)
    order = np.argsort(-load, kind="stable")[:3]
    most = ", ".join(f"{data.datacenters[d]} {100 * load[d] / load.sum():.0f} %" for d in order)
    variants = data.by_variant.sum(axis=0)
    first = int(np.argmax(variants))
    rests = describe_predicted(data.predicted)
    return (
        f"{number(load.sum())} requests; most load: {most}; most used variant: "
        f"{data.variants[first]} ({100 * variants[first] / variants.sum():.0f} %)"
        f"{rests and f'; {rests}'}"
    )


def describe_stability(data: PlanData) -> str:
    """What changes from one epoch to the next, in one sentence."""
    changes = describe_changes(data.reroute, data.node_starts, data.switches)
    return f"From one epoch to the next: {changes}"


def describe_changes(rerouted: float, starts: float, switches: float) -> str:
    """What changes between epochs, in words: a share of requests, and two numbers."""
    return (
        f"{share(rerouted)} of requests rerouted, {counted(starts, 'node start')}, "
        f"{counted(switches, 'switch', 'switches')} of a pool and variant on or off"
    )


def refused_content(ledger: Ledger) -> list[dict[str, Any]]:
    """Node starts that a minimum time down refuses: epoch, its first instant, pool, variant and how
    many nodes."""
    problem, scenario = ledger.problem, ledger.scenario
    horizon = scenario.horizon
    return [
        {
            "epoch": t,
            "time": (horizon.start + timedelta(seconds=t * horizon.epoch_seconds)).isoformat(),
            "pool": scenario.pools[problem.placement_pool[p]].name,
            "variant": scenario.variants[problem.placement_variant[p]].name,
            "nodes": int(ledger.refused_starts[t, p]),
        }
        for t, p in np.argwhere(ledger.refused_starts).tolist()
    ]


def describe_refused(ledger: Ledger) -> list[str]:
    """The same, a sentence each."""
    return [
        f"{counted(each['nodes'], 'node start')} refused: {each['pool']}/{each['variant']} in "
        f"epoch {each['epoch']} ({each['time']}), before the minimum time down is over"
        for each in refused_content(ledger)
    ]


_BAR = {"energy": 1, "carbon": 5, "water": 0, "cost": 2}


def _end(data: PlanData) -> str:
    """The last instant that is planned."""
    last = datetime.fromisoformat(data.starts[-1])
    return (last + timedelta(hours=data.hours)).isoformat(timespec="seconds")


def node_hours(ledger: Ledger) -> dict[str, float]:
    """Hours of nodes by state, and how often nodes boot."""
    hours = ledger.problem.epoch_seconds / 3600
    states = {"active": ledger.pool_nodes, "idle": ledger.idle_nodes, "off": ledger.off_nodes}
    found = {name: float(nodes.sum()) * hours for name, nodes in states.items()}
    return found | {"boots": float(ledger.boots.sum())}


def nodes_lines(ledger: Ledger) -> list[str]:
    """What nodes are when they do not serve, and what committed ones cost, where that is stated."""
    lines, problem = [], ledger.problem
    if (problem.powered_nodes < problem.pool_nodes).any():
        found = node_hours(ledger)
        lines.append(
            f"node-hours: {number(found['active'])} active, {number(found['idle'])} idle, "
            f"{number(found['off'])} off; {number(found['boots'])} boots"
        )
    committed = float(ledger.committed_usd.sum())
    if committed:
        cost = float(ledger.cost_usd.sum())
        lines.append(
            f"cost: {number(committed)} USD for committed nodes whatever the plan, "
            f"{number(cost - committed)} USD besides"
        )
    return lines


def _ticks(data: PlanData) -> dict[str, object]:
    """Hours for a day, minutes within a few hours, dates beyond."""
    span = len(data.starts) * data.hours
    if span > 48:
        return {"type": "date"}
    form = "%H" if span > 8 else "%H:%M"
    return {"type": "date", "tickformat": form, "nticks": 9, "tickangle": 0}


def _filling(n: int) -> dict[str, object]:
    fill = {"fgcolor": "#1d2630", "fgopacity": 0.4, "size": 7, "solidity": 0.2}
    return {"shape": pattern(n), "bgcolor": _translucent(color(n), 0.85), **fill}


def _translucent(tint: str, opacity: float) -> str:
    red, green, blue = (int(tint[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
