"""The sections of a report, from plain numbers."""

from collections.abc import Mapping, Sequence

import numpy as np

from slit.certificates.gap_decomposition import GapParts
from slit.display import number, percent, share
from slit.front import BALANCED
from slit.objectives.limit_text import ResolvedLimit
from slit.record import Run
from slit.report.certified import (
    EXTREME_COLUMNS,
    GAP_COLUMNS,
    GAP_NOTE,
    PART_COLUMNS,
    Certified,
    describe_certified,
    extreme_rows,
    gap_rows,
    part_rows,
)
from slit.report.convergence import Convergence, draw_convergence, draw_plans
from slit.report.front import FrontData, describe_front, draw_parallel, draw_scatter_matrix
from slit.report.inputs import InputRow
from slit.report.limits import LIMIT_COLUMNS, LimitsData, describe_room, limit_rows
from slit.report.marks import Mark, Role
from slit.report.markup import Html, joined, table, tag
from slit.report.page import Picture, picture
from slit.report.picks import PicksData
from slit.report.plan import (
    PlanData,
    describe_plan,
    describe_stability,
    draw_by_datacenter,
    draw_load,
    draw_nodes,
    draw_waits,
)
from slit.report.plan_styles import PlanStyle
from slit.report.style import Drawing
from slit.scenario.lint_scenario import doubts
from slit.scenario.scenario import Scenario
from slit.waits import SHARES, Waits

_ROLES = {
    Role.EXTREME: "least in one objective",
    Role.BALANCE: BALANCED,
    Role.REFERENCE: "exact reference",
    Role.BASELINE: "simple scheduler",
    Role.RIVAL: "rival scheduler",
}


def picks_section(picks: PicksData, limits: LimitsData | None = None) -> Html:
    """The table of picks; the page's script can take another reference. limits: of the run, for the
    rows of the picks."""
    columns: list[object] = ["Plan", *(axis.full for axis in picks.axes)]
    if not picks.undominated.all():
        columns.append("Note")
    numeric = frozenset(range(1, 1 + len(picks.axes)))
    rows = [_pick_row(picks, n, limits) for n in range(len(picks.marks))]
    choice = ""
    if picks.references:
        options = [
            tag("option", name, value=name, selected=name == picks.reference)
            for name in picks.references
        ]
        choice = tag(
            "p",
            tag("label", "Changes against ", tag("select", *options, id="reference")),
            class_="choice",
        )
    caption: list[object] = ["Plans with a name: values of the objectives"]
    if picks.reference is not None:
        against = tag("span", picks.reference, id="against")
        caption += [", and below them the change against ", against]
    return tag(
        "section",
        tag("h2", "Picks"),
        choice,
        table(joined(caption), columns, rows, numeric=numeric, name="picks-table"),
        tag(
            "p",
            "Smaller is better in every objective: a change with a minus is for the better. It is "
            "in per cent of the reference; a dash where that is zero or negative.",
            class_="small",
        ),
        id="picks",
    )


def _pick_row(picks: PicksData, n: int, limits: LimitsData | None) -> list[object]:
    mark = picks.marks[n]
    name = tag("span", mark.name, data_pick=mark.name, title=_ROLES[mark.role])
    symbol = _symbol(mark.style)
    made = "" if mark.method == mark.name else f" by {mark.method}"
    below = tag("span", f"plan {mark.plan}{made}", class_="below")
    row: list[object] = [joined([symbol, name, below])]
    for m, change in enumerate(picks.changes[n]):
        value = float(picks.values[n, m])
        shown = tag("span", number(value), data_value=repr(value))
        row.append(joined([shown, tag("span", percent(change), data_change=m, class_="below")]))
    if not picks.undominated.all():
        over = picks.beyond[n]
        dominated = "" if picks.undominated[n] else "dominated"
        exceeded = [] if limits is None else limits.exceeded(n)
        named = f" ({', '.join(exceeded)})" if exceeded else ""
        row.append(f"infeasible: {over}{named}" if over else dominated)
    return row


def _symbol(style: PlanStyle) -> Html:
    """The symbol that figures draw for a plan, for a table that is their legend."""
    corners = " ".join(f"{x:g},{y:g}" for x, y in style.outline)
    drawn = tag("polygon", points=corners, fill=style.color, stroke="currentColor")
    return tag("svg", drawn, viewbox="-1.5 -1.5 3 3", class_="symbol", aria_hidden="true")


