"""`slit tradeoff`: what one objective costs in another, and what an allowance buys."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from operators.types import Floats, Longs
from slit.commands.terminal import (
    AsJson,
    Plugin,
    RunFolder,
    Threads,
    given,
    named_texts,
    print_json,
    print_table,
)
from slit.commands.worth import worth_of
from slit.display import NOTHING, called, number, percent
from slit.errors import SlitError

if TYPE_CHECKING:
    from slit.certificates.projection import Edge
    from slit.certificates.tradeoff import Purchase
    from slit.record import Run
    from slit.relaxation import Relaxation


NEGLIGIBLE = 1e-6
"""Gains below this share are within the tolerances of the relaxation."""
POINTS = 9
"""Points of a curve: from no allowance to twice the one asked about."""


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    """Where a trade starts: `row` of the feasible plans `front` (N, M), of the relaxation's
    objectives, and the edge of the relaxation below it. `plans` (N,) are the numbers of the plans;
    `pick` is what this one is called; `own` are the objectives of the run."""

    relaxation: "Relaxation"
    front: Floats
    plans: Longs
    row: int
    pick: str
    edge: "Edge"
    own: tuple[str, ...]

    @property
    def values(self) -> Floats:
        """The plan's objectives."""
        return np.asarray(self.front[self.row])


def tradeoff(
    ctx: typer.Context,
    folder: RunFolder,
    plan: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Where to start: number or name of a plan (default: the balanced pick).",
        ),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=AMOUNT",
            help="How much more of an objective is allowed, in its unit (ttft=+0.2) or as a share "
            "of the plan's (cost=1%); may be repeated. Any objective, also one the run lacks.",
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Draw what growing shares of --allow buy; slit report RUN shows it too.",
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(min=0, help="Without --allow: how many capacities and hours to list.")
    ] = 3,
    plugin: Plugin = None,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """What an allowance buys in the other objectives; without --allow what each costs in another.

    Exact on the linear relaxation, from the values of a plan; beside it what the plans of the run
    attain.
    """
    from slit.record import read_run

    if figure is not None and not allow:
        raise SlitError("--figure: no --allow, expected one (what to draw)")
    if allow and given(ctx, "top"):
        raise SlitError("--top: given with --allow, expected one of them (what to list)")
    wanted = named_texts(allow or (), "--allow", expected="NAME=AMOUNT, as ttft=+0.2 or cost=1%")
    for name, text in wanted.items():
        _number(name, text)
    run = read_run(folder)
    start = _start(run, plan, named=tuple(wanted), plugin=plugin, threads=threads)
    amounts = {name: _amount(start, name, text) for name, text in wanted.items()}
    if len(amounts) == len(start.relaxation.names):
        raise SlitError(f"--allow: {', '.join(amounts)}, expected to leave an objective to buy")
    content = _plan_content(start)
    if not as_json:
        _print_start(start)
    if amounts:
        content |= _allowances(start, amounts, as_json=as_json)
        if figure is not None:
            content |= _draw(run, start, amounts, figure, as_json=as_json)
    else:
        content |= worth_of(run, start.relaxation, start.edge.point, top=top, as_json=as_json)
    if as_json:
        print_json(content)


