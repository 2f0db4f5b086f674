"""`slit operate`: a decision every epoch, from forecasts, in a folder that survives its process."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from slit.commands.terminal import AsJson, complain, only_with, print_json, without
from slit.display import number, share
from slit.errors import SlitError
from slit.operate.provision import Provision

if TYPE_CHECKING:
    from slit.operate.gateways import Gateways


def operate(
    ctx: typer.Context,
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Built-in name or TOML file.")
    ],
    folder: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of the operation: plan, routing, state, epochs."),
    ],
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="First decision of a simulated clock (UTC)."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="End of the simulated time.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Decide for the epoch that it is now, and end.")
    ] = False,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="With --once: another time than now.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Decide at the begin of every epoch, until interrupted.")
    ] = False,
    policy: Policy = "balance",
    forecast: ForecastMethod = "suite",
    given: GivenFile = None,
    day_ahead: DayAhead = None,
    objectives: ObjectiveNames = "carbon,water,cost,quality",
    horizon: HorizonHours = 24.0,
    history: HistoryDays = 60.0,
    limit: LimitTexts = None,
    budget: BudgetTexts = None,
    provision: ProvisionMode = Provision.PLANNED,
    stability: Stability = 0.1,
    moves: SearchMoves = 2_000_000,
    risk: RiskText = None,
    paths: PathCount = 20,
    broken: BrokenShare = 0.1,
    stale: Annotated[
        float,
        typer.Option(metavar="H", help="With --once or --live: how old the newest figures may be."),
    ] = 3.0,
    export: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT,...",
            help="Also write the coming epoch as gateways load it (slit export --list).",
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --export: what gateways call backends (TOML)."),
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="Write its weights into a gateway that runs: http://HOST:PORT of Envoy's admin "
            "port, HAProxy's runtime socket.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same decisions.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Forecast, decide, write the plan, go on: over a stretch of history by a simulated clock, once
    (for a CronJob or timer), or live.

    The folder holds the plan in force (plan.json, routing.csv), what became of each epoch (epochs/)
    and the state that the next decision starts from. A process that is killed at any time goes on
    with the same decisions.
    """
    from slit.api.operating import OperatingOptions, operate_live, operate_once
    from slit.api.operating import operate as simulate
    from slit.scenario.load import parse_start

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
        stale_h=stale,
        seed=seed,
        gateways=_gateways(export, mapping, push),
    )
    if once and live:
        raise SlitError("--once: given with --live, expected one of them")
    if once or live:
        without("--once" if once else "--live", ctx, "start", "end")
    if not once:
        only_with("--once", ctx, "at")
    made: list[dict[str, Any]] = []
    if once:
        now = datetime.now(UTC) if at is None else parse_start(at)
        made.append(_said(operate_once(scenario, folder, at=now, options=options), as_json))
    elif live:
        for found in operate_live(scenario, folder, options=options):
            if isinstance(found, SlitError):
                complain(f"no decision, the plan in force stays: {found}")
            else:
                _said(found, as_json)
    elif start is None or end is None:
        raise SlitError("--from, --to: missing, expected both, or --once or --live")
    else:
        decisions = simulate(scenario, folder, start=start, end=end, options=options)
        made += [_said(found, as_json) for found in decisions]
        if not made and not as_json:
            print(f"{folder}: nothing left to decide until {end}")
    if as_json:
        print_json({"folder": str(folder), "decisions": made})


def _gateways(export: str | None, mapping: Path | None, push: str | None) -> "Gateways | None":
    from slit.export.mapping import read_mapping
    from slit.operate.gateways import Gateways

    if export is None and (mapping is not None or push is not None):
        raise SlitError("--export: none, expected a format with --mapping or --push")
    if export is None:
        return None
    if mapping is None:
        raise SlitError(
            "--mapping: none, expected the file that names backends (slit export RUN "
            "--write-mapping FILE writes one)"
        )
    formats = tuple(name.strip() for name in export.split(","))
    return Gateways(formats, read_mapping(mapping), place=push)


def _said(found: Any, as_json: bool) -> dict[str, Any]:
    """A line a decision; returns it in plain numbers."""
    promised = found.decision.promised.totals()
    moment = found.moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    if not as_json:
        cost = " ".join(
            f"{name} {number(promised[name])}" for name in ("carbon", "water", "cost", "quality")
        )
        said = f"{cost}{_over_paths(found.decision.spread)}{_became(found.served)}"
        print(f"{moment}  horizon: {said}", flush=True)
        if found.wrong:
            complain(f"{moment}: {found.wrong}")
    return {
        "time": found.moment.astimezone(UTC).isoformat(),
        "digest": found.digest,
        "violation": found.decision.violation,
        "wrong": found.wrong,
        "promised": promised,
        "served": [when.astimezone(UTC).isoformat() for when, _ in found.served],
    }


def _over_paths(spread: Any) -> str:
    if spread is None:
        return ""
    carbon = sorted(row[0] for row in spread.values)
    marked = f", limits broken in {share(spread.broken)}: MARKED" if spread.marked else ""
    over = f"{len(carbon)} paths: {spread.names[0]}"
    return f"; {over} {number(carbon[0])} to {number(carbon[-1])}{marked}"


def _became(served: Any) -> str:
    if not served:
        return ""
    from slit.operate.serve import REALIZED

    _, last = served[-1]
    late = last.totals[REALIZED.index("slo_violation")] / last.requests
    carbon = last.totals[REALIZED.index("carbon")]
    rerouted = last.rerouted / last.compared if last.compared else 0.0
    return (
        f"; epoch: carbon {number(carbon)}, late {share(late)}, rerouted {share(rerouted)}, "
        f"{last.starts} starts"
    )
