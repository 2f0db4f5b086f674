"""The sections of the page."""

import math
from collections.abc import Mapping, Sequence

from benchmarks.measuring.reference import HypervolumeReference, ReferenceKind
from benchmarks.report.changes import BALANCE, PickChange
from benchmarks.report.compare import Group, Row
from benchmarks.report.draw import describe_curves, describe_shares, draw_curves, draw_shares
from benchmarks.report.runs import Arena
from benchmarks.report.tables import Record
from benchmarks.statistics import MethodRanks, Summary
from benchmarks.store import SuitePlan
from slit.display import called, number, percent
from slit.report.markup import Html, joined, table, tag
from slit.report.page import Picture, picture

BOUNDS = {
    ReferenceKind.CERTIFIED: "share of the certified bound",
    ReferenceKind.EXACT: "share of the exact front's hypervolume",
    ReferenceKind.BOX: "share of the box (no bound is known: shares only compare)",
}


def head_section(plan: SuitePlan, *, done: int, failures: Sequence[str], when: str) -> Html:
    """What was run, and what is missing."""
    facts = {
        "Jobs": f"{done} of {len(plan.jobs)}",
        "Seeds": str(plan.seeds),
        "Written": when,
    }
    listed = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items()]
    toggle = tag("button", "Dark", type="button", id="theme", aria_pressed="false")
    notes = list(plan.notes)
    if done < len(plan.jobs):
        notes.append(f"{len(plan.jobs) - done} jobs are not done: these figures are preliminary")
    notes += [f"failed: {failure}" for failure in failures]
    return tag(
        "header",
        tag("div", tag("h1", f"Benchmark suite {plan.suite}"), toggle, class_="top"),
        tag("dl", *listed, class_="facts"),
        *(tag("p", note, class_="note") for note in notes),
    )


def overview_section(
    groups: Sequence[Group], ranking: tuple[tuple[str, ...], MethodRanks] | None
) -> Html:
    """Every group in one row, and ranks over all of them."""
    rows = [
        [
            group.label,
            _best(group.rows[0]),
            _best(group.rows[1]) if len(group.rows) > 1 else "–",
            _friedman(group.friedman),
        ]
        for group in groups
    ]
    parts = [
        tag("h2", "Overview"),
        table("Medians over seeds", ["", "best", "second", "Friedman over seeds"], rows),
    ]
    if ranking is not None:
        methods, found = ranking
        ordered = sorted(zip(found.mean_ranks, methods, strict=True))
        caption = (
            f"Mean rank over {found.blocks} comparisons, 1 = best (Friedman p {p_value(found.p)}, "
            f"Kendall's W {found.agreement:.2f})"
        )
        cells = [[method, f"{rank:.2f}"] for rank, method in ordered]
        numeric = frozenset({1})
        parts.append(table(caption, ["method", "mean rank"], cells, numeric=numeric))
    return tag("section", *parts, id="overview")


def group_section(group: Group, reference: HypervolumeReference, place: str) -> Html:
    """One comparison: the table, the curves, the bars."""
    share = "share" if reference.kind is ReferenceKind.BOX else "share of bound"
    columns = [
        "method",
        f"{share}, median [quartiles]",
        "of all evaluated",
        "IGD+",
        "plans",
        "evaluations",
        "moves",
        "CPU s",
        "evaluations/s",
        "runs",
        "p (Holm)",
        "rank-biserial",
        "A",
        f"{group.reference} is",
    ]
    extra = _extra_columns(group)
    rows = [_cells(row, extra) for row in group.rows]
    numeric = frozenset(range(1, 13)) | frozenset(range(14, 14 + len(extra)))
    shares = table(
        f"{BOUNDS[reference.kind]}; {reference.detail}",
        [*columns, *extra.values()],
        rows,
        numeric=numeric,
        name=place,
    )
    pictures = [
        Picture(f"{place}-shares", "Share", describe_shares(group.rows), draw_shares(group))
    ]
    if any(len(curve.seconds) > 1 for curve in group.curves):
        pictures.insert(
            0,
            Picture(
                f"{place}-curves",
                "Share over CPU seconds",
                describe_curves(group),
                draw_curves(group),
            ),
        )
    return tag(
        "section",
        tag("h2", group.label),
        shares,
        tag("p", _friedman(group.friedman, group.searches), class_="small"),
        tag("div", *(picture(each) for each in pictures), class_="pair"),
        id=f"{place}-section",
    )