def _start(
    run: "Run", plan: str | None, *, named: Sequence[str], plugin: Path | None, threads: int
) -> _Start:
    """The plan to start from, and all feasible plans in the objectives asked about."""
    from slit.certificates.projection import edge_below
    from slit.evaluator import Evaluator
    from slit.objectives import find
    from slit.record.runs import check_plugin
    from slit.relaxation import Relaxation

    search, front = run.manifest.optimizer, run.front
    check_plugin(run.manifest.plugin, plugin)
    if not front.feasible:
        raise SlitError(f"{run.folder}: no feasible plan, expected one to start from")
    row = front.knee() if plan is None else front.row_of(plan, prefix=search)
    if front.G[row] > 0:
        raise SlitError(
            f"plan: {front.plans[row]} exceeds its pools by {front.G[row]:g} nodes, expected a "
            "feasible plan"
        )
    others = [name for name in named if name not in front.names]
    problem, values = run.problem, front.F
    if others:
        extra = Evaluator(problem, run.scenario, objectives=find(others), threads=threads)
        values = np.column_stack([values, extra.evaluate(front.X).F])
    objectives = find((*front.names, *others))
    relaxation = Relaxation(problem, run.scenario, objectives, threads=threads)
    if len(relaxation.names) < 2:
        said = "; ".join(f"{name} has {why}" for name, why in relaxation.left_out.items())
        raise SlitError(
            f"objectives: {', '.join(relaxation.names) or 'none'}, expected two with a linear part"
            f"{f' ({said})' if said else ''}"
        )
    names = [objective.name for objective in objectives]
    columns = [names.index(name) for name in relaxation.names]
    feasible = np.flatnonzero(front.G <= 0)
    picks = [pick.name for pick in front.picks(prefix=search) if pick.row == row]
    if f"{search}-balance" in picks and plan is None:
        picks = [f"{search}-balance"]
    at = int(np.searchsorted(feasible, row))
    known = values[feasible][:, columns]
    return _Start(
        relaxation=relaxation,
        front=known,
        plans=front.plans[feasible],
        row=at,
        pick=plan if plan in picks else next(iter(picks), front.methods[row]),
        edge=edge_below(relaxation, known[at]),
        own=front.names,
    )


def _number(name: str, text: str) -> float:
    """The number of an allowance, without its sign of per cent."""
    try:
        amount = float(text.removesuffix("%"))
    except ValueError:
        amount = float("nan")
    if not isfinite(amount):
        raise SlitError(
            f"--allow: {f'{name}={text}'!r}, expected a number or a share, as {name}=+0.2 or "
            f"{name}=1%"
        )
    return amount


def _amount(start: _Start, name: str, text: str) -> float:
    """An allowance in its objective's unit."""
    relaxation = start.relaxation
    if name not in relaxation.names:
        why = relaxation.left_out.get(name, "no linear part")
        raise SlitError(
            f"--allow: {name!r} has {why}, expected one of {', '.join(relaxation.names)}"
        )
    value = abs(float(start.values[relaxation.names.index(name)]))
    return _number(name, text) * (value / 100 if text.endswith("%") else 1.0)


def _plan_content(start: _Start) -> dict[str, Any]:
    relaxation, edge = start.relaxation, start.edge

    def named(values: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(relaxation.names, values, strict=True))

    return {
        "plan": int(start.plans[start.row]),
        "pick": start.pick,
        "units": named(relaxation.terms.units),
        "values": named(start.values.tolist()),
        "edge": named(edge.point.tolist()),
        "edge_share": edge.share,
        "ideal": named(edge.ideal.tolist()),
        "left_out": dict(relaxation.left_out),
    }


def _print_start(start: _Start) -> None:
    relaxation, edge = start.relaxation, start.edge
    print(f"plan {start.plans[start.row]} ({start.pick}), and the edge of the relaxation below it:")
    rows = [
        [f"{called(name)} ({unit})", *map(number, values)]
        for name, unit, *values in zip(
            relaxation.names,
            relaxation.terms.units,
            start.values,
            edge.point,
            edge.ideal,
            strict=True,
        )
    ]
    print_table(["objective", "plan", "edge", "least possible"], rows)
    for name, why in relaxation.left_out.items():
        print(f"{called(name)} is left out: it has {why}")
    print(
        f"\nedge: {100 * edge.share:.0f} % of the way from the least possible values to the plan. "
        "Relaxed figures start\nthere: at the plan's own values, which the relaxation undercuts, "
        "trades would seem free."
    )


