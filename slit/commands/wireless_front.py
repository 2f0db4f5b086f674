"""`slit wireless optimize` and `report`: the front of a cell-day."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from slit.commands.terminal import AsJson, print_json, print_table

CellDay = Annotated[
    str, typer.Argument(metavar="[CELL-DAY]", help="Built-in name or TOML file of a cell-day.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of the requests of the day and of searches.")]
Optimizers = Annotated[
    list[str] | None,
    typer.Option(
        "--optimizer",
        help="Population search that is compared with exact optima (nsga2, pymoo-nsga2, "
        "pymoo-nsga3, pymoo-agemoea2, deap-nsga2); may be repeated.",
        show_default=False,
    ),
]
Evaluations = Annotated[int, typer.Option(min=1, help="Whole days that a search evaluates.")]
Weights = Annotated[int, typer.Option(min=4, help="Most weighted sums that are solved exactly.")]
Output = Annotated[
    Path | None,
    typer.Option(help="Folder to write the front to, for `report`.", show_default=False),
]
Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Folder that slit wireless optimize wrote.")
]
ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--output", help="HTML file (default: report.html in the folder).", show_default=False
    ),
]


class By(StrEnum):
    """What a search decides."""

    GROUP = "group"
    REQUEST = "request"


Decides = Annotated[
    By, typer.Option(help="What a search decides: the users of an hour together, or each request.")
]

_LEGEND = """\
Means a request that can be served. share: hypervolume over that of decomposition (the optimum of
each weighted sum, request by request); with few requests there is much between these optima, and
it may be above 100. behind: how far the nearest weighted sum is from its optimum, of the ranges of
the front. kept: within deadline and floor."""


def optimize(
    cell_day: CellDay = "cell-day",
    optimizer: Optimizers = None,
    seed: Seed = 0,
    evaluations: Evaluations = 20_000,
    by: Decides = By.GROUP,
    weights: Weights = 120,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Find exact optima of weighted sums of carbon of inference and link, quality and delay.

    What searches reach of it, and where simple rules stand beside it.
    """
    from slit.papers.aolo.front_file import optimize_day, write_front
    from slit.papers.aolo.requests import load_cell_day

    content = optimize_day(
        load_cell_day(cell_day),
        seed=seed,
        optimizers=list(dict.fromkeys(optimizer or ())),
        evaluations=evaluations,
        by_group=by is By.GROUP,
        weights=weights,
        began=_say if sys.stderr.isatty() else None,
    )
    if output is not None:
        write_front(output, content)
    if as_json:
        print_json(content)
        return
    print(
        f"{content['cell_day']}: {content['requests']:,} requests, {content['served']:,} of them "
        f"can be served, seed {seed}\n"
    )
    _print_searches(content)
    print()
    _print_points(content)
    print(f"\n{_LEGEND}")


def report(folder: Folder, output: ReportFile = None, as_json: AsJson = False) -> None:
    """Write a page of a front: searches, rules, gaps, and learning curves of agents beside it."""
    from slit.papers.aolo.report import write_wireless_report

    file = write_wireless_report(folder, folder / "report.html" if output is None else output)
    if as_json:
        print_json({"report": str(file)})
        return
    print(f"report: {file}")


def _say(name: str) -> None:
    print(f"{name} ...", file=sys.stderr)


def _print_searches(content: dict[str, Any]) -> None:
    print_table(
        ["search", "points", "integers", "evaluations", "share %", "behind %"],
        [
            [
                found["name"],
                f"{len(found['F']):,}",
                *(
                    "" if found[key] is None else f"{found[key]:,}"
                    for key in ("integers", "evaluations")
                ),
                f"{100 * found['share']:.2f}",
                f"{round(100 * found['behind'], 2) + 0.0:.2f}",
            ]
            for found in content["searches"]
        ],
    )


def _print_points(content: dict[str, Any]) -> None:
    named: list[tuple[str, list[float], float | None]]
    named = [(f"least {name}", point, None) for name, point in content["lexicographic"].items()]
    named.append(("balanced", content["balanced"], None))
    named += [
        (name, found["point"], found["kept_of_served"])
        for name, found in content["policies"].items()
    ]
    print_table(
        ["point", *(f"{each['name']} {each['unit']}" for each in content["objectives"]), "kept %"],
        [
            [
                name,
                *(f"{value:.4g}" for value in point),
                "100.0" if kept is None else f"{100 * kept:.1f}",
            ]
            for name, point, kept in named
        ],
    )
