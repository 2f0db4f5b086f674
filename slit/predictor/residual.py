"""Learned corrections of the calibrated roofline, as plain arrays: no pickle, no scikit-learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from operators.types import Floats

TARGETS = 3
"""Logarithms of measured over estimated: step, time between tokens, watts."""
LEAF = -1
ROWS_AT_A_TIME = 500


class Residual(Protocol):
    """Corrections by features."""

    def predict(self, features: Floats) -> Floats:
        """(N, F) features -> (N, TARGETS) logarithms of what to multiply the estimate with."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What it is made of, by name."""
        ...


@dataclass(frozen=True, slots=True)
class Trees:
    """A forest for each target; nodes of all trees behind each other, depth first.

    The left child of a node is the one behind it. A prediction is the mean over trees less `shrink`
    times their variance: relative errors are smallest below the mean of a logarithm.
    """

    target: NDArray[np.int8]  # (T,) of each tree
    roots: NDArray[np.int32]  # (T,)
    feature: NDArray[np.int8]  # (M,), LEAF at leaves
    threshold: NDArray[np.float32]  # (M,): to the left where at most this; at leaves the value
    right: NDArray[np.int32]  # (M,)
    shrink: float  # weight of the variance over trees

    def predict(self, features: Floats) -> Floats:
        """See Residual."""
        found = np.empty((len(features), TARGETS))
        for first in range(0, len(features), ROWS_AT_A_TIME):
            rows = features[first : first + ROWS_AT_A_TIME].astype(np.float32)
            values = self._leaves(rows)
            for target in range(TARGETS):
                own = values[:, self.target == target]
                shrunk = own.mean(axis=1) - self.shrink * own.var(axis=1)
                found[first : first + ROWS_AT_A_TIME, target] = shrunk
        return found

    def _leaves(self, rows: NDArray[np.float32]) -> Floats:
        """(n, T) values of the leaves that rows come to."""
        node = np.tile(self.roots, len(rows))
        row = np.repeat(np.arange(len(rows)), len(self.roots))
        active = np.arange(len(node))
        while len(active):
            at = node[active]
            feature = self.feature[at]
            inner = feature != LEAF
            active, at, feature = active[inner], at[inner], feature[inner]
            left = rows[row[active], feature] <= self.threshold[at]
            node[active] = np.where(left, at + 1, self.right[at])
        return self.threshold[node].reshape(len(rows), -1).astype(np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """See Residual."""
        return {name: np.asarray(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Network:
    """Perceptrons of one hidden layer, whose predictions are averaged."""

    mean: Floats  # (F,)
    scale: Floats  # (F,)
    first: Floats  # (K, F, H)
    first_bias: Floats  # (K, H)
    second: Floats  # (K, H, TARGETS)
    second_bias: Floats  # (K, TARGETS)

    def predict(self, features: Floats) -> Floats:
        """See Residual."""
        inputs = np.clip((features - self.mean) / self.scale, -4.0, 4.0)
        hidden = np.tanh(np.einsum("nf,kfh->knh", inputs, self.first) + self.first_bias[:, None])
        found = np.einsum("knh,kht->knt", hidden, self.second) + self.second_bias[:, None]
        return np.asarray(found.mean(axis=0))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """See Residual."""
        return {name: getattr(self, name) for name in self.__slots__}


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Residual | None:
    """The residual that `arrays` gave; None if there is none."""
    if "roots" in arrays:
        facts: dict[str, Any] = {name: arrays[name] for name in Trees.__slots__}
        return Trees(**(facts | {"shrink": float(arrays["shrink"])}))
    if "first" in arrays:
        return Network(**{name: arrays[name] for name in Network.__slots__})
    return None
