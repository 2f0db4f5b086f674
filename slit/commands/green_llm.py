"""`slit green-llm`: the letter's linear program, its early variant and sweeps."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from slit.commands.terminal import given, named_texts, numbers, only_with, print_table, without
from slit.errors import SlitError
from slit.files import write_named

if TYPE_CHECKING:
    from slit.papers.green_llm.conversion import Conversion
    from slit.papers.green_llm.instance import Instance
    from slit.papers.green_llm.solve import SolvedInstance, Tolerance

Source = Annotated[
    str | None,
    typer.Argument(
        metavar="[INSTANCE | SCENARIO]",
        help="JSON file of an instance, or name or file of a scenario to convert; without it a "
        "random instance of the published size.",
        show_default=False,
    ),
]
Variants = Annotated[
    list[str] | None,
    typer.Option(
        "--variant",
        metavar="CLASS=NAME",
        help="Of a scenario: the model variant of a class (the letter has one for each); may be "
        "repeated. Default: the most accurate that fit.",
    ),
]
Order = Annotated[
    str | None,
    typer.Option(
        help="Objectives by priority, by commas: any of energy, delay, carbon "
        "(default: energy,delay,carbon).",
        show_default=False,
    ),
]
Tolerances = Annotated[
    str,
    typer.Option(
        help="How far an objective may rise above its optimum: a share of its absolute value (USD "
        "with --absolute); by commas one for each objective but the last."
    ),
]
Absolute = Annotated[bool, typer.Option("--absolute", help="Tolerances are in USD.")]
Weights = Annotated[
    str | None,
    typer.Option(
        help="Weighted sum instead of an order: energy=0.25,carbon=0.5,delay=0.25 or three numbers "
        "in that order; fractions as 1/4.",
        show_default=False,
    ),
]
WaterCap = Annotated[
    float | None,
    typer.Option(help="Most water of the day (L), if another.", show_default=False),
]
RenewableScale = Annotated[float, typer.Option(help="Factor on renewable power.")]
CarbonScale = Annotated[float, typer.Option(help="Factor on carbon intensities.")]
DemandScale = Annotated[float, typer.Option(help="Factor on the number of queries.")]
Sweep = Annotated[
    str | None,
    typer.Option(
        metavar="WHAT=V1,V2,...",
        help="Vary renewables, carbon, demand (factors), water_cap (L) or tolerance.",
        show_default=False,
    ),
]
Figure = Annotated[
    Path | None,
    typer.Option(metavar="FILE.html", help="Draw the sweep into this file.", show_default=False),
]
Placement = Annotated[
    bool,
    typer.Option(
        "--placement",
        help="The early variant: models placed at a download cost, queries left unmet at a penalty "
        "(its prices are not published: drawn at random).",
    ),
]
TimeLimit = Annotated[float, typer.Option(help="Of --placement (s).")]
Seed = Annotated[int, typer.Option(min=0, help="Of the random instance and placement prices.")]
Allocation = Annotated[Path, typer.Option(help="CSV file to write the allocation to.")]
NoAllocation = Annotated[bool, typer.Option("--no-allocation", help="Write no allocation.")]
SaveInstance = Annotated[
    Path | None,
    typer.Option(help="Write the instance as solved to this JSON file.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_WEIGHT_ORDER = ("energy", "carbon", "delay")
_COLUMNS = {
    "energy_cost": ("E USD", ",.3f"),
    "carbon_cost": ("C USD", ",.3f"),
    "delay_penalty": ("D USD", ",.3f"),
    "carbon_kg": ("kg CO2e", ",.2f"),
    "water_l": ("water L", ",.1f"),
    "latency_mean_s": ("mean s", ",.4f"),
    "latency_max_s": ("max s", ",.4f"),
}
_LEGEND = (
    "E energy cost, C carbon cost, D delay penalty. D's delay counts every query of an hour: it\n"
    "is a batch measure. mean s, max s: latency of one request, from transfer to the last token."
)


@dataclass(frozen=True, slots=True)
class _Report:
    """What a run prints: a title, a table of outcomes by row name, closing lines, JSON content."""

    title: str
    rows: Mapping[str, Mapping[str, float]]
    notes: Sequence[str]
    content: Mapping[str, Any]


def green_llm(
    ctx: typer.Context,
    source: Source = None,
    variant: Variants = None,
    order: Order = None,
    tolerance: Tolerances = "0.001",
    absolute: Absolute = False,
    weights: Weights = None,
    water_cap: WaterCap = None,
    renewable_scale: RenewableScale = 1.0,
    carbon_scale: CarbonScale = 1.0,
    demand_scale: DemandScale = 1.0,
    sweep: Sweep = None,
    figure: Figure = None,
    placement: Placement = False,
    time_limit: TimeLimit = 60.0,
    seed: Seed = 0,
    allocation: Allocation = Path("green_llm_allocation.csv"),
    no_allocation: NoAllocation = False,
    save_instance: SaveInstance = None,
    as_json: AsJson = False,
) -> None:
    """Green-LLM (arXiv 2507.09942): send queries to datacenters, objective after objective.

    Prints energy cost E, carbon cost C and delay penalty D of every phase with emissions, water
    and the latency of one request, and writes the allocation.
    """
    from slit.papers.green_llm.instance import change
    from slit.papers.green_llm.instance import save_instance as save

    modes = {"--weights": weights, "--sweep": sweep, "--placement": placement or None}
    chosen = [name for name, value in modes.items() if value is not None]
    if len(chosen) > 1 or (order is not None and chosen not in ([], ["--sweep"])):
        found = ", ".join([*(["--order"] if order is not None else []), *chosen])
        raise SlitError(f"options: found {found} together, expected one way to solve")
    if figure is not None and sweep is None:
        raise SlitError("--figure: found no --sweep, expected one (what to draw)")
    _refuse_unused(ctx, *chosen)
    name, instance, conversion = _read(source, seed, variant or ())
    instance = change(
        instance,
        renewable_scale=renewable_scale,
        carbon_scale=carbon_scale,
        demand_scale=demand_scale,
        water_cap=water_cap,
    )
    if save_instance is not None:
        save(instance, save_instance, origin=name)
    table = None if no_allocation else allocation
    if sweep is not None:
        report = _sweep(instance, sweep, order, tolerance, absolute, figure)
    elif placement:
        report = _placed(instance, seed, time_limit, table)
    elif weights is not None:
        report = _weighted(instance, weights, table)
    else:
        report = _lexicographic(instance, order, tolerance, absolute, table)
    if conversion is not None:
        report = _with_conversion(report, conversion)
    _show(name, instance, report, as_json=as_json)


_UNREAD = dict.fromkeys(("--placement", "--weights"), ("tolerance", "absolute"))
_UNREAD["--sweep"] = "allocation", "no_allocation"
"""What each way to solve has no use for."""


def _refuse_unused(ctx: typer.Context, way: str = "") -> None:
    """Raise SlitError for an option that means nothing in this way to solve."""
    without(way, ctx, *_UNREAD.get(way, ()))
    if way != "--placement":
        drawn = ctx.params["source"] is None
        only_with("--placement", ctx, "time_limit", *(() if drawn else ("seed",)))
    if way == "--sweep":
        swept = ctx.params["sweep"].partition("=")[0].strip()
        without(f"--sweep {swept}", ctx, *({"tolerance", "water_cap"} & {swept}))
    if given(ctx, "no_allocation"):
        without("--no-allocation", ctx, "allocation")


def _read(
    source: str | None, seed: int, variants: Sequence[str]
) -> "tuple[str, Instance, Conversion | None]":
    """An instance and what to call it: of a JSON file, of a scenario, or drawn at random."""
    from slit.papers.green_llm.generator import generate_instance
    from slit.papers.green_llm.instance import load_instance

    if source is None:
        rng = np.random.default_rng(seed)
        named = f"random instance, seed {seed}"
        return named, _unvaried(generate_instance(rng=rng), variants), None
    if Path(source).suffix.lower() == ".json":
        return source, _unvaried(load_instance(Path(source)), variants), None
    from slit.papers.green_llm.conversion import convert
    from slit.scenario.load import load_scenario

    chosen = named_texts(variants, "--variant", expected="CLASS=NAME (see the scenario)")
    found = convert(load_scenario(source), variants=chosen)
    return f"scenario {source}", found.instance, found


def _unvaried(instance: "Instance", variants: Sequence[str]) -> "Instance":
    if variants:
        raise SlitError("--variant: found no scenario, expected one (an instance has no variants)")
    return instance


def _with_conversion(report: _Report, conversion: "Conversion") -> _Report:
    """A report that says what was done to the scenario."""
    from slit.papers.green_llm.conversion import describe_conversion

    content = {
        "mapped": [asdict(each) for each in conversion.mapped],
        "lost": list(conversion.lost),
        "models": conversion.models,
    }
    return replace(
        report,
        notes=[*report.notes, *describe_conversion(conversion)],
        content={**report.content, "conversion": content},
    )


def _tolerances(text: str, absolute: bool) -> "list[Tolerance]":
    from slit.papers.green_llm.solve import Tolerance

    return [Tolerance(amount, absolute=absolute) for amount in numbers(text, "--tolerance")]


def _order(text: str | None) -> tuple[str, ...]:
    from slit.papers.green_llm.solve import DEFAULT_ORDER, objectives

    if text is None:
        return DEFAULT_ORDER
    return objectives([name.strip() for name in text.split(",") if name.strip()])


def _lexicographic(
    instance: "Instance", order: str | None, tolerance: str, absolute: bool, table: Path | None
) -> _Report:
    from slit.papers.green_llm.solve import solve_lexicographic

    names, given = _order(order), _tolerances(tolerance, absolute)
    result = solve_lexicographic(instance, names, tolerance=given[0] if len(given) == 1 else given)
    unit = "USD" if absolute else "of the optimum's absolute value"
    stated = ", ".join(f"{each.amount:g}" for each in given)
    content = {
        "order": list(names),
        "tolerance": [each.amount for each in given],
        "tolerance_unit": "USD" if absolute else "share",
    }
    title = f"order {' > '.join(names)}, tolerance {stated} {unit}"
    return _solved(result, title, content, table)


def _weighted(instance: "Instance", text: str, table: Path | None) -> _Report:
    from slit.papers.green_llm.solve import solve_weighted

    parts = text.split(",")
    if all("=" in part for part in parts):
        names = [part.split("=", 1)[0].strip() for part in parts]
        values = numbers(",".join(part.split("=", 1)[1] for part in parts), "--weights")
    else:
        names, values = list(_WEIGHT_ORDER), numbers(text, "--weights")
    if len(names) != len(values) or len(set(names)) != len(names):
        expected = "one number for each of " + ", ".join(_WEIGHT_ORDER)
        raise SlitError(f"--weights: found {text!r}, expected {expected}")
    weights = dict(zip(names, values, strict=True))
    result = solve_weighted(instance, weights)
    stated = ", ".join(f"{name} {value:g}" for name, value in weights.items())
    return _solved(result, f"weights {stated}", {"weights": weights}, table)


def _solved(
    result: "SolvedInstance", title: str, content: Mapping[str, Any], table: Path | None
) -> _Report:
    phases = [
        {"minimized": phase.minimized, "optimum": phase.optimum, "caps": dict(phase.caps)}
        | asdict(phase.outcome)
        for phase in result.phases
    ]
    rows = {f"{at + 1} {phase.minimized}": asdict(phase.outcome)
            for at, phase in enumerate(result.phases)}  # fmt: skip
    notes, written = _allocation(result.instance, result.shares, table)
    return _Report(
        title, rows, notes, {**content, **asdict(result.outcome), "phases": phases, **written}
    )


def _placed(instance: "Instance", seed: int, time_limit: float, table: Path | None) -> _Report:
    from slit.lp.solver import SolverOptions
    from slit.papers.green_llm.placement import default_terms, solve_placement

    if not 0 < time_limit < math.inf:
        raise SlitError(f"--time-limit: found {time_limit:g}, expected a positive time (s)")
    terms = default_terms(instance, rng=np.random.default_rng(seed))
    options = SolverOptions(time_limit=time_limit, mip_gap=1e-4)
    result = solve_placement(instance, terms, options=options)
    unmet = float((result.unmet * instance.demand).sum() / max(instance.demand.sum(), 1.0))
    gap = result.total_cost - result.bound
    notes, written = _allocation(instance, result.shares, table)
    figures = {
        "total_cost": result.total_cost,
        "bound": result.bound,
        "proved": result.proved,
        "download_cost": result.download_cost,
        "unmet_penalty": result.unmet_penalty,
        "unmet_share": unmet,
        "placed": int(result.placed.sum()),
    }
    lines = [
        f"total {result.total_cost:.3f} USD = E + C + downloads {result.download_cost:.3f} + "
        f"unmet queries {result.unmet_penalty:.3f} ({100 * unmet:.2f} % of all)",
        f"{'optimal' if result.proved else 'stopped by the time limit'}: no plan is below "
        f"{result.bound:.3f} USD (gap {gap:.3f} USD)",
        f"{figures['placed']} of {result.placed.size} models placed; prices, error rates and caps "
        f"of this variant are ours (seed {seed})",
    ]
    outcome = asdict(result.outcome)
    return _Report(
        "early variant: placed models",
        {"plan": outcome},
        [*lines, *notes],
        {**outcome, **figures, "phases": [], **written},
    )


def _sweep(
    instance: "Instance",
    text: str,
    order: str | None,
    tolerance: str,
    absolute: bool,
    figure: Path | None,
) -> _Report:
    from slit.papers.green_llm.sweeps import sweep_data

    swept, found, listed = text.partition("=")
    if not found:
        raise SlitError(f"--sweep: found {text!r}, expected WHAT=V1,V2,...")
    tolerances = _tolerances(tolerance, absolute)
    if len(tolerances) > 1:
        raise SlitError(f"--tolerance: found {tolerance}, expected one number with --sweep")
    data = sweep_data(
        instance,
        swept.strip(),
        numbers(listed, "--sweep"),
        order=_order(order),
        tolerance=tolerances[0],
    )
    notes = list(data.problems)
    if figure is not None:
        from slit.papers.green_llm.figures import draw_sweep

        drawn = draw_sweep(data)
        write_named(figure, drawn.to_html(include_plotlyjs=True).encode())
        notes.append(f"figure: {figure}")
    rows = {
        f"{value:g}": {name: float(getattr(data, name)[at]) for name in _COLUMNS}
        for at, value in enumerate(data.values)
    }
    content = {field.name: getattr(data, field.name) for field in fields(data)}
    lists = {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in content.items()
    }
    title = f"order {' > '.join(data.order)}, {data.swept} varied ({data.unit})"
    return _Report(title, rows, notes, {"sweep": lists})


def _allocation(
    instance: "Instance", shares: "np.ndarray[Any, np.dtype[np.float64]]", path: Path | None
) -> tuple[list[str], dict[str, str]]:
    if path is None:
        return [], {}
    from slit.papers.green_llm.outcome import allocation_table

    table = allocation_table(instance, shares)
    write_named(path, table.to_csv(index=False).encode())
    return [f"allocation: {path} ({len(table)} routes)"], {"allocation": str(path)}


def _show(name: str, instance: "Instance", report: _Report, *, as_json: bool) -> None:
    if as_json:
        content = {"source": name, "water_cap_l": float(instance.water_cap), **report.content}
        from slit.report.style import json_ready

        print(json.dumps(json_ready(content), indent=1))
        return
    sizes = instance.sizes
    print(
        f"Green-LLM, {name}: {sizes['I']} areas, {sizes['J']} datacenters, {sizes['K']} query "
        f"types, {sizes['T']} hours, water cap {instance.water_cap:,.1f} L"
    )
    print(report.title)
    header = ["phase", *(title for title, _ in _COLUMNS.values())]
    print_table(
        header,
        [
            [row, *(_figure(outcome[key], form) for key, (_, form) in _COLUMNS.items())]
            for row, outcome in report.rows.items()
        ],
    )
    print(_LEGEND)
    for note in report.notes:
        print(note)


def _figure(value: float, form: str) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.4g}" if 0 < abs(value) < 1 else f"{value:{form}}"
