"""`slit init`: a scenario to start from."""

from pathlib import Path
from typing import Annotated

import typer

from slit.errors import SlitError


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty folder.")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME | FILE",
            help="A model, or its config.json, whose services are predicted; may be repeated.",
        ),
    ] = None,
    gpu: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="The GPU of a node of 8 that serves it; likewise."),
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Scores of the models (CSV: variant, class, metric, score): not predicted.",
        ),
    ] = None,
) -> None:
    """Write a commented scenario with its tables into a folder."""
    from slit.scenario.predicted import write_predicted_starter
    from slit.scenario.starter import write_starter

    if bool(model) != bool(gpu):
        raise SlitError(
            f"--{'gpu' if model else 'model'}: none, expected one or more with "
            f"--{'model' if model else 'gpu'} (services are predicted for pairs of them)"
        )
    if model and gpu:
        path = write_predicted_starter(folder, models=model, gpus=gpu, scores=scores)
    elif scores is not None:
        raise SlitError("--scores: no --model, expected it (or neither)")
    else:
        path = write_starter(folder)
    print(f"{path}: edit it, then run")
    print(f"  slit check {path}")
    print(f"  slit optimize {path}")
