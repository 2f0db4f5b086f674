"""`slit predict`: speed, energy and carbon of an inference that nobody measured."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slit.commands.terminal import AsJson, complain, numbers, print_json, print_table

if TYPE_CHECKING:
    from slit.predictor.prediction import Prediction, Quantity


def predict(
    model: Annotated[
        str, typer.Option(metavar="NAME | FILE", help="A known model, or its config.json.")
    ],
    gpu: Annotated[str, typer.Option(metavar="NAME", help="The GPU, as H100.")],
    gpus: Annotated[int, typer.Option(metavar="N", help="GPUs of one replica.")] = 1,
    precision: Annotated[
        str, typer.Option(metavar="FORMAT", help="Of the weights: bf16, fp8, int4, mxfp4.")
    ] = "bf16",
    batch: Annotated[
        str,
        typer.Option(metavar="B,...", help="Requests in progress on average; several: a table."),
    ] = "1",
    prompt: Annotated[float, typer.Option(metavar="TOKENS", help="Read of a request.")] = 512,
    output: Annotated[float, typer.Option(metavar="TOKENS", help="Written for it.")] = 256,
    pue: Annotated[float, typer.Option(metavar="X", help="PUE of the site.")] = 1.0,
    intensity: Annotated[float, typer.Option(metavar="G", help="Of its grid, g CO2e/kWh.")] = 0.0,
    method: Annotated[
        str, typer.Option(metavar="NAME", help="One of `slit predictor list`.")
    ] = "default",
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw J per output token over the batches (HTML)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Predict speed, energy and carbon of a model on a GPU, with intervals of 90 %."""
    from slit.api.predicting import Inference, inference_configs, predict_inference
    from slit.predictor.prediction import as_objects

    batches = numbers(batch, "--batch")
    asked = Inference(
        model=model,
        gpu=gpu,
        gpus=gpus,
        precision=precision,
        batches=batches,
        prompt=prompt,
        output=output,
    )
    found = predict_inference(asked, method=method, pue=pue, intensity=intensity)
    configs = inference_configs(asked)
    if (instead := configs[0].what_runs) is not None:
        complain(f"{precision}: {instead}")
    if figure is not None:
        from slit.predictor.models import find_method, shipped_model
        from slit.report.predictions import draw_energy, energy_data, write_figure

        named = {f"{model} on {gpus} x {gpu}": configs}
        write_figure(draw_energy(energy_data(shipped_model(find_method(method)), named)), figure)
    if as_json:
        objects = as_objects(found)
        by_batch = [{"batch": b, **entry} for b, entry in zip(batches, objects, strict=True)]
        print_json(objects[0] if len(objects) == 1 else {"batches": by_batch})
        return
    _print(batches, found, gpu=gpu, intensity=intensity)


_COLUMNS = {
    "prefill_s": "prefill s",
    "decode_s_per_token": "s/token",
    "prefill_j": "prefill J",
    "decode_j_per_token": "J/token",
    "energy_j": "J/request",
    "power_w": "W",
    "carbon_g": "g CO2e",
}
_BASES = {
    "measured": "this architecture was measured on {gpu}",
    "predicted": "{gpu} was measured, with other architectures",
    "extrapolated": "nothing was measured on {gpu}",
}
_NOTES = """\
batch: requests in progress on average, as where it was measured.
prefill s: of a prompt read alone, fitted to other tables; the interval of s/token is assumed.
J and W: at the plug of the server, before PUE.
g CO2e: {carbon}."""


def _print(batches: list[float], found: "Prediction", *, gpu: str, intensity: float) -> None:
    """Values, the intervals in times of the value, and what both stand on. Model and GPU are the
    same for all batches, and so are basis and intervals."""
    from slit.predictor.models import Basis

    quantities: list[Quantity] = [getattr(found, name) for name in _COLUMNS]
    rows = [
        [f"{batch:g}", *(f"{each.value[row]:.3g}" for each in quantities)]
        for row, batch in enumerate(batches)
    ]
    ends = [(each.low[0] / each.value[0], each.high[0] / each.value[0]) for each in quantities]
    rows.append(["90 %", *(f"x {low:.2f}-{high:.2f}" for low, high in ends)])
    print_table(["batch", *_COLUMNS.values()], rows, left=0)
    basis = Basis(int(found.basis[0])).name.lower()
    print(f"90 %: nine of ten measurements lie within so many times the value ({basis}: "
          f"{_BASES[basis].format(gpu=gpu)}).")  # fmt: skip
    grid = f"{intensity:g} g/kWh and embodied" if intensity else "embodied alone, --intensity is 0"
    print(_NOTES.format(carbon=grid))
