"""Figures of the predictor: predicted against measured, and joules per token over the batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from operators.types import Floats, Longs
from slit.errors import SlitError
from slit.files import write_file
from slit.predictor.configs import InferenceConfig
from slit.predictor.evaluation import NAMES, Split, forecast_by, held_out, targets
from slit.predictor.measurements import Measurements
from slit.predictor.models import Basis, Method, Model, Target
from slit.predictor.prediction import Quantity, predict
from slit.report.style import NEUTRAL, Drawing, color, figure, label, literal, log_ticks, trace

TITLES = {
    Target.TOKEN_J: "J of the GPUs per output token",
    Target.ITL_S: "s between two tokens, median",
    Target.GPU_W: "W of a GPU",
}
_SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")


@dataclass(frozen=True, slots=True, eq=False)
class AccuracyData:
    """N measured rows beside their held-out predictions."""

    target: Target
    measured: Floats  # (N,)
    predicted: Floats  # (N,), each by a model that was not trained with its row
    models: tuple[str, ...]  # (N,)
    configs: tuple[InferenceConfig, ...]  # (N,)
    method: Method
    split: Split

    @property
    def mape(self) -> float:
        """Mean absolute relative error, %."""
        return 100.0 * float(np.mean(np.abs(self.predicted / self.measured - 1.0)))


@dataclass(frozen=True, slots=True, eq=False)
class EnergyData:
    """Joules per output token over the batch, by series."""

    batches: Mapping[str, Floats]
    joules: Mapping[str, Quantity]  # at the plug of the server, prompts included
    bases: Mapping[str, Basis]


def accuracy_data(
    measurements: Measurements,
    *,
    target: Target = Target.TOKEN_J,
    method: Method = Method.TREES,
    split: Split = Split.RANDOM,
    seed: int = 0,
) -> AccuracyData:
    """Held-out predictions of all rows; trains a model for each fold.

    Raises:
        SlitError: there is only one model, or only one GPU, to leave out.
    """
    forecast = forecast_by(measurements, method=method, seed=seed)
    found, _ = held_out(measurements, forecast, split=split, seed=seed)
    return AccuracyData(
        target=target,
        measured=targets(measurements)[:, target],
        predicted=found[:, target],
        models=tuple(name.rsplit("/", 1)[-1] for name in measurements.models),
        configs=tuple(measurements.configs),
        method=method,
        split=split,
    )


def energy_data(model: Model, series: Mapping[str, Sequence[InferenceConfig]]) -> EnergyData:
    """Predicted J per output token; a series is one inference at several batches."""
    batches, joules, bases = {}, {}, {}
    for name, configs in series.items():
        if not configs:
            raise SlitError(f"{name}: no batch, expected one or more")
        found = predict(model, configs)
        output = np.array([config.output for config in configs])
        energy = found.energy_j
        batches[name] = np.array([config.batch for config in configs])
        joules[name] = Quantity(energy.value / output, energy.low / output, energy.high / output)
        bases[name] = Basis(int(found.basis[0]))
    return EnergyData(batches, joules, bases)


def draw_accuracy(data: AccuracyData) -> Drawing:
    """Predicted against measured on logarithmic axes, a color and symbol for each model; between
    the dotted lines errors are below 10 %."""
    ends = np.array([
        min(data.measured.min(), data.predicted.min()) / 1.2,
        max(data.measured.max(), data.predicted.max()) * 1.2,
    ])  # fmt: skip
    lines = [
        trace(
            "scatter", x=ends, y=ends * factor, mode="lines", showlegend=False, hoverinfo="skip",
            line={"color": NEUTRAL, "width": 1, "dash": dash},
        )
        for factor, dash in ((1.0, "solid"), (0.9, "dot"), (1.1, "dot"))
    ]  # fmt: skip
    names = sorted(set(data.models))
    rows = np.array([names.index(model) for model in data.models])
    points = [_points(data, np.flatnonzero(rows == n), n) for n in range(len(names))]
    said = f"{TITLES[data.target]}: {data.method}, left out: {data.split}, {data.mape:.1f} % MAPE"
    return figure(
        [*lines, *points],
        height=620,
        title={"text": label(said), "font": {"size": 14}},
        margin={"t": 44},
        xaxis=_log_axis("measured", ends),
        yaxis=_log_axis("predicted", ends),
        hovermode="closest",
        legend={"font": {"size": 11}, "orientation": "v", "x": 1.02, "y": 1, "yanchor": "top"},
    )


def _points(data: AccuracyData, rows: Longs, number: int) -> dict[str, object]:
    said = [
        f"{config.gpus} x {label(config.gpu.name)}, batch {config.batch:.0f}, {config.precision}"
        for config in (data.configs[row] for row in rows)
    ]
    name = data.models[rows[0]]
    return trace(
        "scatter",
        x=data.measured[rows],
        y=data.predicted[rows],
        text=said,
        name=label(name),
        mode="markers",
        marker={
            "color": color(number),
            "symbol": _SYMBOLS[number // 8 % len(_SYMBOLS)],
            "size": 7,
            "opacity": 0.75,
        },
        hovertemplate="%{text}<br>measured %{x:.3g}, predicted %{y:.3g}<extra>"
        + literal(name)
        + "</extra>",
    )


def draw_energy(data: EnergyData) -> Drawing:
    """A line for each series, and the area that nine of ten measurements lie within; dotted where
    nothing was measured on the GPU."""
    traces = []
    batches = np.concatenate(list(data.batches.values()))
    joules = np.concatenate([end for each in data.joules.values() for end in (each.low, each.high)])
    for number, (name, found) in enumerate(data.joules.items()):
        batch, basis = data.batches[name], data.bases[name]
        shade = color(number)
        traces.append(
            trace(
                "scatter",
                x=np.concatenate([batch, batch[::-1]]),
                y=np.concatenate([found.high, found.low[::-1]]),
                fill="toself", fillcolor=shade, opacity=0.18, mode="lines", line={"width": 0},
                hoverinfo="skip", showlegend=False, legendgroup=label(name),
            )
        )  # fmt: skip
        traces.append(
            trace(
                "scatter",
                x=batch,
                y=found.value,
                name=f"{label(name)} ({basis.name.lower()})",
                legendgroup=label(name),
                mode="lines+markers",
                line={
                    "color": shade,
                    "dash": "dot" if basis is Basis.EXTRAPOLATED else "solid",
                },
                customdata=np.stack([found.low, found.high], axis=1),
                hovertemplate="batch %{x}: %{y:.3g} J (%{customdata[0]:.3g} to "
                "%{customdata[1]:.3g})<extra>" + literal(name) + "</extra>",
            )
        )
    return figure(
        traces,
        height=460,
        xaxis=_log_axis("requests in progress on average (batch)", batches),
        yaxis=_log_axis("J per output token, at the plug of the server", joules),
        hovermode="closest",
    )


def _log_axis(title: str, values: Floats) -> dict[str, object]:
    ticks = log_ticks(float(values.min()), float(values.max()))
    return {"title": {"text": title}, "type": "log", "tickvals": ticks}


def describe_accuracy(data: AccuracyData) -> str:
    """The figure in one sentence."""
    error = 100.0 * np.abs(data.predicted / data.measured - 1.0)
    return (
        f"{NAMES[data.target]}, {data.method}, left out: {data.split}: {len(error)} rows, "
        f"{data.mape:.1f} % MAPE, {100 * np.mean(error <= 10):.0f} % within 10 %"
    )


def write_figure(drawing: Drawing, path: Path) -> None:
    """The figure as a page of its own, which needs no connection."""
    import plotly.graph_objects as go

    write_file(path, go.Figure(drawing).to_html(include_plotlyjs=True).encode())
