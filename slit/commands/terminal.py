"""What the subcommands print: messages to standard error, results to standard output."""

import json
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from slit.compute import usable_cores
from slit.errors import SlitError

WIDE = 240
"""Columns where nobody looks: a pipe or a file should not get cut tables."""

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Plugin = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Python file with objectives of your own."),
]
Threads = Annotated[
    int,
    typer.Option(
        min=0,
        callback=lambda threads: threads or usable_cores(),
        help="Threads that search and solve (0: one a core). They do not change what is found.",
    ),
]
WarmNodes = Annotated[
    list[str] | None,
    typer.Option(
        metavar="N | VARIANT=N",
        help="Nodes that stay active in every pool, with or without requests: of each variant that "
        "the pool can serve (2), or of one (llama-3-8b=2); may be repeated.",
    ),
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder that slit optimize wrote.")]


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    DIFFERS = 1
    MISTAKE = 2
    INTERRUPTED = 130


def given(ctx: typer.Context, *names: str) -> dict[str, Any]:
    """The parameters of these names that the user gave: a default is no wish."""
    sources = {name: ctx.get_parameter_source(name) for name in names}
    # By its name: some versions of typer have a click of their own.
    return {
        name: ctx.params[name]
        for name, source in sources.items()
        if source is not None and source.name != "DEFAULT"
    }


def only_with(option: str, ctx: typer.Context, *names: str) -> None:
    """Raise SlitError if one of these parameters, which mean something with `option` only, is
    given."""
    for name in given(ctx, *names):
        raise SlitError(f"{called(ctx, name)}: no {option}, expected it (or neither)")


def without(option: str, ctx: typer.Context, *names: str) -> None:
    """Raise SlitError if one of these parameters, which mean nothing with `option`, is given."""
    for name in given(ctx, *names):
        raise SlitError(f"{called(ctx, name)}: given with {option}, expected one of them")


def called(ctx: typer.Context, name: str) -> str:
    """What a person calls a parameter."""
    parameter = next(each for each in ctx.command.params if each.name == name)
    return parameter.opts[0] if parameter.param_type_name == "option" else "RUN"


def complain(message: str) -> None:
    """One message on standard error, if that can be written."""
    with suppress(OSError):
        print(f"slit: {message}", file=sys.stderr)


def print_json(content: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    print(json.dumps(content, allow_nan=False))


def print_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, title: str | None = None
) -> None:
    """A plain table on standard output; the first `left` columns are text, the others figures."""
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False)
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for number, name in enumerate(header):
        table.add_column(name, justify="left" if number < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def listed_measures(text: str) -> list[str]:
    """Names by commas; those inside brackets belong to the name."""
    return [name.strip() for name in re.split(r",(?![^\[\]]*\])", text)]


def numbers(text: str, option: str) -> list[float]:
    """Numbers by commas, fractions as 1/4 allowed. Raises SlitError for anything else."""
    try:
        return [
            float(Fraction(part.strip())) if "/" in part else float(part)
            for part in text.split(",")
        ]
    except (ValueError, ZeroDivisionError, OverflowError):
        raise SlitError(f"{option}: {text!r}, expected numbers by commas") from None


def named_numbers(given: Sequence[str], option: str, *, expected: str) -> dict[str, float]:
    """Numbers by name from options NAME=NUMBER. Raises SlitError for anything else."""
    numbers_by_name: dict[str, float] = {}
    for name, text in named_texts(given, option, expected=expected).items():
        try:
            numbers_by_name[name] = float(text)
        except ValueError:
            raise SlitError(f"{option}: {f'{name}={text}'!r}, expected {expected}") from None
    return numbers_by_name


def named_texts(given: Sequence[str], option: str, *, expected: str) -> dict[str, str]:
    """What stands behind each name in options NAME=TEXT. Raises SlitError for anything else."""
    texts: dict[str, str] = {}
    for each in given:
        name, _, text = (part.strip() for part in each.partition("="))
        if not name or not text:
            raise SlitError(f"{option}: {each!r}, expected {expected}")
        if name in texts:
            raise SlitError(f"{option}: {name!r} twice, expected each name once")
        texts[name] = text
    return texts


def warm_counts(given: Sequence[str] | None) -> int | dict[str, int] | None:
    """What options --warm-nodes ask for. Raises SlitError for anything but whole numbers."""
    if not given:
        return None
    option, expected = "--warm-nodes", "N of each variant, or VARIANT=N, as 2 or llama-3-8b=2"
    if len(given) == 1 and "=" not in given[0]:
        return _whole(given[0], option, given[0], expected)
    texts = named_texts(given, option, expected=expected)
    return {name: _whole(text, option, f"{name}={text}", expected) for name, text in texts.items()}


def _whole(text: str, option: str, said: str, expected: str) -> int:
    if not text.strip().isdecimal():
        raise SlitError(f"{option}: {said!r}, expected {expected} (whole nodes)")
    return int(text)
