"""report.html and CSV files of the folder of a suite."""

from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import sections, tables
from benchmarks.report.changes import changes_of
from benchmarks.report.compare import groups_of, overall
from benchmarks.report.learning import agent_curves, agent_records, duel_records, duels
from benchmarks.report.markdown import as_markdown
from benchmarks.report.predictions import error_records, sampling_records
from benchmarks.report.runs import read_runs
from benchmarks.store import Store
from slit.errors import SlitError
from slit.files import write_file
from slit.report.markup import tag
from slit.report.page import page

HTML = "report.html"
MARKDOWN = "report.md"


def write_report(folder: Path) -> list[Path]:
    """Write the page and the tables of what is done so far; returns their paths, the page first.

    Raises SlitError if this is no folder of a suite, or if nothing is done.
    """
    store = Store(folder)
    plan = store.read_plan()
    results = list(store.results(plan.jobs))
    if not results:
        raise SlitError(f"{folder}: no job is done, expected results of {plan.suite}")
    runs, references = read_runs(results, store)
    groups, changes = groups_of(runs), changes_of(runs)
    plain = {
        "speeds": ("Speed of one core", tables.speed_records(results)),
        "fronts": ("Published fronts", tables.front_records(results)),
        "errors": ("Errors of predictions, % of what was measured", error_records(results)),
        "sampling": ("Errors over the number of measurements, %", sampling_records(results)),
        "agents": ("Learning agents, means over seeds", agent_records(results)),
        "duels": ("Carbon, over the optimum", duel_records(duels(results))),
    }
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    failures = store.failures()
    body = [sections.head_section(plan, done=len(results), failures=failures, when=when)]
    parts = []
    if groups:
        parts.append(sections.overview_section(groups, overall(groups)))
        parts.append(sections.reference_note(references))
    parts += [
        sections.group_section(group, references[group.arena], f"group-{n}")
        for n, group in enumerate(groups)
    ]
    if changes:
        parts.append(sections.changes_section(changes))
    parts += [sections.records_section(title, found) for title, found in plain.values() if found]
    machines = list({str(result.machine): result.machine for result in results}.values())
    codes = list(dict.fromkeys(result.job.code for result in results))
    parts.append(sections.machine_section(machines, codes))
    content = page(
        title=f"slit benchmark: {plan.suite}", body=[*body, tag("main", *parts, id="content")]
    )
    written = {HTML: content, MARKDOWN: as_markdown(plan, groups, changes, plain.values())}
    for name, records in {
        "runs": tables.run_records(runs),
        "comparisons": tables.comparison_records(groups),
        "changes": tables.change_records(changes),
        "curves": tables.curve_records(groups),
        "yardsticks": tables.reference_records(references),
        **{name: found for name, (_, found) in plain.items()},
        "agent_curves": agent_curves(results),
    }.items():
        if records:
            written[f"{name}.csv"] = tables.as_csv(records)
    for name, text in written.items():
        write_file(folder / name, text.encode())
    return [folder / name for name in written]
