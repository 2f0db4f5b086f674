"""Methods of prediction, trained: the calibrated roofline, and what is learned of its residual."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.errors import SlitError, did_you_mean
from slit.files import read_arrays, write_arrays
from slit.predictor.calibration import Calibration, Estimate
from slit.predictor.columns import Columns, as_columns
from slit.predictor.configs import InferenceConfig
from slit.predictor.ecologits import formula_estimate
from slit.predictor.features import features
from slit.predictor.graph import GraphModel, graphs_from_arrays
from slit.predictor.residual import Residual, from_arrays


class Method(StrEnum):
    """How speed and power are predicted."""

    ROOFLINE = "roofline"
    TREES = "trees"
    MLP = "mlp"
    LLMCO2 = "llmco2"
    ECOLOGITS = "ecologits"


LINES = {
    Method.ROOFLINE: "least times of kernels, each kind with a coefficient fitted to measurements",
    Method.TREES: "extremely randomized trees on the residual of the roofline",
    Method.MLP: "perceptrons on the residual of the roofline",
    Method.LLMCO2: "graph networks over kernels, after LLMCO2 (a reconstruction)",
    Method.ECOLOGITS: "the formula of EcoLogits: active weights and batch alone",
}
DEFAULT = Method.TREES


class Basis(IntEnum):
    """What a prediction stands on."""

    MEASURED = 0  # this architecture was measured on this GPU
    PREDICTED = 1  # this GPU was measured, with other architectures
    EXTRAPOLATED = 2  # nothing was measured on this GPU


class Target(IntEnum):
    """What is compared with measurements."""

    TOKEN_J = 0  # J of the GPUs for one output token
    ITL_S = 1
    GPU_W = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A trained method."""

    method: Method
    calibration: Calibration
    residual: Residual | None = None
    graphs: GraphModel | None = None  # of llmco2, instead of calibration and residual
    pairs: frozenset[tuple[str, str]]  # architectures and GPUs that were measured
    spread: Floats  # (Basis, Target): 90 % of logarithmic errors are within +- this
    seed: int
    digest: str  # SHA-256 of the table that it was trained with

    def estimate(self, configs: Sequence[InferenceConfig]) -> tuple[Columns, Estimate]:
        """The facts of N inferences, and their times and watts.

        Where nothing was measured on a GPU, the roofline stands alone: what was learned of its
        residual on other GPUs does not carry over (docs/predictor.md).
        """
        columns = as_columns(configs)
        if self.method is Method.ECOLOGITS:
            return columns, formula_estimate(configs)
        if self.graphs is not None:
            return columns, self.graphs.estimate(columns)
        if self.residual is None:
            return columns, self.calibration.estimate(columns)
        inputs, estimate = features(columns, self.calibration)
        known = {gpu for _, gpu in self.pairs}
        seen: Bools = np.array([config.gpu.name in known for config in configs], dtype=np.bool_)
        factors = np.exp(self.residual.predict(inputs) * seen[:, None])
        watts = np.minimum(estimate.gpu_w * factors[:, 2], columns.peak_w)
        return columns, Estimate(
            estimate.step_s * factors[:, 0], estimate.itl_s * factors[:, 1], watts
        )

    def basis(self, configs: Sequence[InferenceConfig]) -> Longs:
        """(N,) what each prediction stands on, a `Basis`."""
        known = {gpu for _, gpu in self.pairs}
        return np.array(
            [
                Basis.MEASURED
                if (config.architecture.name, config.gpu.name) in self.pairs
                else Basis.PREDICTED
                if config.gpu.name in known
                else Basis.EXTRAPOLATED
                for config in configs
            ],
            dtype=np.int64,
        )


def find_method(name: str) -> Method:
    """A method by its name; "default" is the one that predicts best on held-out folds."""
    if name == "default":
        return DEFAULT
    if name not in list(Method):
        known = ["default", *(each.value for each in Method)]
        raise SlitError(
            f"method: {name!r}, expected one of {', '.join(known)}{did_you_mean(name, known)}"
        )
    return Method(name)


def save_model(model: Model, path: Path) -> None:
    """Write an .npz file; nothing in it is pickled."""
    facts = {
        "method": model.method,
        "pairs": sorted(model.pairs),
        "seed": model.seed,
        "digest": model.digest,
    }
    learned = model.residual or model.graphs
    arrays = {} if learned is None else learned.arrays()
    calibration = model.calibration
    write_arrays(
        path,
        {
            "facts": np.array(json.dumps(facts)),
            "step": calibration.step,
            "itl": calibration.itl,
            "power": calibration.power,
            "spread": model.spread,
            **arrays,
        },
    )


def read_model(path: Path) -> Model:
    """The model in a file. Raises SlitError if it holds none."""
    holding = "a predictor that `slit predictor train` wrote"
    arrays = read_arrays(path, holding=holding)
    try:
        facts = json.loads(str(arrays["facts"]))
        return Model(
            method=Method(facts["method"]),
            calibration=Calibration(arrays["step"], arrays["itl"], arrays["power"]),
            residual=from_arrays(arrays),
            graphs=graphs_from_arrays(arrays),
            pairs=frozenset((model, gpu) for model, gpu in facts["pairs"]),
            spread=arrays["spread"],
            seed=int(facts["seed"]),
            digest=str(facts["digest"]),
        )
    except (KeyError, ValueError) as error:
        raise SlitError(f"{path}: no {error}, expected {holding}") from error


@cache
def shipped_model(method: Method = DEFAULT) -> Model:
    """The model that comes with slit."""
    folder = resources.files("slit.predictor") / "weights"
    with resources.as_file(folder / f"{method}.npz") as path:
        return read_model(path)
