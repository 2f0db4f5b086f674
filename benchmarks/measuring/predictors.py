"""Predictors of which a part is left out, to see what the part is worth."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from operators.types import Floats, Longs
from slit.predictor.calibration import Estimate, fit_calibration
from slit.predictor.columns import Columns, as_columns
from slit.predictor.evaluation import Forecast
from slit.predictor.features import named_features
from slit.predictor.graph import AMOUNTS, Graphs, InferencePhase, as_graphs
from slit.predictor.graph_training import fit_graphs
from slit.predictor.measurements import Measurements
from slit.predictor.models import Method
from slit.predictor.prediction import token_joules
from slit.predictor.training import fit_trees

READING = ("prefill", "prefill_tokens")
"""Parts of a step that are of prompts read meanwhile."""
_LEAST_TIME = 3
"""Where the amounts of a kernel hold its least time."""


def _measured(measurements: Measurements, rows: Longs) -> tuple[Columns, Estimate]:
    """Facts and measurements of these rows."""
    found = measurements.measured
    columns = as_columns([measurements.configs[row] for row in rows])
    return columns, Estimate(found.step_s[rows], found.itl_s[rows], found.gpu_w[rows])


def _as_array(estimate: Estimate) -> Floats:
    return np.stack([estimate.step_s, estimate.itl_s, estimate.gpu_w], axis=1)


def _targets(columns: Columns, found: Floats) -> Floats:
    """(n, Target) of (n, 3) seconds of a step, between tokens, and watts."""
    step, itl, watts = found.T
    watts = np.minimum(watts, columns.peak_w)
    return np.stack([token_joules(columns, Estimate(step, itl, watts)), itl, watts], axis=1)


def trees(
    measurements: Measurements,
    known: Longs,
    left: Longs,
    *,
    seed: int,
    estimated: bool = True,
    explained: bool = True,
    apart: bool = True,
) -> Floats:
    """(n, Target) what trees say, also of GPUs that they have not seen.

    Args:
        measurements: all there is.
        known: rows to learn from.
        left: rows to predict.
        seed: of the trees.
        estimated: they correct the calibrated roofline, otherwise they say figures by themselves.
        explained: they are given shares and utilization, otherwise plain facts.
        apart: prompts read meanwhile are parts of a step (watts keep their operations).
    """
    (columns, measured), (unseen, _) = (_measured(measurements, rows) for rows in (known, left))
    calibration = fit_calibration(columns, measured, without=() if apart else READING)

    def inputs(of: Columns) -> tuple[Floats, Floats]:
        named, estimate = named_features(of, calibration)
        if not apart:
            del named["prompts_per_step"]
        if not explained:
            named = {name: getattr(of, name) for name in Columns.__slots__}
        base = _as_array(estimate) if estimated else np.ones((len(of), 3))
        return np.stack(list(named.values()), axis=1), base

    given, base = inputs(columns)
    fitted = fit_trees(given, np.log(_as_array(measured) / base), seed=seed)
    asked, base = inputs(unseen)
    return _targets(unseen, base * np.exp(fitted.predict(asked)))


Change = Callable[[Graphs, InferencePhase], Graphs]


def graphs(
    measurements: Measurements, known: Longs, left: Longs, *, seed: int, change: Change
) -> Floats:
    """(n, Target) what networks of graphs say that were changed before, the same for all rows."""
    (columns, measured), (unseen, _) = (_measured(measurements, rows) for rows in (known, left))
    given, asked = (
        {phase: change(as_graphs(of, phase), phase) for phase in InferencePhase}
        for of in (columns, unseen)
    )
    found = fit_graphs(columns, measured, given, seed=seed).estimate(unseen, asked)
    return _targets(unseen, _as_array(found))


def _no_edges(found: Graphs, phase: InferencePhase) -> Graphs:  # noqa: ARG001 - what changes are given
    return replace(found, edges=np.zeros_like(found.edges))


def _one_phase(found: Graphs, phase: InferencePhase) -> Graphs:
    """Prompts take no time of their own: the network of decode stands for the whole step."""
    return replace(found, least=0.0 * found.least) if phase is InferencePhase.PREFILL else found


def _no_roofline(found: Graphs, phase: InferencePhase) -> Graphs:
    """Neither least times nor bounds at kernels; the network says seconds, not times the least."""
    nodes = found.nodes.copy()
    nodes[:, :, _LEAST_TIME] = nodes[:, :, AMOUNTS:] = 0.0
    typical = 0.02 if phase is InferencePhase.DECODE else 0.1  # s: of a step, of a prompt
    return replace(found, nodes=nodes, least=np.full_like(found.least, typical))


WITHOUT: Mapping[Method, Mapping[str, Callable[..., Floats]]] = {
    Method.TREES: {
        "rule for GPUs that were not measured": trees,
        "phases apart": partial(trees, apart=False),
        "features of the roofline": partial(trees, explained=False),
        "roofline": partial(trees, explained=False, estimated=False),
    },
    Method.LLMCO2: {
        "edges of the graph": partial(graphs, change=_no_edges),
        "phases apart": partial(graphs, change=_one_phase),
        "roofline": partial(graphs, change=_no_roofline),
    },
}
"""Methods without a part, by what is left out."""


def forecast_without(
    part: str, measurements: Measurements, *, method: Method, seed: int
) -> Forecast:
    """The method without one of its parts."""
    return partial(_called, WITHOUT[method][part], measurements, seed)


def _called(
    predictor: Callable[..., Floats], measurements: Measurements, seed: int, *rows: Longs
) -> Floats:
    return predictor(measurements, *rows, seed=seed)
