"""The options of `slit optimize --optimizer lexicographic`."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from slit.commands.terminal import named_numbers, numbers
from slit.errors import SlitError

RANKING = "lexicographic"

Order = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,C",
        help="With lexicographic: the most important objective first; others break ties.",
    ),
]
Tolerance = Annotated[
    str | None,
    typer.Option(
        metavar="T[,T]",
        help="With lexicographic: how far an objective may rise above its optimum for later ones: "
        "a share of its absolute value; one for all (default 0.01) or one for each of --order.",
    ),
]
Absolute = Annotated[
    bool,
    typer.Option("--absolute", help="With --tolerance: in the objectives' units instead."),
]
Caps = Annotated[
    list[str] | None,
    typer.Option(
        "--cap",
        metavar="NAME=MOST",
        help="With lexicographic: the largest value of an objective (water=1200); may be repeated.",
    ),
]


def ranking_settings(
    optimizer: str | None,
    *,
    order: str | None,
    tolerance: str | None,
    absolute: bool,
    caps: Sequence[str] | None,
) -> dict[str, Any] | None:
    """The settings of `lexicographic`, None where another optimizer runs.

    Raises SlitError where options are wrong or given for another optimizer.
    """
    given = {
        "--order": order is not None,
        "--tolerance": tolerance is not None,
        "--absolute": absolute,
        "--cap": bool(caps),
    }
    options = [name for name, is_given in given.items() if is_given]
    if optimizer != RANKING:
        if options:
            instead = f"--optimizer {optimizer}" if optimizer else "no --optimizer"
            raise SlitError(f"{', '.join(options)}: {instead}, expected --optimizer {RANKING}")
        return None
    if absolute and tolerance is None:
        raise SlitError("--absolute: no --tolerance, expected one (in the objectives' units)")
    settings: dict[str, Any] = {"absolute": absolute}
    if order is not None:
        settings["order"] = [name.strip() for name in order.split(",") if name.strip()]
        if not settings["order"]:
            raise SlitError("--order: none, expected objectives by commas (see slit objectives)")
    if tolerance is not None:
        listed = numbers(tolerance, "--tolerance")
        settings["tolerance"] = listed[0] if len(listed) == 1 else listed
    settings["caps"] = named_numbers(caps or (), "--cap", expected="NAME=MOST, as water=1200")
    return settings
