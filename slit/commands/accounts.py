"""`slit accounts`: plans optimized under one carbon account and judged under the others."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slit.commands.terminal import AsJson, Plugin, listed_measures, print_json, print_table
from slit.display import number, percent

if TYPE_CHECKING:
    from slit.report.accounts import AccountRow, AccountsData


def accounts(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... | SCENARIO",
            help="Run folders of one scenario, or a scenario to be searched under each account.",
        ),
    ],
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Plan that changes refer to (default: nearest)."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All plans with a name, not only those that matter most.")
    ] = False,
    evaluations: Annotated[
        int | None, typer.Option(metavar="N", help="Of a scenario: full evaluations, each search.")
    ] = None,
    moves: Annotated[
        int | None, typer.Option(metavar="N", help="Of a scenario: incremental evaluations.")
    ] = None,
    objectives: Annotated[
        str | None, typer.Option(metavar="A,B,C", help="Of a scenario: see slit objectives.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of a scenario: same seed, same bits (default: 1).")
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="Of a scenario: another date (UTC).")
    ] = None,
    hours: Annotated[
        float | None, typer.Option(metavar="H", help="Of a scenario: plan so many hours.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Of a scenario: threads (default: 1).")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Of a scenario: keep the runs in it, by account."),
    ] = None,
    plugin: Plugin = None,
    as_json: AsJson = False,
) -> None:
    """Judge plans under every carbon account of their scenario, and say what each would pick."""
    from slit.api.accounting import accounts as judge

    found = judge(
        tuple(targets),
        against=against,
        start=start,
        hours=hours,
        plugin=plugin,
        output=output,
        evaluations=evaluations,
        moves=moves,
        objectives=None if objectives is None else listed_measures(objectives),
        seed=seed,
        threads=threads,
    )
    if as_json:
        print_json(accounts_content(found))
    else:
        print_accounts(found, every=every)


def accounts_content(found: "AccountsData") -> dict[str, Any]:
    """Accounts, plans under each and choices as JSON; carbon in kg CO2e."""

    def by_account(values: Any) -> dict[str, Any]:
        return dict(zip(found.names, values, strict=True))

    return {
        "accounts": [
            {
                "name": account.name,
                "description": account.description,
                "estimated": account.estimated,
                "sites": [site.model_dump() for site in account.sites],
            }
            for account in found.accounts
        ],
        "against": found.reference,
        "plans": [
            {
                "searched": row.searched,
                "name": row.name,
                "plan": row.plan,
                "carbon": by_account(row.carbon.tolist()),
                "change_percent": by_account(row.change),
                "contradicts": row.contradicts,
            }
            for row in found.rows
        ],
        "choices": [asdict(choice) for choice in found.choices],
        "unjudged": list(found.unjudged),
    }


def print_accounts(found: "AccountsData", *, every: bool) -> None:
    """The accounts, the plans under each, and the choices as tables."""
    from slit.report.accounts import (
        ACCOUNT_COLUMNS,
        CHOICE_COLUMNS,
        account_rows,
        choice_rows,
        describe_contradictions,
    )

    print_table([name.lower() for name in ACCOUNT_COLUMNS], account_rows(found.accounts), left=5)
    rows = found.rows if every else [row for row in found.rows if _matters(row, found)]
    against = "" if found.reference is None else f" (change against {found.reference})"
    print(f"\nCarbon by account, kg CO2e{against}:")
    shown = [
        [
            row.searched,
            row.name,
            str(row.plan),
            *(
                f"{number(float(kg))} ({percent(change)})"
                for kg, change in zip(row.carbon, row.change, strict=True)
            ),
        ]
        for row in rows
    ]
    print_table(["searched under", "plan", "number", *found.names], shown, left=2)
    if len(rows) < len(found.rows):
        print(f"--all: {len(found.rows) - len(rows)} more plans")
    print(describe_contradictions(found))
    print("\nWhat each account would pick of a front, judged under it:")
    print_table([name.lower() for name in CHOICE_COLUMNS], choice_rows(found), left=3)
    if found.unjudged:
        print(f"not measured again: {', '.join(found.unjudged)} (--plugin)")


def _matters(row: "AccountRow", found: "AccountsData") -> bool:
    """Whether a plan is the least in carbon, the balanced one or the reference; that of the first
    search only."""
    if row.name == found.reference:
        return row.searched == found.rows[0].searched
    return row.name.endswith(("-carbon", "-balance"))
