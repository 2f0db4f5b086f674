"""Options that `slit operate` and `slit backtest` share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slit.commands.terminal import listed_measures
from slit.operate.provision import Provision
from slit.operate.risk import Risk, read_risk

if TYPE_CHECKING:
    from slit.api.given_forecasts import GivenForecasts

Policy = Annotated[
    str,
    typer.Option(
        metavar="POLICY",
        help="How one plan is chosen: balance (one per cent of what the nearest datacenters take "
        "weighs alike in every objective), balance:carbon=2, prices:carbon=0.2,cost=1 (USD a "
        "unit), pick:balance (of a searched front), order:quality,carbon@1%.",
    ),
]
ForecastMethod = Annotated[
    str,
    typer.Option("--forecast", metavar="F", help="suite, naive, smoothing, boosting, yesterday."),
]
HorizonHours = Annotated[
    float, typer.Option("--horizon", metavar="H", help="Hours that a decision looks ahead.")
]
HistoryDays = Annotated[
    float, typer.Option("--history", metavar="D", help="Days before, to learn from.")
]
LimitTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="LIMIT",
        help='What no plan may exceed over its horizon, as "quality<=nearest"; may be repeated.',
        show_default=False,
    ),
]
BudgetTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--budget",
        metavar="BUDGET",
        help='What may be spent over a time, as "carbon<=5000/30d" (kg CO2e in 30 days); its price '
        "rises while it burns too fast; may be repeated.",
        show_default=False,
    ),
]
ObjectiveNames = Annotated[
    str, typer.Option("--objectives", metavar="A,B,..", help="What the policy weighs or searches.")
]
ProvisionMode = Annotated[
    Provision,
    typer.Option(
        help="Active nodes: those planned and more where requests need them, or exactly those that "
        "requests need (follow)."
    ),
]
Stability = Annotated[
    float,
    typer.Option(
        metavar="S", help="What rerouting all requests weighs, as a share of the weighted sum."
    ),
]
SearchMoves = Annotated[
    int, typer.Option("--moves", min=1, help="Of a search for a front (policy pick:).")
]
RiskText = Annotated[
    str | None,
    typer.Option(
        "--risk",
        metavar="R",
        help="Choose by drawn courses of what comes: mean, cvar:0.9 (the mean of the worst tenth), "
        "worst.",
        show_default=False,
    ),
]
PathCount = Annotated[
    int, typer.Option("--paths", min=2, metavar="N", help="With --risk: courses drawn.")
]
BrokenShare = Annotated[
    float,
    typer.Option(
        "--broken",
        metavar="SHARE",
        help="With --risk: mark plans that break limits in more than this share of them.",
    ),
]


GivenFile = Annotated[
    Path | None,
    typer.Option(
        "--given",
        metavar="FILE",
        help="Forecasts that win where they exist (CSV, as slit forecast evaluate takes it); where "
        "they end the method goes on.",
        show_default=False,
    ),
]
DayAhead = Annotated[
    float | None,
    typer.Option(
        "--day-ahead",
        metavar="HOUR",
        help="The scenario's own prices are known from this hour (UTC) on for the whole next day.",
        show_default=False,
    ),
]


def given_of(file: Path | None, day_ahead: float | None) -> "GivenForecasts":
    """The given forecasts that options state."""
    from slit.api.given_forecasts import GivenForecasts

    return GivenForecasts(file, day_ahead, fall_back=True)


def risk_of(text: str | None, paths: int, broken: float) -> Risk | None:
    """The risk that options state."""
    return None if text is None else read_risk(text, paths=paths, broken=broken)


def names(text: str) -> tuple[str, ...]:
    """Objectives by commas."""
    return tuple(name for name in listed_measures(text) if name)
