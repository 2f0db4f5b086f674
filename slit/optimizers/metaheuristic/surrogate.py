"""Gradient boosting that has seen earlier local searches and says where the next one pays.

SLIT (arXiv 2505.23554) learns from past searches which starts are worth it, after STAGE (Boyan and
Moore 2001). What it learns from is ours: one row for each weight vector and epoch searched. The
label is the gain of that epoch's descent, not the value it ended at: the weights explain the end
value almost alone, and a model of it chooses nothing.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from operators.types import Floats

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor


FEWEST_ROWS = 200
GROWTH = 1.5
"""The model is fitted again when it has seen this many times the rows of the last fit."""
MOST_ROWS = 20_000


class Surrogate:
    """Predicts the gain of a descent from features (R, F) of a weight vector and an epoch."""

    def __init__(self, *, features: int, seed: int) -> None:
        self.rows: Floats = np.zeros((0, features))
        self.gains: Floats = np.zeros(0)
        self._seed = seed
        self._fitted: Floats = np.zeros((0, features + 1))
        self._model: HistGradientBoostingRegressor | None = None

    def learn(self, rows: Floats, gains: Floats) -> None:
        """Remember what descents gained (R,)."""
        self.rows = np.concatenate([self.rows, rows])[-MOST_ROWS:]
        self.gains = np.concatenate([self.gains, gains])[-MOST_ROWS:]

    def predict(self, rows: Floats) -> Floats | None:
        """Expected gains (R,), at least 0, or None as long as too little was seen."""
        if len(self.rows) < FEWEST_ROWS:
            return None
        with _one_thread():
            if self._model is None or len(self.rows) >= GROWTH * len(self._fitted):
                self._fit()
            assert self._model is not None
            return np.asarray(np.maximum(self._model.predict(rows), 0.0))

    def state(self) -> dict[str, Any]:
        """What was seen, and how much of it the model was fitted on."""
        return {"rows": self.rows, "gains": self.gains, "fitted": self._fitted}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what another surrogate had seen, and fit on what it was fitted on."""
        fitted = state["fitted"]
        if len(fitted):
            self.rows, self.gains = fitted[:, :-1], fitted[:, -1]
            with _one_thread():
                self._fit()
        self.rows, self.gains = state["rows"], state["gains"]

    def _fit(self) -> None:
        from sklearn.ensemble import HistGradientBoostingRegressor  # heavy, and not always used

        self._model = HistGradientBoostingRegressor(
            max_iter=60, learning_rate=0.15, min_samples_leaf=5, random_state=self._seed
        )
        self._model.fit(self.rows, self.gains)
        self._fitted = np.column_stack([self.rows, self.gains])


def _one_thread() -> AbstractContextManager[Any]:
    """OpenMP otherwise takes every core for a few milliseconds of work."""
    from threadpoolctl import threadpool_limits

    return cast(AbstractContextManager[Any], threadpool_limits(limits=1))
