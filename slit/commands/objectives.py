"""`slit objectives`: what there is, and the skeleton of a new one."""

from pathlib import Path
from typing import Annotated

import typer

from slit.commands.terminal import AsJson, Plugin, given, print_json, print_table
from slit.errors import SlitError

objectives = typer.Typer(invoke_without_command=True)


@objectives.callback()
def list_objectives(ctx: typer.Context, plugin: Plugin = None, as_json: AsJson = False) -> None:
    """List the objectives that --objectives may name, or begin a new one."""
    from slit.objectives import DEFAULT, available, load_plugin

    if ctx.invoked_subcommand is not None:
        for name in given(ctx, "plugin", "as_json"):
            option = {"as_json": "json"}.get(name, name)
            raise SlitError(
                f"--{option}: given before {ctx.invoked_subcommand}, expected it behind (or not)"
            )
        return
    if plugin is not None:
        load_plugin(plugin)
    listed = [
        {"name": o.name, "unit": o.unit, "title": o.title, "default": o.name in DEFAULT}
        for o in available()
    ]
    if as_json:
        print_json({"objectives": listed})
        return
    rows = [
        [str(o["name"]), str(o["unit"]), str(o["title"]), "default" if o["default"] else ""]
        for o in listed
    ]
    print_table(["name", "unit", "what it is", ""], rows, left=4)


@objectives.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    kind: Annotated[
        str,
        typer.Option(
            metavar="KIND", help="linear, cell, placement or ledger: from fastest to freest."
        ),
    ] = "linear",
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where to write it.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write a commented objective, NAME.py, with its test."""
    from slit.objectives.skeleton import write_skeleton

    objective, test = write_skeleton(name, output, kind=kind)
    if as_json:
        print_json({"objective": str(objective), "test": str(test)})
        return
    print(f"{objective}: edit it, then run")
    print(f"  python -m pytest {test}")
    print(f"  slit optimize --plugin {objective}")
