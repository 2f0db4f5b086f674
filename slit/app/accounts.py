"""Runs judged under every carbon account of their scenario: each account has a page of its own."""

from collections.abc import Sequence
from dataclasses import replace

from slit.objectives.builtin import carbon
from slit.record import Run
from slit.report.accounts import judged_front
from slit.scenario.accounts import account_names, has_accounts
from slit.scenario.store import scenario_hash


def under_every_account(runs: Sequence[Run]) -> list[Run]:
    """The runs as they were searched, then each under the other accounts of its scenario."""
    found = list(runs)
    for run in filter(lambda run: has_accounts(run.scenario), runs):
        others = [
            name for name in account_names(run.scenario) if name != run.scenario.accounting.account
        ]
        found += [under_account(run, name) for name in others]
    return found


def under_account(run: Run, account: str) -> Run:
    """A run whose carbon counts by another account. Limits of the search on carbon say nothing of
    it there and are left out. Raises SlitError for an unknown account."""
    front, scenario, problem = judged_front(run.scenario, run.front, account)
    manifest = run.manifest.model_copy(
        update={
            "scenario_hash": scenario_hash(scenario),
            "resolved_limits": tuple(
                limit
                for limit in run.manifest.resolved_limits
                if not limit.measure.startswith(carbon.name)
            ),
        }
    )
    return replace(
        run,
        manifest=manifest,
        scenario=scenario,
        problem=problem,
        front=front,
        on_front=front.on_front,
        judged=True,
    )
