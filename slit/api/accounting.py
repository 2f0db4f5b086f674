"""Plans optimized under one carbon account and judged under the others."""

from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

from slit.api.arguments import scenario_of
from slit.api.calls import optimize
from slit.errors import SlitError
from slit.optimizers.registry import DEFAULT_OPTIMIZER
from slit.record import Run, read_run
from slit.record.runs import check_plugin
from slit.report.accounts import AccountsData, Searched, accounts_data
from slit.scenario.accounts import account_names
from slit.scenario.scenario import Scenario

Target = Run | Scenario | str | PathLike[str]


def accounts(
    target: Target | tuple[Target, ...],
    *,
    against: str | None = None,
    start: str | date | None = None,
    hours: float | None = None,
    plugin: str | Path | None = None,
    output: str | Path | None = None,
    **search: Any,
) -> AccountsData:
    """Judge plans under every carbon account of their scenario.

    Args:
        target: runs (folders) of one scenario, each searched under an account; or a scenario, which
            is searched under every one of its accounts.
        against: the plan that changes refer to; by default nearest, or what stands in its place.
        start: of a scenario, as in `slit.optimize`.
        hours: likewise.
        plugin: file with objectives of the runs.
        output: folder that the runs of a scenario are written to, each by the name of its account.
        search: what else `slit.optimize` is told of a scenario (evaluations, seed, objectives ...).

    Returns:
        Named plans under every account, and what each account would pick.

    Raises:
        SlitError: no accounts, runs of different scenarios, and as `slit.optimize`.
    """
    targets: list[Target] = list(target) if isinstance(target, tuple) else [target]
    search = {name: value for name, value in search.items() if value is not None}
    if not targets:
        raise SlitError("accounts: nothing to judge, expected run folders or a scenario")
    runs = [found for each in targets if (found := _run_of(each)) is not None]
    if len(runs) == len(targets):
        _refuse_search(search, start=start, hours=hours, output=output)
        if plugin is not None:
            check_plugin(runs[0].manifest.plugin, plugin)
        return accounts_data(
            [Searched(run.scenario, run.front, run.manifest.optimizer) for run in runs],
            reference=against,
        )
    scenario = targets[0]
    if len(targets) > 1 or isinstance(scenario, Run):
        raise SlitError(
            f"accounts: {len(runs)} run folders of {len(targets)} given, expected run folders "
            "alone, or one scenario"
        )
    scenario = scenario_of(scenario, start, hours)
    names = account_names(scenario)
    if len(names) == 1:
        raise SlitError(
            f"accounts: {scenario.name} states none, expected [accounts.NAME] in the scenario file"
        )
    searched = []
    for name in names:
        folder = None if output is None else Path(output) / name
        counted = scenario_of(scenario, None, None, account=name)
        result = optimize(counted, plugin=plugin, output=folder, **search)
        searched.append(
            Searched(counted, result.front, str(search.get("optimizer", DEFAULT_OPTIMIZER)))
        )
    return accounts_data(searched, reference=against)


def _run_of(target: Target) -> Run | None:
    if isinstance(target, Run | Scenario):
        return target if isinstance(target, Run) else None
    return read_run(Path(target)) if Path(target).is_dir() else None


def _refuse_search(search: dict[str, Any], **others: object) -> None:
    given = [name for name, value in (search | others).items() if value is not None]
    if given:
        raise SlitError(
            f"{given[0].replace('_', ' ')}: given for runs, which were searched already, expected "
            "a scenario, or none"
        )
