"""`slit explore`: the interactive page of one or several runs."""

from pathlib import Path
from typing import Annotated

import typer

from slit.commands.terminal import complain
from slit.commands.watch import need_dash


def explore(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.")],
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to serve at; 0: any that is free.")
    ] = 8050,
    host: Annotated[
        str,
        typer.Option(help="Address to serve at; others than 127.0.0.1 are for other machines too."),
    ] = "127.0.0.1",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Open no browser, print the address only.")
    ] = False,
    plugin: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Python file with objectives, for their titles."),
    ] = None,
) -> None:
    """Explore runs in the browser: fronts, plans, comparisons. Ctrl-C ends it."""
    need_dash()
    from slit.app.server import explore as serve
    from slit.objectives import load_plugin

    if plugin is not None:
        load_plugin(plugin)
    serve(runs, host=host, port=port, browser=not no_browser, say=complain)
