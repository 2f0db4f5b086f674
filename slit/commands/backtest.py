"""`slit backtest`: what decisions from forecasts would have come to, beside perfect foresight."""

from pathlib import Path
from typing import Annotated, Any

import typer

from slit.commands.operating import (
    BrokenShare,
    BudgetTexts,
    DayAhead,
    ForecastMethod,
    GivenFile,
    HistoryDays,
    HorizonHours,
    LimitTexts,
    ObjectiveNames,
    PathCount,
    Policy,
    ProvisionMode,
    RiskText,
    SearchMoves,
    Stability,
    given_of,
    names,
    risk_of,
)
from slit.commands.terminal import AsJson, print_json, print_table
from slit.display import NOTHING, number, percent, share
from slit.operate.provision import Provision

CONTENT, PAGE = "backtest.json", "backtest.html"
COLUMNS = ("carbon", "water", "cost", "quality")


def backtest(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Built-in name or TOML file.")
    ],
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="First decision (UTC).")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="End of the last epoch.")],
    policy: Policy = "balance",
    forecast: ForecastMethod = "suite",
    given: GivenFile = None,
    day_ahead: DayAhead = None,
    objectives: ObjectiveNames = "carbon,water,cost,quality",
    horizon: HorizonHours = 24.0,
    history: HistoryDays = 60.0,
    limit: LimitTexts = None,
    budget: BudgetTexts = None,
    causes: Annotated[
        bool,
        typer.Option(help="Also forecast one cause at a time, the rest known: regret by cause."),
    ] = True,
    rival: Annotated[
        list[str] | None,
        typer.Option(
            help="Schedulers that plan a day and know it (default: nearest, splitwise, helix); "
            "may be repeated.",
            show_default=False,
        ),
    ] = None,
    provision: ProvisionMode = Provision.PLANNED,
    stability: Stability = 0.1,
    moves: SearchMoves = 2_000_000,
    risk: RiskText = None,
    paths: PathCount = 20,
    broken: BrokenShare = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same decisions.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at once, as processes.")] = 1,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for runs, backtest.json and backtest.html; one that was begun goes on.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide again over real hours: with forecasts, with perfect foresight, with yesterday's
    figures, and as schedulers would that know the day.

    Prints what each really came to, by the real requests and signals, its regret to perfect
    foresight and what each cause adds to that.
    """
    from slit.api.operating import OperatingOptions
    from slit.api.operating import backtest as run
    from slit.files import write_json
    from slit.operate.backtest import RIVALS
    from slit.operate.summary import backtest_content
    from slit.report.backtest import backtest_page

    options = OperatingOptions(
        policy=policy,
        forecast=forecast,
        objectives=names(objectives),
        horizon_h=horizon,
        history_days=history,
        limits=tuple(limit or ()),
        budgets=tuple(budget or ()),
        provision=provision,
        stability=stability,
        moves=moves,
        risk=risk_of(risk, paths, broken),
        given=given_of(given, day_ahead),
        seed=seed,
    )
    found = run(
        scenario,
        start=start,
        end=end,
        options=options,
        causes=causes,
        rivals=RIVALS if rival is None else tuple(rival),
        jobs=jobs,
        output=output,
    )
    content = {"policy": policy, "forecast": forecast, **backtest_content(found)}
    if output is not None:
        write_json(output / CONTENT, content, indent=1)
        (output / PAGE).write_text(backtest_page(content), encoding="utf-8")
    if as_json:
        print_json(content)
        return
    _print(content)
    if output is not None:
        print(f"\n{output / PAGE}")


def _print(content: dict[str, Any]) -> None:
    print(f"\n{content['scenario']}, {content['from']} to {content['to']}\n")
    header = ["", *COLUMNS, "late", "rerouted", "spilled", "starts", "unplanned", "above bound"]
    rows = []
    for name, run in content["runs"].items():
        if name in content["causes"]:
            continue
        above = run["above_bound"]
        rows.append(
            [
                name,
                *(number(run[column]) for column in COLUMNS),
                *(share(run[column]) for column in ("slo_violation", "rerouted", "spilled")),
                f"{run['starts']:,}",
                f"{run['unplanned']:,}",
                NOTHING if above is None else f"{above:.1f} %",
            ]
        )
    print_table(header, rows)
    print("\nRegret to perfect foresight (%)\n")
    rows = [
        [
            f"{name} forecast alone" if name in content["causes"] else name,
            *(_percent(run["regret"][column]) for column in (*COLUMNS, "weighted")),
        ]
        for name, run in content["runs"].items()
        if name in (*content["causes"], "forecast", "yesterday")
    ]
    print_table(["", *COLUMNS, "weighted sum"], rows)
    for row in content["savings"]:
        parts = []
        for column in ("carbon", "water", "cost"):
            ends = row[f"{column}_95"]
            interval = "" if ends is None else f" [{percent(ends[0])}, {percent(ends[1])}]"
            parts.append(f"{column} {_percent(row[column])}{interval}")
        lost = 100 * row["quality"]
        print(
            f"\nagainst {row['against']}: {', '.join(parts)}; {abs(lost):.2f} points "
            f"{'more' if lost > 0 else 'less'} quality lost"
        )


def _percent(value: float | None) -> str:
    return NOTHING if value is None else percent(value)
