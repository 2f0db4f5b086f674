"""`slit report`: the report of a run."""

from pathlib import Path
from typing import Annotated

import typer

from slit.commands.terminal import Plugin, RunFolder


def report(
    folder: RunFolder,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write it (default: report.html of the run)."),
    ] = None,
    plugin: Plugin = None,
) -> None:
    """Write the report of a run: one HTML file that works offline."""
    from slit.record import read_run
    from slit.record.runs import check_plugin
    from slit.report import write_report

    run = read_run(folder)
    if plugin is not None:
        check_plugin(run.manifest.plugin, plugin)
    print(write_report(run, folder / "report.html" if output is None else output))
