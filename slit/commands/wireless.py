"""`slit wireless`: answers over the air, their length and the power that carries them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from slit.commands.terminal import AsJson, print_json
from slit.commands.wireless_front import optimize, report
from slit.commands.wireless_last_mile import last_mile
from slit.commands.wireless_learning import evaluate, train
from slit.commands.wireless_tables import LEGEND, print_policies

if TYPE_CHECKING:
    from slit.papers.aolo.solve import SolvedDay

wireless = typer.Typer(
    no_args_is_help=True, help="AOLO (arXiv 2503.04418): answers over the air, a substitute model."
)

CellDay = Annotated[
    str, typer.Argument(metavar="[CELL-DAY]", help="Built-in name or TOML file of a cell-day.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of the requests of the day.")]
Decisions = Annotated[
    Path | None,
    typer.Option("--output", help="CSV file of the optimum of each request.", show_default=False),
]


@wireless.command()
def solve(
    cell_day: CellDay = "cell-day",
    seed: Seed = 0,
    output: Decisions = None,
    as_json: AsJson = False,
) -> None:
    """Find the exact optimum of every request of a day, and what rules lose against it."""
    from slit.papers.aolo.requests import load_cell_day
    from slit.papers.aolo.solve import OPTIMUM, solve_day

    solved = solve_day(load_cell_day(cell_day), rng=np.random.default_rng(seed))
    if output is not None:
        _write(solved, output)
    policies = {name: solved.figures(name) for name in solved.decisions}
    groups = solved.groups(OPTIMUM)
    if as_json:
        print_json({"cell_day": solved.day.file.name, "policies": policies, "groups": groups})
        return
    print(f"{solved.day.file.name}: {len(solved.requests):,} requests, seed {seed}\n")
    print_policies("policy", policies)
    print()
    print_policies("optimum of users", groups)
    print(f"\n{LEGEND}")


def _write(solved: "SolvedDay", file: Path) -> None:
    from slit.papers.aolo.solve import OPTIMUM
    from slit.record.tables import write_csv

    best, requests, users = solved.decisions[OPTIMUM], solved.requests, solved.day.file.users
    rows = [
        [
            int(requests.epoch[s]),
            users[requests.group[s]].name,
            *(f"{each[s]:.6g}" for each in (requests.prompt, requests.wanted, requests.distance_m)),
            int(best.tokens[s]),
            *(
                repr(float(each[s])) if best.tokens[s] else ""
                for each in (best.power, best.carbon_kg, best.link_kg, best.seconds, best.quality)
            ),
        ]
        for s in range(len(requests))
    ]
    header = "epoch,users,prompt_tokens,wanted_tokens,distance_m,tokens,power_w,carbon_kg,link_kg"
    write_csv(file, [*header.split(","), "seconds", "quality"], rows)


wireless.command()(optimize)
wireless.command()(report)
wireless.command()(train)
wireless.command()(evaluate)
wireless.command("last-mile")(last_mile)
