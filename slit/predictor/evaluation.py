"""How far predictions are from measurements, on rows that they were not trained with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from operators.types import Floats, Longs
from slit.errors import SlitError
from slit.predictor.measurements import Measurements
from slit.predictor.models import Basis, Method, Model, Target
from slit.predictor.prediction import token_joules
from slit.predictor.training import train

FOLDS = 5
NOMINAL = 0.9
NAMES = {
    Target.TOKEN_J: "energy_per_token_joules",
    Target.ITL_S: "median_itl_ms",
    Target.GPU_W: "avg_power_watts",
}


Forecast = Callable[[Longs, Longs], Floats]
"""(n, Target) what is predicted for rows left out, the second, from rows known, the first."""


class Split(StrEnum):
    """What is left out."""

    RANDOM = "random"  # a fifth of the rows
    MODEL = "model"  # all rows of a model
    ARCHITECTURE = "architecture"  # all rows of all models of one architecture
    GPU = "gpu"  # all rows of a GPU


BASES = {Basis.MEASURED: Split.RANDOM, Basis.PREDICTED: Split.MODEL, Basis.EXTRAPOLATED: Split.GPU}
"""The split that resembles each basis."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Of one target on one split."""

    mape: float  # %
    median_ape: float  # %
    eba10: float  # %: predictions within 10 % of the measurement
    eba30: float
    coverage90: float  # %: measurements within the interval; NaN where there is none
    n: int


def folds(measurements: Measurements, split: Split, *, seed: int) -> Iterator[tuple[Longs, Longs]]:
    """Rows to train with and rows left out, fold by fold.

    Raises:
        SlitError: there is only one model, or only one GPU, to leave out.
    """
    count = len(measurements)
    if split is Split.RANDOM:
        labels = np.empty(count, dtype=np.int64)
        labels[np.random.default_rng(seed).permutation(count)] = np.arange(count) % FOLDS
    else:
        named = {
            Split.MODEL: measurements.models,
            Split.ARCHITECTURE: [each.architecture.name for each in measurements.configs],
            Split.GPU: [each.gpu.name for each in measurements.configs],
        }[split]
        labels = np.unique(named, return_inverse=True)[1].astype(np.int64)
    if labels.max() == 0:
        raise SlitError(f"{split}: one in the table, expected two or more to leave one out")
    for label in range(int(labels.max()) + 1):
        yield np.flatnonzero(labels != label), np.flatnonzero(labels == label)


def targets(measurements: Measurements) -> Floats:
    """(N, Target): what was measured."""
    measured = measurements.measured
    return np.stack([measurements.token_j, measured.itl_s, measured.gpu_w], axis=1)


def predicted_targets(model: Model, measurements: Measurements, rows: Longs) -> Floats:
    """(n, Target): what a model predicts for these rows."""
    columns, estimate = model.estimate([measurements.configs[row] for row in rows])
    return np.stack([token_joules(columns, estimate), estimate.itl_s, estimate.gpu_w], axis=1)


def held_out(
    measurements: Measurements, forecast: Forecast, *, split: Split, seed: int
) -> tuple[Floats, Longs]:
    """(N, Target) predictions, each by what was not trained with its row; (N,) folds."""
    found = np.empty((len(measurements), len(Target)))
    labels = np.empty(len(measurements), dtype=np.int64)
    for fold, (known, left) in enumerate(folds(measurements, split, seed=seed)):
        found[left] = forecast(known, left)
        labels[left] = fold
    return found, labels


def forecast_by(measurements: Measurements, *, method: Method, seed: int) -> Forecast:
    """A method that is trained with what is known."""

    def forecast(known: Longs, left: Longs) -> Floats:
        spread = np.zeros((len(Basis), len(Target)))
        model = train(measurements, known, method=method, seed=seed, spread=spread)
        return predicted_targets(model, measurements, left)

    return forecast


def half_width(errors: Floats, labels: Longs) -> float:
    """Half the width of a split conformal interval of logarithmic errors.

    The folds weigh the same, so that a model with many rows does not stand for all; the quantile is
    that of n + 1 (Papadopoulos et al. 2002; Lei et al. 2018).
    """
    size = np.abs(errors)
    weights = 1.0 / np.bincount(labels)[labels]
    order = np.argsort(size, kind="stable")
    total = np.cumsum(weights[order]) / weights.sum()
    level = min(NOMINAL * (1.0 + 1.0 / len(errors)), 1.0)
    return float(size[order][min(int(np.searchsorted(total, level)), len(size) - 1)])


def spread_of(measurements: Measurements, *, method: Method, seed: int) -> Floats:
    """(Basis, Target) half widths: from the split that resembles what a prediction stands on."""
    truth = targets(measurements)
    forecast = forecast_by(measurements, method=method, seed=seed)
    found = np.zeros((len(Basis), len(Target)))
    for basis, split in BASES.items():
        predicted, labels = held_out(measurements, forecast, split=split, seed=seed)
        errors = np.log(truth / predicted)
        found[basis] = [half_width(errors[:, target], labels) for target in Target]
    return found


def evaluate(
    measurements: Measurements, forecast: Forecast, *, split: Split, seed: int
) -> dict[Target, Errors]:
    """Errors of held-out rows. An interval of a row is made of the errors of the other folds only;
    with two folds there are none."""
    truth = targets(measurements)
    predicted, labels = held_out(measurements, forecast, split=split, seed=seed)
    return {target: _errors(truth[:, target], predicted[:, target], labels) for target in Target}


def _errors(truth: Floats, predicted: Floats, labels: Longs) -> Errors:
    relative = 100.0 * np.abs(predicted / truth - 1.0)
    logarithmic = np.log(truth / predicted)
    count = int(labels.max()) + 1
    within = np.zeros(len(truth), dtype=np.bool_)
    if count > 2:
        for fold in range(count):
            others = labels != fold
            renamed = np.unique(labels[others], return_inverse=True)[1].astype(np.int64)
            width = half_width(logarithmic[others], renamed)
            within[~others] = np.abs(logarithmic[~others]) <= width
    return Errors(
        mape=float(relative.mean()),
        median_ape=float(np.median(relative)),
        eba10=100.0 * float(np.mean(relative <= 10.0)),
        eba30=100.0 * float(np.mean(relative <= 30.0)),
        coverage90=100.0 * float(within.mean()) if count > 2 else float("nan"),
        n=len(truth),
    )
