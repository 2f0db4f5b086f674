"""`slit wireless last-mile`: what a cell adds to a first token, for the origin of a scenario."""

from typing import Annotated

import numpy as np
import typer

from slit.commands.terminal import AsJson, print_json, print_table
from slit.display import number


def last_mile(
    cell_day: Annotated[
        str, typer.Argument(metavar="[CELL-DAY]", help="Built-in name or TOML file of a cell-day.")
    ] = "cell-day",
    users: Annotated[
        str | None, typer.Option(metavar="A,B", help="Groups of users (default: all).")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the requests of the day.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Print `last_mile_ms` of an origin whose users are in a cell, one figure an epoch, and the
    energy of the link, which is the same wherever a request is served."""
    from slit.papers.aolo.last_mile import last_mile as computed
    from slit.papers.aolo.requests import draw_requests, load_cell_day

    day = load_cell_day(cell_day)
    requests = draw_requests(day, np.random.default_rng(seed))
    names = [] if users is None else [name.strip() for name in users.split(",")]
    found = computed(day, requests, users=names)
    figures = [round(1e3 * float(each), 3) for each in found.seconds]
    if as_json:
        joules = found.joules.tolist()
        print_json({"last_mile_ms": figures, "link_j": joules, "requests": found.requests.tolist()})
        return
    rows = [
        [str(t), f"{found.requests[t]:.0f}", f"{figures[t]:.1f}", number(float(found.joules[t]))]
        for t in range(len(figures))
    ]
    print_table(["epoch", "requests", "last mile (ms)", "link (J a request)"], rows)
    print(f"\nlast_mile_ms = {figures}")
