"""`slit init`: a scenario to start from."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty folder.")],
) -> None:
    """Write a commented scenario with its tables into a folder."""
    from slit.scenario.starter import write_starter

    path = write_starter(folder)
    print(f"{path}: edit it, then run")
    print(f"  slit check {path}")
    print(f"  slit optimize {path}")
