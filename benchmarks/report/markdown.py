"""The comparisons as Markdown, to be pasted beside the command that made them."""

from collections.abc import Iterable, Sequence

from benchmarks.report.changes import BALANCE, PickChange
from benchmarks.report.compare import Group, Row
from benchmarks.report.sections import cell, p_value, spread
from benchmarks.report.tables import Record
from benchmarks.store import SuitePlan
from slit.display import called, number, percent


def as_markdown(
    plan: SuitePlan,
    groups: Sequence[Group],
    changes: Sequence[PickChange],
    plain: Iterable[tuple[str, Sequence[Record]]],
) -> str:
    """Every group as a table, then the balanced plans against the schedulers, then plain figures
    by title."""
    parts = [f"# {plan.suite}\n\n`slit benchmark run {plan.suite} --seeds {plan.seeds}`\n"]
    parts += [f"- {note}" for note in plan.notes]
    for group in groups:
        columns = ["method", "share", "IGD+", "plans", "evaluations/s", "CPU s", "p", "A"]
        columns.append(f"{group.reference} is")
        parts.append(_table(group.label, columns, [_cells(row) for row in group.rows]))
    balanced = [change for change in changes if change.pick.endswith(BALANCE)]
    for arena, budget, pick in dict.fromkeys((s.arena, s.budget, s.pick) for s in balanced):
        rows = [s for s in balanced if (s.arena, s.budget, s.pick) == (arena, budget, pick)]
        columns = ["against", *map(called, arena.objectives), "better in all at once"]
        cells = [
            [
                change.rival,
                *(percent(change.percent[name]) for name in arena.objectives),
                f"{change.better:.0%} of seeds",
            ]
            for change in rows
        ]
        parts.append(
            _table(f"{pick} against the schedulers: {arena.label}, {budget}", columns, cells)
        )
    parts += [
        _table(title, list(records[0]), [list(map(cell, each.values())) for each in records])
        for title, records in plain
        if records
    ]
    return "\n".join(parts)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"\n**{title}**\n", _line(columns), _line(["---"] * len(columns))]
    return "\n".join([*lines, *(_line(row) for row in rows)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row) -> list[str]:
    return [
        row.method,
        spread(row.share),
        number(row.igd_plus.median),
        number(row.plans.median),
        number(row.per_second.median),
        number(row.seconds.median),
        p_value(row.p) if row.against else "",
        f"{row.against.superiority:.2f}" if row.against else "",
        row.verdict,
    ]
