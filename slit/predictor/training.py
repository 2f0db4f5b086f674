"""Training on measured inferences; the only place of the predictor for scikit-learn."""

import warnings
from typing import Any, NamedTuple

import numpy as np

from operators.types import Floats, Longs
from slit.predictor.calibration import Estimate, fit_calibration
from slit.predictor.columns import as_columns
from slit.predictor.features import features
from slit.predictor.graph_training import fit_graphs
from slit.predictor.measurements import Measurements
from slit.predictor.models import Method, Model
from slit.predictor.residual import LEAF, Network, Residual, Trees

TREES = 50
LEAVES = (1, 3)
INNER_FOLDS, INNER_TREES = 3, 15
WATTS = 2
HIDDEN, NETWORKS, PENALTY, ROUNDS = 16, 3, 3.0, 200
SHRINK = 0.5


def train(
    measurements: Measurements, rows: Longs, *, method: Method, seed: int, spread: Floats
) -> Model:
    """The method, trained on these rows (n,) of a table."""
    configs = [measurements.configs[row] for row in rows]
    measured = Estimate(
        measurements.measured.step_s[rows],
        measurements.measured.itl_s[rows],
        measurements.measured.gpu_w[rows],
    )
    columns = as_columns(configs)
    calibration = fit_calibration(columns, measured)
    inputs, estimate = features(columns, calibration)
    targets = np.log(
        np.stack(
            [
                measured.step_s / estimate.step_s,
                measured.itl_s / estimate.itl_s,
                measured.gpu_w / estimate.gpu_w,
            ],
            axis=1,
        )
    )
    residual: Residual | None = None
    if method is Method.TREES:
        residual = fit_trees(inputs, targets, seed=seed)
    elif method is Method.MLP:
        residual = _fit_networks(inputs, targets, seed=seed)
    graphs = None
    if method is Method.LLMCO2:
        graphs = fit_graphs(columns, measured, seed=seed)
    return Model(
        method=method,
        calibration=calibration,
        residual=residual,
        graphs=graphs,
        pairs=frozenset((config.architecture.name, config.gpu.name) for config in configs),
        spread=spread,
        seed=seed,
        digest=measurements.digest,
    )


def fit_trees(inputs: Floats, targets: Floats, *, seed: int) -> Trees:
    """Extremely randomized trees, a forest for each target (Geurts, Ernst, Wehenkel 2006)."""
    scale = targets.std(axis=0) + 1e-9
    forests = []
    for column, factor in enumerate(scale):
        # Watts share their splits with times, which tells noise from what is common to both.
        together = column == WATTS
        learned = targets / scale if together else targets[:, column] / factor
        own = column if together else 0
        leaf = _smallest_leaf(inputs, targets[:, column], learned, seed)
        trees = _forest(TREES, leaf, seed).fit(inputs, learned).estimators_
        forests.append([Fitted(each.tree_, own, float(factor)) for each in trees])
    return as_trees(forests)


class Fitted(NamedTuple):
    """A tree of scikit-learn, and which of its outputs is wanted, times what."""

    tree: Any
    output: int
    factor: float


def _forest(trees: int, leaf: int, seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    return ExtraTreesRegressor(trees, min_samples_leaf=leaf, max_features=0.5, random_state=seed)


def _smallest_leaf(inputs: Floats, wanted: Floats, learned: Floats, seed: int) -> int:
    """The size of leaves whose relative errors are smallest on folds of these rows.

    wanted (n,): one target. learned (n,) or (n, TARGETS): what trees are fitted to, in units of
    spread.
    """
    labels = np.random.default_rng(seed).permutation(len(wanted)) % INNER_FOLDS
    factor = wanted.std() + 1e-9

    def error(leaf: int) -> float:
        found = np.empty(len(wanted))
        for fold in range(INNER_FOLDS):
            known = labels != fold
            forest = _forest(INNER_TREES, leaf, seed).fit(inputs[known], learned[known])
            predicted = forest.predict(inputs[~known])
            found[~known] = predicted if predicted.ndim == 1 else predicted[:, WATTS]
        return float(np.mean(np.abs(np.expm1(found * factor - wanted))))

    return min(LEAVES, key=error)


def as_trees(forests: list[list[Fitted]]) -> Trees:
    """scikit-learn's trees as arrays; `forests`: those of each target."""
    wanted = [each for forest in forests for each in forest]
    fitted = [each.tree for each in wanted]
    sizes = np.array([tree.node_count for tree in fitted])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    starts = np.repeat(roots, sizes)
    inner = np.concatenate([tree.children_left for tree in fitted]) >= 0
    right = np.concatenate([tree.children_right for tree in fitted]) + starts
    values = np.concatenate([w.tree.value[:, w.output, 0] * w.factor for w in wanted])
    threshold = np.concatenate([tree.threshold for tree in fitted])
    # Inputs are float32: none lies between a threshold and the next float32 below it.
    rounded = threshold.astype(np.float32)
    above = rounded > threshold
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return Trees(
        target=np.repeat(np.arange(len(forests)), [len(f) for f in forests]).astype(np.int8),
        roots=roots.astype(np.int32),
        feature=np.where(inner, np.concatenate([t.feature for t in fitted]), LEAF).astype(np.int8),
        threshold=np.where(inner, rounded, values).astype(np.float32),
        right=np.where(inner, right, 0).astype(np.int32),
        shrink=SHRINK,
    )


def _fit_networks(inputs: Floats, targets: Floats, *, seed: int) -> Network:
    """Perceptrons from different starts, on standardized features, with weight decay."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    spread = targets.std(axis=0) + 1e-9
    standard = np.clip((inputs - mean) / scale, -4.0, 4.0)
    fitted = []
    with warnings.catch_warnings():
        # An end before convergence is meant: it regularizes.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for start in range(NETWORKS):
            network = MLPRegressor(
                hidden_layer_sizes=(HIDDEN,), activation="tanh", solver="lbfgs",
                alpha=PENALTY, max_iter=ROUNDS, random_state=seed + start,
            )  # fmt: skip
            fitted.append(network.fit(standard, targets / spread))
    return Network(
        mean=mean,
        scale=scale,
        first=np.stack([each.coefs_[0] for each in fitted]),
        first_bias=np.stack([each.intercepts_[0] for each in fitted]),
        second=np.stack([each.coefs_[1] for each in fitted]) * spread,
        second_bias=np.stack([each.intercepts_[1] for each in fitted]) * spread,
    )
