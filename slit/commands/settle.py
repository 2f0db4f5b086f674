"""`slit settle`: what an operation really came to, by the figures that are known now."""

from pathlib import Path
from typing import Annotated, Any

import typer

from slit.commands.terminal import AsJson, print_json, print_table
from slit.display import number, percent


def settle(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Built-in name or TOML file.")
    ],
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Folder of slit operate.")],
    against: Annotated[
        list[str] | None,
        typer.Option(
            help="Schedulers that plan a day and know it (default: nearest); may be repeated.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve what was decided again by the requests and signals that the scenario's files hold now.

    Prints what plans promised, what was counted when an hour had passed, what it is by the figures
    of today, and what that saves, with 95 % intervals of days.
    """
    from slit.api.operating import settle as settled
    from slit.operate.settlement import settlement_content

    found = settled(scenario, folder, against=("nearest",) if against is None else against)
    content = settlement_content(found)
    if as_json:
        print_json(content)
        return
    names = list(content["sums"]["settled"])
    rows = [[row, *(number(sums[name]) for name in names)] for row, sums in content["sums"].items()]
    print(f"{content['epochs']} epochs, {content['from']} to {content['to']}")
    if content["missing"]:
        print(f"{content['missing']} epochs between them have no figures and are left out")
    print_table(["", *names], rows)
    for row in content["savings"]:
        parts = [_saving(row, name) for name in names]
        print(f"against {row['against']}: {', '.join(parts)}")


def _saving(row: dict[str, Any], name: str) -> str:
    ends = row[f"{name}_95"]
    interval = "" if ends is None else f" [{percent(ends[0])}, {percent(ends[1])}]"
    return f"{name} {percent(row[name])}{interval}"
