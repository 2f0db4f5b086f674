"""`slit forecast`: how good forecasts of a scenario are, and which forecasters there are."""

from pathlib import Path
from typing import Annotated

import typer

from slit.commands.terminal import AsJson, numbers, print_json, print_table, without
from slit.display import NOTHING
from slit.errors import SlitError

CONTENT, PAGE = "forecasts.json", "forecasts.html"

forecast = typer.Typer(no_args_is_help=True, help="Forecasts of demand and signals.")


@forecast.command("list")
def list_methods(as_json: AsJson = False) -> None:
    """Which forecasters there are, those of other packages included."""
    from slit.forecast.registry import described

    found = described()
    if as_json:
        print_json({"forecasters": found})
        return
    print_table(["name", "forecasts"], [list(row) for row in found.items()], left=2)


@forecast.command()
def evaluate(
    ctx: typer.Context,
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Built-in name or TOML file.")
    ],
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="See slit forecast list; all: those of slit; may be repeated (default: suite, "
            "naive).",
            show_default=False,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help="First forecast (UTC; default: start of the scenario).",
            show_default=False,
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="TIME", help="End of what is forecast.", show_default=False),
    ] = None,
    days: Annotated[
        float, typer.Option(metavar="D", help="Without --to: days to forecast.")
    ] = 28.0,
    leads: Annotated[
        str, typer.Option(metavar="H,H", help="Hours ahead that errors are of, by commas.")
    ] = "1,6,24",
    history: Annotated[float, typer.Option(metavar="D", help="Days before, to learn from.")] = 60.0,
    given: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Forecasts that win where they exist: CSV with the columns issued, time, signal, "
            "place, mean, and quantiles q05, q25, q50, q75, q95 or none.",
        ),
    ] = None,
    stale: Annotated[
        float, typer.Option(metavar="H", help="Hours that the newest of --given may be old.")
    ] = 24.0,
    fall_back: Annotated[
        bool,
        typer.Option(
            "--fall-back",
            help="Where --given ends before the longest lead the method goes on; otherwise that is "
            "an error.",
        ),
    ] = False,
    day_ahead: Annotated[
        float | None,
        typer.Option(
            metavar="HOUR",
            help="The scenario's own prices are known from this hour (UTC) on for the whole next "
            "day.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help=f"Write {CONTENT} and a page with figures, {PAGE}, into this folder.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Forecast at every epoch of a stretch of history, and say how far off that was.

    Each method has learned from the days before, and learns on. MASE is the error over that of
    repeating the day before.
    """
    from datetime import timedelta

    from slit.api.forecasting import evaluate_forecasters
    from slit.api.given_forecasts import GivenForecasts
    from slit.files import write_json, write_named
    from slit.report.forecasts import HEADER, MEANING, error_rows, forecasts_page, signal_errors

    if end is not None:
        without("--to", ctx, "days")
    if given is None and fall_back:
        raise SlitError("--fall-back: no --given, expected it (or neither)")
    found = evaluate_forecasters(
        scenario,
        tuple(method or ("suite", "naive")),
        start=start,
        end=end,
        length=timedelta(days=days),
        leads_h=numbers(leads, "--leads"),
        history_days=history,
        given=GivenForecasts(given, day_ahead, stale, fall_back),
    )
    content = found.content()
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        write_json(output / CONTENT, content, indent=1)
        write_named(output / PAGE, forecasts_page(content).encode())
    if as_json:
        print_json(content)
        return
    signals = signal_errors(content)
    print(f"{found.scenario}, {found.start:%Y-%m-%d %H:%M} to {found.end:%Y-%m-%d %H:%M} UTC\n")
    print_table(HEADER, list(error_rows(signals, found.leads_h)), left=2)
    print(f"\n{MEANING}")
    for name in dict.fromkeys(each.method for each in signals):
        worst = [
            f"{each.signal} {each.worst_place}"
            for each in signals
            if each.method == name and each.worst_place != NOTHING
        ]
        if worst:
            print(f"\nworst series by {name}: {', '.join(worst)}")
    if output is not None:
        print(f"\npage: {output / PAGE}")
