"""`slit check`: what is wrong or doubtful about a scenario, before anything runs."""

from dataclasses import asdict
from typing import Annotated

import typer

from slit.commands.terminal import AsJson, ExitCode, print_json


def check(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Name of a scenario, or its file.")
    ],
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="Check another date (UTC).")
    ] = None,
    hours: Annotated[float | None, typer.Option(metavar="H", help="Check so many hours.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check the data of a scenario; exit code 1 if there are errors."""
    from slit.api import check as lint
    from slit.scenario.diagnostics import Severity

    findings = lint(scenario, start=start, hours=hours)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    warnings = sum(finding.severity is Severity.WARNING for finding in findings)
    if as_json:
        listed = [asdict(finding) for finding in findings]
        print_json({"errors": errors, "warnings": warnings, "findings": listed})
    else:
        for finding in findings:
            print(f"{finding.severity}: {finding}")
        print(f"{scenario}: {errors} errors, {warnings} warnings, {len(findings)} findings")
    if errors:
        raise typer.Exit(ExitCode.DIFFERS)
