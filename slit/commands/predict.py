"""`slit predict`: speed, energy and carbon of an inference that nobody measured."""

from typing import Annotated

import typer

from slit.commands.terminal import AsJson, complain, print_json, print_table
from slit.errors import SlitError


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
        str, typer.Option(metavar="B,...", help="Requests in progress at a time; several: a table.")
    ] = "1",
    prompt: Annotated[float, typer.Option(metavar="TOKENS", help="Read of a request.")] = 512,
    output: Annotated[float, typer.Option(metavar="TOKENS", help="Written for it.")] = 256,
    pue: Annotated[float, typer.Option(metavar="X", help="PUE of the site.")] = 1.0,
    intensity: Annotated[float, typer.Option(metavar="G", help="Of its grid, g CO2e/kWh.")] = 0.0,
    method: Annotated[
        str, typer.Option(metavar="NAME", help="One of `slit predictor list`.")
    ] = "default",
    as_json: AsJson = False,
) -> None:
    """Predict speed, energy and carbon of a model on a GPU, with intervals of 90 %."""
    from slit.api.predicting import Inference, inference_configs, predict_inference
    from slit.predictor.prediction import as_objects

    batches = _numbers(batch)
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
    if (instead := inference_configs(asked)[0].what_runs) is not None:
        complain(f"{precision}: {instead}")
    objects = as_objects(found)
    if as_json:
        by_batch = [{"batch": b, **entry} for b, entry in zip(batches, objects, strict=True)]
        print_json(objects[0] if len(objects) == 1 else {"batches": by_batch})
        return
    _print(batches, objects)


_COLUMNS = {
    "prefill_s": "prefill s",
    "decode_s_per_token": "s/token",
    "prefill_j": "prefill J",
    "decode_j_per_token": "J/token",
    "energy_j": "J/request",
    "power_w": "W",
    "carbon_g": "g CO2e",
}


def _print(batches: list[float], objects: list[dict[str, object]]) -> None:
    rows = []
    for batch, entry in zip(batches, objects, strict=True):
        cells = [f"{batch:g}"]
        for name in _COLUMNS:
            found = entry[name]
            if isinstance(found, dict):
                cells.append(f"{found['value']:.3g} [{found['low']:.3g}-{found['high']:.3g}]")
        rows.append([*cells, str(entry["basis"])])
    print_table(["batch", *_COLUMNS.values(), "basis"], rows, left=0)
    print("[90 % intervals]; J and W at the plug of the server, before PUE")


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise SlitError(f"--batch: {text!r}, expected numbers (1,8,64)") from None