def _allowances(start: _Start, amounts: Mapping[str, float], *, as_json: bool) -> dict[str, Any]:
    """Print what an allowance buys, and give it as JSON."""
    from slit.certificates.tradeoff import tradeoff as bought_by

    found = bought_by(
        start.relaxation, start.front, plan=start.row, allow=amounts, relaxed=start.edge.point
    )
    if not as_json:
        print(f"\nAllowing {_allowance(start, amounts)} buys:")
        rows = [
            [
                f"{called(each.name)} ({each.unit})",
                number(each.relaxed_before),
                number(each.relaxed_after),
                _change(each.relaxed_gain, each.relaxed_before),
                percent(_share(-each.relaxed_gain, each.relaxed_before)),
                number(each.plan),
                number(each.attained) if isfinite(each.attained) else NOTHING,
                _change(each.attained_gain, each.plan),
                percent(_share(-each.attained_gain, each.plan)),
                str(start.plans[each.row]) if each.row >= 0 else NOTHING,
            ]
            for each in found
        ]
        header = ["objective", "edge", "then", "change", "in %"]
        print_table([*header, "plan", "front", "change", "in %", "by plan"], rows)
        print(
            "\nedge, then: relaxed minima while the other objectives stay at the edge, without and"
            "\nwith the allowance. plan, front: this plan, and the run's best that is no worse in "
            "the\nother objectives but for the allowance. change: minus is less, so better."
        )
        for name in amounts:
            if name not in start.own:
                print(
                    f"{name} is no objective of this run: its plans were not searched for trading "
                    f"it (slit optimize --objectives {','.join(start.own)},{name})."
                )
    return {"allow": dict(amounts), "buys": [_purchase(start, each) for each in found]}


def _purchase(start: _Start, each: "Purchase") -> dict[str, Any]:
    attained = isfinite(each.attained)
    content = asdict(each)
    del content["row"]
    return content | {
        "relaxed_gain": each.relaxed_gain,
        "relaxed_change_percent": _share(0.0 - each.relaxed_gain, each.relaxed_before),
        "relaxed_gain_percent": _share(each.relaxed_gain, each.relaxed_before),
        "attained": each.attained if attained else None,
        "attained_gain": each.attained_gain if attained else None,
        "attained_change_percent": _share(0.0 - each.attained_gain, each.plan)
        if attained
        else None,
        "attained_gain_percent": _share(each.attained_gain, each.plan) if attained else None,
        "attained_by": int(start.plans[each.row]) if attained else None,
    }


def _allowance(start: _Start, amounts: Mapping[str, float]) -> str:
    """An allowance in words."""
    names, units = start.relaxation.names, start.relaxation.terms.units
    said = []
    for name, amount in amounts.items():
        m = names.index(name)
        share = _share(amount, float(start.values[m]))
        part = "" if share is None else f" ({percent(share)})"
        said.append(f"{called(name)} {'+' if amount >= 0 else ''}{number(amount)} {units[m]}{part}")
    return ", ".join(said)


def _change(gain: float, before: float) -> str:
    """What a gain changes; rounding is nothing."""
    if not isfinite(gain):
        return NOTHING
    return "0" if abs(gain) <= NEGLIGIBLE * abs(before) else number(-gain)


def _share(part: float, whole: float) -> float | None:
    """A share in per cent; None where that means nothing."""
    return 100 * part / whole if whole > 0 and isfinite(part) else None


def _draw(
    run: "Run", start: _Start, amounts: Mapping[str, float], file: Path, *, as_json: bool
) -> dict[str, Any]:
    """Draw the curves of an allowance, and keep them in the run folder for its report."""
    from slit.certificates.tradeoff import allowance_curves
    from slit.files import write_named
    from slit.report.tradeoff import draw_tradeoff, keep_curves, tradeoff_data

    shares = np.linspace(0.0, 2.0, POINTS).tolist()
    curves = allowance_curves(
        start.relaxation,
        start.front,
        plan=start.row,
        allow=amounts,
        shares=shares,
        relaxed=start.edge.point,
    )
    number_of = int(start.plans[start.row])
    data = tradeoff_data(
        curves, plan=number_of, pick=start.pick, allowance=_allowance(start, amounts)
    )
    drawn = draw_tradeoff(data)
    title = f"What allowing {data.allowance} buys, from plan {number_of}"
    drawn.update_layout(title=title, margin={"t": 90})
    write_named(file, drawn.to_html(include_plotlyjs=True).encode())
    kept = keep_curves(data, run.folder)
    if not as_json:
        print(f"\nfigure: {file}\ncurves: {kept} (slit report {run.folder} draws them too)")
    return {"figure": str(file), "curves": str(kept)}