def front_section(data: FrontData, limits: Sequence[ResolvedLimit] = ()) -> Html:
    """Parallel coordinates and scatter matrix, and the limits that plans on the front keep to."""
    description = describe_front(data)
    parts: list[object] = [tag("h2", "Front")]
    if limits:
        parts += [
            tag(
                "p",
                "Every plan on the front keeps to these limits; plans beyond them are drawn for "
                "comparison, and named as such.",
            ),
            table("Limits", LIMIT_COLUMNS, limit_rows(limits), numeric=frozenset({1})),
        ]
    if data.sampled:
        parts.append(
            tag(
                "p",
                f"Drawn are {len(data.plans):,} of {data.total:,} plans, evenly spaced along "
                f"{data.axes[0].title}, and all that have a name.",
                class_="note",
            )
        )
    parts.append(
        picture(
            Picture(
                "parallel",
                "Parallel coordinates: one line a plan, the best values below, colored by "
                f"{data.axes[0].title}",
                description,
                draw_parallel(data),
                wide=True,
            )
        )
    )
    if len(data.axes) > 1:
        parts.append(
            picture(
                Picture(
                    "matrix",
                    "Scatter matrix: every pair of objectives, better to the left and below",
                    description,
                    draw_scatter_matrix(data),
                    wide=True,
                )
            )
        )
    return tag("section", *parts, id="front")


def plans_section(
    picks: PicksData, plans: Mapping[int, PlanData], limits: LimitsData | None = None
) -> Html:
    """What each pick does; the page shows one at a time. limits: for the rows of the picks."""
    room = {}
    if limits is not None:
        room = {mark.row: describe_room(limits, n) for n, mark in enumerate(picks.marks)}
    groups: dict[int, list[Mark]] = {}
    for mark in picks.marks:
        groups.setdefault(mark.row, []).append(mark)
    first = next((m.row for m in picks.marks if m.role is Role.BALANCE), picks.marks[0].row)
    options = [
        tag("option", " = ".join(m.name for m in marks), value=f"plan-{row}", selected=row == first)
        for row, marks in groups.items()
    ]
    articles = [
        _plan_article(row, marks, plans[row], hidden=row != first, room=room.get(row, ""))
        for row, marks in groups.items()
    ]
    return tag(
        "section",
        tag("h2", "Plans"),
        tag("p", tag("label", "Show ", tag("select", *options, id="plan")), class_="choice"),
        *articles,
        id="plans",
    )


def _plan_article(
    row: int, marks: Sequence[Mark], data: PlanData, *, hidden: bool, room: str
) -> Html:
    name = " = ".join(mark.name for mark in marks)
    description = describe_plan(data)

    def shown(part: str, caption: str, drawing: Drawing) -> Html:
        return picture(Picture(f"plan-{row}-{part}", caption, description, drawing))

    totals = [
        shown(what, caption, draw_by_datacenter(data, what=what))
        for what, caption in {
            "carbon": "Carbon by datacenter",
            "water": "Water by datacenter",
            "cost": "Cost by datacenter",
            "energy": "Energy by datacenter",
        }.items()
    ]
    return tag(
        "article",
        tag("h3", name),
        tag(
            "p", f"Plan {marks[0].plan}: {description}. {describe_stability(data)}. {room}".rstrip()
        ),
        tag(
            "div",
            shown("load", "Requests by datacenter", draw_load(data, by="datacenter")),
            shown("variants", "Requests by model variant", draw_load(data, by="variant")),
            class_="pair",
        ),
        tag("div", *totals, class_="four"),
        tag(
            "div",
            shown("nodes", "Nodes in use, by pool and hour", draw_nodes(data)),
            tag(
                "div",
                shown("waits", "Time to first token, by class", draw_waits(data.waits)),
                _waits_table(data.waits, name),
            ),
            class_="pair",
        ),
        tag(
            "details",
            tag("summary", "The figures by datacenter as a table"),
            _datacenter_table(data, name),
        ),
        id=f"plan-{row}",
        class_="plan",
        hidden=hidden,
    )


def _waits_table(waits: Waits, name: str) -> Html:
    quantiles = [f"p{100 * quantile:g} (s)" for quantile in SHARES]
    rows = [
        [each, f"{waits.slo[k]:g}", number(waits.mean[k])]
        + [number(value) for value in waits.quantiles[k]]
        + [share(waits.late[k])]
        for k, each in enumerate(waits.classes)
        if waits.requests[k] > 0
    ]
    columns = ["Class", "SLO (s)", "Mean (s)", *quantiles, "Late"]
    return table(
        f"Time to first token of {name}", columns, rows, numeric=frozenset(range(1, len(columns)))
    )


def _datacenter_table(data: PlanData, name: str) -> Html:
    load = data.by_datacenter.sum(axis=0)
    columns = ["Datacenter", "Requests", "Share", "Energy (kWh)", "Carbon (kg CO2e)"]
    columns += ["Water on site (L)", "Water off site (L)", "Cost (USD)"]
    parts = [data.energy, data.carbon, data.water_on_site, data.water_off_site, data.cost]
    sums = [load, load / load.sum(), *(part.sum(axis=0) for part in parts)]
    rows = [
        [
            site,
            *(
                number(values[d]) if n != 1 else share(float(values[d]))
                for n, values in enumerate(sums)
            ),
        ]
        for d, site in enumerate(data.datacenters)
    ]
    rows.append(
        ["All", *(number(float(np.sum(v))) if n != 1 else "100 %" for n, v in enumerate(sums))]
    )
    return table(f"{name} by datacenter", columns, rows, numeric=frozenset(range(1, len(columns))))


