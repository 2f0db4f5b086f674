"""Which inferences to measure next: anyone, or some near those that are predicted worst.

After the focused sampling of LLMCO2 (arXiv 2410.02950). The measurer is a table: what is asked for
is answered by the nearest row that was not measured before. Unlike in the paper, the rows that
errors are counted on are fixed and apart: the loop sees neither them nor their errors.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from operators.types import Floats, Longs
from slit.predictor.columns import as_columns
from slit.predictor.evaluation import forecast_by, targets
from slit.predictor.measurements import Measurements
from slit.predictor.models import Method, Target

FOLDS = 3
WORST = 0.2
"""Share of what was measured that new measurements are made around."""
STEP = 0.4
"""Spread of the logarithms of batch and tokens around them."""
_CHANGED = ("batch", "prompt", "output")
_KEPT = ("gpus", "bf16_flops", "memory_bandwidth", "layer_bytes", "hidden", "attention_layers",
         "experts_per_token", "weight_bytes")  # fmt: skip


def sampling_errors(
    measurements: Measurements, *, focused: bool, counts: Sequence[int], seed: int, left: int
) -> Iterator[Floats]:
    """After each count of measurements: (Target,) mean absolute errors, %, on `left` rows that are
    never measured. The first `counts[0]` are random rows; rows stand for the requests there are."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(measurements))
    fixed, pool = order[:left], order[left:]
    known = pool[: counts[0]]
    forecast = forecast_by(measurements, method=Method.TREES, seed=seed)
    truth = targets(measurements)[fixed]
    for count in counts:
        wanted = count - len(known)
        if focused and wanted:
            new = _around_the_worst(measurements, known, pool, wanted=wanted, rng=rng)
            known = np.concatenate([known, new])
        else:
            known = pool[:count]
        yield 100.0 * np.abs(forecast(known, fixed) / truth - 1.0).mean(axis=0)


def _around_the_worst(
    measurements: Measurements,
    known: Longs,
    pool: Longs,
    *,
    wanted: int,
    rng: np.random.Generator,
) -> Longs:
    """(wanted,) rows of the pool that are not known, each the nearest to one of the worst, changed.

    The worst are those of J/token by models that were trained with the other measured rows.
    """
    errors = held_out_errors(measurements, known, rng)
    worst = known[np.argsort(-errors)[: max(1, round(WORST * len(known)))]]
    places = coordinates(measurements)
    free = np.setdiff1d(pool, known)
    found = []
    for n in range(wanted):
        asked = places[worst[n % len(worst)]].copy()
        asked[: len(_CHANGED)] += rng.normal(0.0, STEP, len(_CHANGED))
        nearest = int(np.argmin(((places[free] - asked) ** 2).sum(axis=1)))
        found.append(free[nearest])
        free = np.delete(free, nearest)
    return np.array(found, dtype=np.int64)


def held_out_errors(measurements: Measurements, known: Longs, rng: np.random.Generator) -> Floats:
    """(n,) absolute relative errors of J/token of known rows, each without itself."""
    labels = rng.permutation(len(known)) % FOLDS
    forecast = forecast_by(measurements, method=Method.TREES, seed=0)
    found = np.empty(len(known))
    for fold in range(FOLDS):
        own = labels == fold
        found[own] = forecast(known[~own], known[own])[:, Target.TOKEN_J]
    return np.asarray(np.abs(found / measurements.token_j[known] - 1.0))


def coordinates(measurements: Measurements) -> Floats:
    """(N, D) logarithms of what is asked for: the request first, then replica, GPU and model."""
    columns = as_columns(measurements.configs)
    facts = [getattr(columns, name) for name in (*_CHANGED, *_KEPT[:-1])]
    facts.append(np.array([config.weight_bytes for config in measurements.configs]))
    return np.asarray(np.log1p(np.stack(facts, axis=1)))
