"""How much the saving at equal quality depends on what is assumed: a tornado figure.

Usage: python -m benchmarks.drivers.equal_quality_sensitivity [--scenario world-2026]
    [--rival splitwise] [--objective carbon] [--moves 30000000] [--output runs/sensitivity]

One assumption at a time is set to its low and its high end, and the scenario is planned anew by a
search. The table has what is saved against the rival's own plan and against the same
variants; OUTPUT/tornado.html draws the former. Ends that were planned before are read.

- standby power: that of unused nodes, 120 W (off but for a controller) and as much as idle ones
- volume: half of the requests and a fifth more
- intensity: average, and a stand-in for marginal: 0.49 kg/kWh (gas) at all times everywhere
- quality scores: the ends of their intervals, all low or all high (world-2026 only)
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from benchmarks.measuring.equal_quality import OWN, SAME, saved_by_rival
from slit.display import called, percent
from slit.report.style import figure, trace
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario

TABLES = Path(__file__).resolve().parents[2] / "slit" / "scenario" / "tables"
OFF_W = 120.0
GAS_KG_PER_KWH = 0.49
"""Life cycle, median (IPCC AR5, annex III)."""
LESS, MORE = 0.5, 1.2
AS_STATED = "as stated"
Change = Callable[[Scenario], Scenario]


def standby_w(watts: float | None) -> Change:
    """Unused nodes draw so much, at most what idle ones do; None: what idle ones do."""

    def changed(scenario: Scenario) -> Scenario:
        nodes = [
            node.model_copy(
                update={"standby_w": node.idle_w if watts is None else min(watts, node.idle_w)}
            )
            for node in scenario.node_types
        ]
        return replace(scenario, node_types=tuple(nodes))

    return changed


def volume(factor: float) -> Change:
    """So many times the requests."""

    def changed(scenario: Scenario) -> Scenario:
        demand = scenario.demand
        return replace(scenario, demand=replace(demand, requests=factor * demand.requests))

    return changed


def same_intensity(scenario: Scenario) -> Scenario:
    """The same carbon intensity at all times everywhere."""
    carbon = np.full_like(scenario.signals.carbon, GAS_KG_PER_KWH)
    return replace(scenario, signals=replace(scenario.signals, carbon=carbon))


def scores(end: str) -> Change:
    """The `low` or `high` ends of the scores' intervals."""
    table = pd.read_csv(TABLES / "quality_2026.csv").set_index(["variant", "class"])[end]

    def changed(scenario: Scenario) -> Scenario:
        variants = [
            variant.model_copy(
                update={
                    "quality": {
                        name: float(table.get((variant.name, name), score))
                        for name, score in variant.quality.items()
                    }
                }
            )
            for variant in scenario.variants
        ]
        return replace(scenario, variants=tuple(variants))

    return changed


ENDS: Mapping[str, Mapping[str, Change]] = {
    "standby power": {f"{OFF_W:g} W": standby_w(OFF_W), "as idle": standby_w(None)},
    "volume": {f"x {LESS:g}": volume(LESS), f"x {MORE:g}": volume(MORE)},
    "intensity": {"marginal (gas)": same_intensity},
    "quality scores": {"low ends": scores("low"), "high ends": scores("high")},
}


def main() -> None:
    """Plan the ends, print the table, draw the figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenario", default="world-2026")
    parser.add_argument("--rival", default="splitwise")
    parser.add_argument("--objective", default="carbon")
    parser.add_argument("--moves", type=int, default=30_000_000)
    parser.add_argument("--output", type=Path, default=Path("runs/sensitivity"))
    said = parser.parse_args()
    said.output.mkdir(parents=True, exist_ok=True)
    scenario = load_scenario(said.scenario)

    def saved(name: str, change: Change) -> tuple[float, float]:
        file = said.output / f"{name.replace(' ', '-')}.json"
        names, rivals = saved_by_rival(file, lambda: change(scenario), moves=said.moves)
        if said.rival not in rivals:
            return float("nan"), float("nan")  # no plan loses no more quality
        m, found = names.index(said.objective), rivals[said.rival]
        own, same = (100 * (found.plan / found.base(mix) - 1) for mix in (OWN, SAME))
        return float(own[m]), float(same[m])

    base = saved(AS_STATED, lambda unchanged: unchanged)
    found = {
        (what, end): saved(f"{what} {end}", change)
        for what, ends in ENDS.items()
        for end, change in ends.items()
    }
    print(
        f"| {called(said.objective)} against `{said.rival}` | end | own variants | same variants |"
    )
    print("|---|---|---:|---:|")
    for (what, end), changes in {(AS_STATED, ""): base, **found}.items():
        print(f"| {what} | {end} | {' | '.join(map(percent, changes))} |")
    drawn = draw_tornado(base[0], {key: own for key, (own, _) in found.items()})
    drawn.write_html(said.output / "tornado.html", include_plotlyjs=True)


def draw_tornado(base: float, found: Mapping[tuple[str, str], float]) -> go.Figure:
    """A bar for each end of an assumption, from `base` to what is saved there, in per cent: the
    assumption that changes most stands above."""
    reach: dict[str, float] = {}
    for (what, _), value in found.items():
        reach[what] = max(reach.get(what, 0.0), abs(value - base))
    order = sorted(reach, key=lambda what: reach[what])
    bars = [
        trace(
            "bar",
            orientation="h",
            y=[what],
            x=[value - base],
            base=[base],
            text=[f"{end}: {percent(value)}"],
            textposition="outside",
            cliponaxis=False,
            showlegend=False,
            hoverinfo="skip",
            marker={"color": "#0072b2" if value < base else "#d55e00"},
        )
        for what in order
        for (name, end), value in found.items()
        if name == what
    ]
    return go.Figure(
        figure(
            bars,
            height=120 + 60 * len(order),
            barmode="overlay",
            xaxis={"title": {"text": "change at equal quality (%): minus is less"}},
            margin={"l": 120, "r": 120},
        )
    )


if __name__ == "__main__":
    main()
