"""Everything that can be said against a scenario before anything runs."""

from datetime import date
from os import PathLike

from slit.api.limits import stated_limits
from slit.errors import SlitError
from slit.problem import compile_problem
from slit.relaxation.feasibility import check_capacity
from slit.scenario.check import check_and_load
from slit.scenario.diagnostics import Finding, Severity, error_of


def check(
    name_or_path: str | PathLike[str],
    *,
    start: str | date | None = None,
    hours: float | None = None,
) -> list[Finding]:
    """Findings on a scenario's data, its compilation and its capacity, errors first.

    Raises SlitError only where there is no such scenario.
    """
    findings, scenario = check_and_load(name_or_path, start=start, hours=hours)
    if scenario is None or any(finding.severity is Severity.ERROR for finding in findings):
        return findings
    try:
        stated_limits((), scenario)
        check_capacity(compile_problem(scenario), scenario)
    except SlitError as error:
        return [error_of(error), *findings]
    return findings