def changes_section(changes: Sequence[PickChange]) -> Html:
    """The balanced plans against each scheduler."""
    balanced = [change for change in changes if change.pick.endswith(BALANCE)]
    parts: list[Html] = []
    for arena, budget, pick in dict.fromkeys((s.arena, s.budget, s.pick) for s in balanced):
        rows = [s for s in balanced if (s.arena, s.budget, s.pick) == (arena, budget, pick)]
        objectives = arena.objectives
        metrics = [*objectives, *(m for m in rows[0].percent if m not in objectives)]
        cells = [
            [
                change.rival,
                *(_judged(change.percent[metric]) for metric in metrics),
                f"{change.better:.0%} of the seeds",
            ]
            for change in rows
        ]
        columns = ["against", *map(called, metrics), f"better in {', '.join(objectives)} at once"]
        parts.append(
            table(
                f"{pick}: {arena.label}, {budget}: change of its median over seeds (minus is less)",
                columns,
                cells,
                numeric=frozenset(range(1, len(columns))),
            )
        )
    return tag(
        "section", tag("h2", "The balanced plans against the schedulers"), *parts, id="changes"
    )


def records_section(title: str, records: Sequence[Record]) -> Html:
    """Plain figures."""
    columns = list(records[0])
    rows = [[cell(record[name]) for name in columns] for record in records]
    numeric = frozenset(
        n
        for n, name in enumerate(columns)
        if n and not any(isinstance(record[name], str | bool) for record in records)
    )
    return tag("section", tag("h2", title), table(title, columns, rows, numeric=numeric))


def machine_section(machines: Sequence[Mapping[str, str]], codes: Sequence[str]) -> Html:
    """Where it was measured."""
    parts = [tag("h2", "Machine and versions")]
    if len(machines) > 1:
        text = "Results of several machines or versions stand side by side: times do not compare."
        parts.append(tag("p", text, class_="note"))
    parts += [
        table("Measured on", ["", ""], [[name, value] for name, value in machine.items()])
        for machine in machines
    ]
    parts.append(tag("p", f"Digest of the code: {', '.join(codes)}", class_="small"))
    return tag("section", *parts, id="machine")


def reference_note(references: Mapping[Arena, HypervolumeReference]) -> Html:
    """How to read the shares."""
    kinds = {reference.kind for reference in references.values()}
    text = [
        "Hypervolumes are of the feasible plans a method kept, in the box of each case; times are "
        "CPU seconds of one process, without compiling and loading.",
        "Tests compare the first method of a suite with each other one by seed (Wilcoxon signed "
        "rank, two-sided, Holm's correction within a table); rank-biserial and A (Vargha and "
        "Delaney) are effect sizes in its favor.",
    ]
    if ReferenceKind.CERTIFIED in kinds:
        text.append(
            "No front exceeds a certified bound, and no finite front reaches it: even the optima "
            "of the relaxation, taken as a front, stay a few per cent below."
        )
    return joined(tag("p", line, class_="small") for line in text)


def _best(row: Row) -> str:
    return f"{row.method} {row.share.median:.2%}"


def _friedman(found: MethodRanks | None, methods: Sequence[str] = ()) -> str:
    if found is None:
        return "–" if not methods else ""
    ranks = ", ".join(
        f"{name} {rank:.2f}" for name, rank in zip(methods, found.mean_ranks, strict=False)
    )
    said = f"Friedman over {found.blocks} seeds: p {p_value(found.p)}, W {found.agreement:.2f}"
    return f"{said}; mean ranks: {ranks}" if ranks else said


def _cells(row: Row, extra: Mapping[str, str]) -> list[object]:
    against = row.against
    return [
        row.method,
        spread(row.share),
        f"{row.share_found.median:.2%}",
        cell(row.igd_plus.median),
        number(row.plans.median),
        number(row.evaluations.median),
        number(row.moves.median),
        number(row.seconds.median),
        number(row.per_second.median),
        str(row.share.count),
        p_value(row.p) if against else "",
        f"{against.rank_biserial:+.2f}" if against else "",
        f"{against.superiority:.2f}" if against else "",
        row.verdict,
        *(cell(getattr(row, name).median) for name in extra),
    ]


def _extra_columns(group: Group) -> dict[str, str]:
    """Columns that only some phases have."""
    known = {"peak_mb": "peak MB", "found_share": "share of the exact front found"}
    return {
        name: title
        for name, title in known.items()
        if any(getattr(row, name).count for row in group.rows)
    }


def spread(values: Summary) -> str:
    """A median with its quartiles, where there are several values."""
    if values.count < 2:
        return f"{values.median:.2%}"
    return f"{values.median:.2%} [{values.low:.2%}, {values.high:.2%}]"


def _judged(value: float | None) -> Html:
    if value is None:
        return tag("span", "–")
    worth = "good" if value <= -0.05 else "bad" if value >= 0.05 else None
    return tag("span", percent(value), class_=worth)


def p_value(value: float) -> str:
    """A p value; a dash where there is none."""
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def cell(value: object) -> str:
    """A figure for people."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return number(value) if math.isfinite(value) else "∞"
    return f"{value:,}" if isinstance(value, int) else str(value)
