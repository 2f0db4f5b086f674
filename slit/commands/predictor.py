"""`slit predictor`: methods of prediction, their training and their errors."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from slit.commands.terminal import AsJson, print_json, print_table

predictor = typer.Typer(no_args_is_help=True, help="Methods of `slit predict`.")
Table = Annotated[
    Path,
    typer.Argument(metavar="DATA.csv", help="Columns of ML.ENERGY's table of text tasks."),
]
MethodName = Annotated[str, typer.Option(metavar="NAME", help="One of `slit predictor list`.")]
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
    split: Annotated[
        str,
        typer.Option(metavar="NAME", help="Left out: random, model, architecture, gpu."),
    ] = "random",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Errors of a method on rows that it was not trained with."""
    from slit.errors import SlitError
    from slit.predictor.evaluation import NAMES, Split
    from slit.predictor.evaluation import evaluate as measure
    from slit.predictor.measurements import read_measurements
    from slit.predictor.models import find_method

    if split not in list(Split):
        raise SlitError(f"--split: {split!r}, expected one of {', '.join(Split)}")
    found = measure(
        read_measurements(data), method=find_method(method), split=Split(split), seed=seed
    )
    if as_json:
        print_json({NAMES[target]: _finite(asdict(errors)) for target, errors in found.items()})
        return
    rows = [
        [NAMES[target], *(f"{value:.1f}" for value in list(asdict(e).values())[:-1]), str(e.n)]
        for target, e in found.items()
    ]
    header = ["target", "MAPE %", "median %", "EBA10 %", "EBA30 %", "coverage of 90 %", "n"]
    print_table(header, rows)


def _finite(found: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in found.items()}