def search_section(data: Convergence, run: Run) -> Html:
    """How the search went on."""
    pictures = [
        picture(
            Picture(
                f"best-{m}",
                f"{axis.title}: best so far ({axis.unit})",
                f"From {number(data.best[0, m])} to {number(data.best[-1, m])} {axis.unit}.",
                draw_convergence(data, objective=m),
            )
        )
        for m, axis in enumerate(data.axes)
    ]
    pictures.append(
        picture(
            Picture(
                "plans-kept",
                "Plans on the front",
                f"{data.plans[-1]:.0f} plans were kept when the search ended.",
                draw_plans(data),
            )
        )
    )
    manifest = run.manifest
    return tag(
        "section",
        tag("h2", "Search"),
        tag(
            "p",
            f"{manifest.optimizer} with seed {manifest.seed}: {manifest.evaluations:,} evaluations "
            f"and {manifest.moves:,} incremental moves in {manifest.seconds:.1f} s; "
            f"ended by {manifest.stop}.",
        ),
        tag("div", *pictures, class_="four"),
        id="search",
    )


def certified_section(certified: Certified) -> Html:
    """How close the front comes to what is possible, and what the gap is made of."""
    parts: list[object] = [
        tag("h2", "What is possible"),
        tag("p", describe_certified(certified)),
        table(
            "The best plan of each objective against the bound of the relaxation",
            GAP_COLUMNS,
            gap_rows(certified),
            numeric=frozenset({1, 2, 3, 4}),
        ),
    ]
    if certified.parts is not None:
        parts += _gap_tables(certified.parts, plans=certified.plans)
    return tag("section", *parts, id="certified")


def _gap_tables(gap_parts: GapParts, *, plans: int) -> list[Html]:
    tables = [tag("h3", "What the gap is made of")]
    rows = part_rows(gap_parts, plans=plans)
    if rows:
        caption = "What the bound on the hypervolume is made of"
        tables.append(table(caption, PART_COLUMNS, rows, numeric=frozenset({1})))
    tables.append(
        table(
            "What the gap of each objective's best plan is made of, in per cent of its bound",
            EXTREME_COLUMNS,
            extreme_rows(gap_parts),
            numeric=frozenset({1, 2, 3, 4}),
        )
    )
    tables.append(tag("p", GAP_NOTE, class_="small"))
    return tables


def inputs_section(rows: Sequence[InputRow], scenario: Scenario) -> Html:
    """Where the figures come from, and which are estimated."""
    listed = [[row.name, _share(row), row.source, row.license, row.note] for row in rows]
    columns = ["Input", "Estimated", "Source", "License", "Note"]
    accounting = scenario.accounting
    water = "counts" if accounting.reservoir_evaporation else "does not count"
    methods = (
        f"Carbon is {accounting.carbon.replace('_', '-')}; evaporation from hydropower reservoirs "
        f"{water} as water; nodes are planned to {share(accounting.utilization)} utilization; "
        f"weights are loaded {accounting.loading.replace('_', ' ')}."
    )
    body = (
        table("Inputs of the scenario, the most estimated first", columns, listed)
        if listed
        else tag("p", "The scenario states no sources.", class_="note")
    )
    doubtful = [tag("p", f"{one.severity}: {one}", class_="note") for one in doubts(scenario)]
    return tag("section", tag("h2", "Inputs"), tag("p", methods), *doubtful, body, id="inputs")


def _share(row: InputRow) -> Html:
    if row.estimated is None:
        return tag("span", row.kind, class_="share")
    meter = tag("span", style=f"width:{min(100.0, 100 * row.estimated):.0f}%")
    return tag(
        "span",
        tag("span", meter, class_="meter", aria_hidden="true"),
        f"{share(row.estimated)} ({row.kind})",
        class_="share",
    )


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def about_section(run: Run) -> Html:
    """What it takes to do this again."""
    manifest = run.manifest
    rows: list[list[object]] = [
        ["Scenario", f"{manifest.scenario}, SHA-256 {manifest.scenario_hash}"],
        ["Objectives", ", ".join(manifest.objectives)],
        ["Seed", manifest.seed],
        ["Written", manifest.created],
        ["Versions", _listed(manifest.versions)],
        ["Processor", _listed(manifest.processor) or "not stated"],
    ]
    if manifest.plugin is not None:
        rows.append(["Plug-in", f"{manifest.plugin.path}, SHA-256 {manifest.plugin.sha256}"])
    return tag(
        "section",
        tag("h2", "About this run"),
        table("What it takes to do it again", ["What", "Value"], rows),
        tag(
            "p",
            "Values come from a model of service, energy and water, not from meters. Waits are "
            "approximations by queueing formulas; inputs marked estimated are not measured.",
            class_="small",
        ),
        id="about",
    )
