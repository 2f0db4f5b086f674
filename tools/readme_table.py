"""The tables of the README: a run against today's schedulers at equal quality, and its picks.

    slit optimize benchmarks/scenarios/world-2023.toml --output runs/world-2023
    python tools/readme_table.py runs/world-2023

writes them between the marks in README.md; with --print it only prints them.
"""

import argparse
from pathlib import Path

from slit.display import beyond, least_share, number, percent
from slit.record import Run, read_certificate, read_run
from slit.report.equal_quality import EqualQuality, equal_quality_of
from slit.report.picks import PicksData, picks_data

README = Path(__file__).resolve().parent.parent / "README.md"
PICKS = "The extremes of the front, its balanced plan and the schedulers, whatever their quality:"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
LEFT_OUT = ("random",)
SCHEDULERS = ("nearest", "round_robin", "splitwise", "helix")
"""Those that people use today, of which the table at equal quality is."""


def picks_table(picks: PicksData, *, left_out: tuple[str, ...] = LEFT_OUT) -> str:
    """Values of the picks, and in brackets the change against the reference, as Markdown."""
    heads = ["plan", *(f"{axis.title} ({axis.unit})" for axis in picks.axes)]
    lines = [f"| {' | '.join(heads)} |", f"|---{'|---:' * len(picks.axes)}|"]
    for n, mark in enumerate(picks.marks):
        if mark.name in left_out:
            continue
        cells = [
            number(value)
            + ("" if change is None or mark.name == picks.reference else in_brackets(change))
            for value, change in zip(picks.values[n], picks.changes[n], strict=True)
        ]
        over = beyond(float(picks.violation[n]))
        lines.append(f"| `{mark.name}`{f' ({over})' if over else ''} | {' | '.join(cells)} |")
    return "\n".join(lines)


def equal_quality_table(found: EqualQuality) -> str:
    """The balanced plan of those that lose no more quality, against each scheduler and against
    what it makes of the same variants, as Markdown."""
    heads = ["against", *(axis.title for axis in found.axes), "plans that qualify"]
    lines = [f"| {' | '.join(heads)} |", f"|---{'|---:' * (len(found.axes) + 1)}|"]
    for row in found.rows:
        if row.reference not in SCHEDULERS or row.allowance > 0 or row.plan is None:
            continue
        said = " in no class" if row.by_class else ""
        cells = " | ".join(map(percent, row.change))
        lines.append(f"| `{row.reference}`{said} | {cells} | {row.plans:,} |")
        if row.same_variants is not None:
            cells = " | ".join(map(percent, row.same_variants.change))
            lines.append(f"| `{row.reference}`, same variants | {cells} | |")
    return "\n".join(lines)


def in_brackets(change: float) -> str:
    """A change in per cent: minus is less."""
    return f" ({change:+.0f} %)".replace("-", "−")


def described(run: Run, picks: PicksData) -> str:
    """The line below the table: what was run."""
    manifest = run.manifest
    moves = f" and {manifest.moves:,} moves" if manifest.moves else ""
    certified = read_certificate(run)
    share = ""
    if certified is not None and certified.share is not None:
        share = (
            f" They reach at least {least_share(certified.share)} of the hypervolume that any "
            "front could have."
        )
    return (
        f"Scenario `{run.scenario.name}`, {manifest.optimizer}, seed {manifest.seed}: "
        f"{manifest.evaluations:,} evaluations{moves}, {int(run.front.on_front.sum()):,} plans on "
        f"the front.{share} In brackets the change against `{picks.reference}`."
    )


def replaced(text: str, table: str) -> str:
    """`text` with what stands between the marks replaced."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{README.name}: no {BEGIN} ... {END}, expected both marks")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def main() -> None:
    """Write or print the table of a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument("--against", help="pick that changes refer to (default: nearest)")
    parser.add_argument("--print", action="store_true", help="do not touch README.md")
    said = parser.parse_args()
    run = read_run(said.run)
    picks = picks_data(run.front, search=run.manifest.optimizer, reference=said.against)
    found = equal_quality_of(run, picks)
    first = "" if found is None else f"{equal_quality_table(found)}\n\n{PICKS}\n\n"
    table = f"{first}{picks_table(picks)}\n\n{described(run, picks)}"
    if said.print:
        print(table)
    else:
        README.write_text(replaced(README.read_text(encoding="utf-8"), table), encoding="utf-8")


if __name__ == "__main__":
    main()
