"""`slit predictor`: methods of prediction, their training and their errors."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slit.commands.terminal import AsJson, print_json, print_table

if TYPE_CHECKING:
    from slit.predictor.evaluation import Split

predictor = typer.Typer(no_args_is_help=True, help="Methods of `slit predict`.")
Table = Annotated[
    Path,
    typer.Argument(metavar="DATA.csv", help="Columns of ML.ENERGY's table of text tasks."),
]
MethodName = Annotated[str, typer.Option(metavar="NAME", help="One of `slit predictor list`.")]
SplitName = Annotated[
    str, typer.Option(metavar="NAME", help="Left out: random, model, architecture, gpu.")
]
Seed = Annotated[int, typer.Option(metavar="S", help="Of the folds and of training.")]


@predictor.command("list")
def list_methods(as_json: AsJson = False) -> None:
    """List methods, models and GPUs."""
    from slit.predictor.catalog import known_architectures
    from slit.predictor.gpus import known_gpus
    from slit.predictor.models import DEFAULT, LINES

    if as_json:
        methods = [{"name": m, "what": what, "default": m == DEFAULT} for m, what in LINES.items()]
        print_json(
            {"methods": methods, "models": list(known_architectures()), "gpus": list(known_gpus())}
        )
        return
    rows = [[str(m), what, "default" if m == DEFAULT else ""] for m, what in LINES.items()]
    print_table(["method", "what it is", ""], rows, left=3)
    models = [
        [each.name, f"{each.parameters / 1e9:.1f}", f"{each.active_parameters / 1e9:.1f}"]
        for each in known_architectures().values()
    ]
    print_table(["model", "10^9 weights", "used by a token"], models, title="\nModels")
    gpus = [
        [g.name, f"{g.memory_bytes / 2**30:.0f}", f"{g.memory_bandwidth / 1e12:.2f}",
         f"{g.bf16_flops / 1e12:.0f}", f"{g.peak_w:.0f}"]
        for g in known_gpus().values()
    ]  # fmt: skip
    print_table(["GPU", "GiB", "TB/s", "bf16 TFLOP/s", "W"], gpus, title="\nGPUs")


@predictor.command()
def train(
    data: Table,
    method: MethodName = "default",
    seed: Seed = 0,
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write the trained method.")
    ] = Path("predictor.npz"),
    as_json: AsJson = False,
) -> None:
    """Train a method on a table of measured inferences."""
    import numpy as np

    from slit.predictor.evaluation import spread_of
    from slit.predictor.measurements import read_measurements
    from slit.predictor.models import find_method, save_model
    from slit.predictor.training import train as fit

    measurements, found = read_measurements(data), find_method(method)
    spread = spread_of(measurements, method=found, seed=seed)
    rows = np.arange(len(measurements))
    save_model(fit(measurements, rows, method=found, seed=seed, spread=spread), output)
    if as_json:
        print_json({"written": str(output), "rows": len(rows), "sha256": measurements.digest})
        return
    print(f"{output}: {found}, {len(rows)} rows, seed {seed}, table {measurements.digest[:16]}")


@predictor.command()
def evaluate(
    data: Table,
    method: MethodName = "default",
    split: SplitName = "random",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Errors of a method on rows that it was not trained with."""
    from slit.predictor.evaluation import NAMES, forecast_by
    from slit.predictor.evaluation import evaluate as measure
    from slit.predictor.measurements import read_measurements
    from slit.predictor.models import find_method

    measurements, left_out = read_measurements(data), _split(split)
    forecast = forecast_by(measurements, method=find_method(method), seed=seed)
    found = measure(measurements, forecast, split=left_out, seed=seed)
    if as_json:
        print_json({NAMES[target]: _finite(asdict(errors)) for target, errors in found.items()})
        return
    rows = [
        [NAMES[target], *(f"{value:.1f}" for value in list(asdict(e).values())[:-1]), str(e.n)]
        for target, e in found.items()
    ]
    header = ["target", "MAPE %", "median %", "EBA10 %", "EBA30 %", "coverage of 90 %", "n"]
    print_table(header, rows)


@predictor.command()
def figure(
    data: Table,
    method: MethodName = "default",
    split: SplitName = "random",
    target: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="energy_per_token_joules, median_itl_ms or avg_power_watts."
        ),
    ] = "energy_per_token_joules",
    seed: Seed = 0,
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write the figure (HTML).")
    ] = Path("predicted.html"),
) -> None:
    """Draw predictions of rows that a method was not trained with against their measurements."""
    from slit.errors import SlitError
    from slit.predictor.evaluation import NAMES
    from slit.predictor.measurements import read_measurements
    from slit.predictor.models import find_method
    from slit.report.predictions import (
        accuracy_data,
        describe_accuracy,
        draw_accuracy,
        write_figure,
    )

    by_name = {name: each for each, name in NAMES.items()}
    if target not in by_name:
        raise SlitError(f"--target: {target!r}, expected one of {', '.join(by_name)}")
    left_out = _split(split)
    found = accuracy_data(
        read_measurements(data),
        target=by_name[target],
        method=find_method(method),
        split=left_out,
        seed=seed,
    )
    write_figure(draw_accuracy(found), output)
    print(f"{output}: {describe_accuracy(found)}")


def _split(name: str) -> "Split":
    from slit.errors import SlitError
    from slit.predictor.evaluation import Split

    if name not in list(Split):
        raise SlitError(f"--split: {name!r}, expected one of {', '.join(Split)}")
    return Split(name)


def _finite(found: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in found.items()}
