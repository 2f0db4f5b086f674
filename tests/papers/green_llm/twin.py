"""The letter's linear program a second time: plain loops over its formulas, scipy's linprog.

Shares no code with slit: it reads the JSON content by the letter's symbols.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import optimize, sparse

from operators.types import Floats


class Twin:
    """Objectives E, C, D as cost vectors, rows as lists, solved by scipy."""

    def __init__(self, content: dict[str, Any]) -> None:
        p = {name: np.array(entry["values"]) for name, entry in content["parameters"].items()}
        size = content["sizes"]
        I, J, K, T, R = (range(size[letter]) for letter in "IJKTR")  # noqa: E741
        self.parameters = p
        self.x: dict[tuple[int, int, int, int], int] = {}
        for place in itertools.product(I, J, K, T):
            self.x[place] = len(self.x)
        self.g = {(j, t): len(self.x) + j * len(T) + t for j in J for t in T}
        self.columns = len(self.x) + len(self.g)
        n = [p["h"][k] + p["f"][k] for k in K]

        def energy(j: int, i: int, k: int, t: int) -> float:
            it = p["tau_in"][k] * p["h"][k] + p["tau_out"][k] * p["f"][k]
            return float(p["PUE"][j] * it * p["lambda"][i, k, t])

        def delay(i: int, j: int, k: int, t: int) -> float:
            transfer = p["beta"][i, k, t] * n[k] * p["lambda"][i, k, t] / p["B"][i, j]
            return float(transfer + p["d"][i, j] + p["v"][j, k] * n[k] * p["lambda"][i, k, t])

        self.costs = {name: np.zeros(self.columns) for name in ("energy", "carbon", "delay")}
        self.kilograms = np.zeros(self.columns)
        self.water = np.zeros(self.columns)
        for (j, t), at in self.g.items():
            self.costs["energy"][at] = p["c"][j, t]
            self.costs["carbon"][at] = p["delta"][j] * p["theta"][j, t]
            self.kilograms[at] = p["theta"][j, t]
        for (i, j, k, t), at in self.x.items():
            self.costs["delay"][at] = p["rho"][k] * delay(i, j, k, t)
            factor = p["WUE"][j, t] / p["PUE"][j] + p["EWIF"][j, t]
            self.water[at] = factor * energy(j, i, k, t)

        self.rows: list[tuple[dict[int, float], float]] = []
        self.equal: list[tuple[dict[int, float], float]] = []
        for i, k, t in itertools.product(I, K, T):
            self.equal.append(({self.x[i, j, k, t]: 1.0 for j in J}, 1.0))
            row = {self.x[i, j, k, t]: delay(i, j, k, t) for j in J}
            self.rows.append((row, float(p["Delta"][i, k])))
        for j, t in self.g:
            row = {self.x[i, j, k, t]: energy(j, i, k, t) for i in I for k in K}
            row[self.g[j, t]] = -1.0
            self.rows.append((row, float(p["P_w"][j, t])))
        for j, r, t in itertools.product(J, R, T):
            row = {
                self.x[i, j, k, t]: float(p["alpha"][k, r] * n[k] * p["lambda"][i, k, t])
                for i in I
                for k in K
            }
            self.rows.append((row, float(p["C"][r, j])))
        self.rows.append((dict(enumerate(self.water)), float(p["Z"])))
        self.upper = np.ones(self.columns)
        for (j, t), at in self.g.items():
            self.upper[at] = p["P_max"][j, t]

    def minimize(
        self, cost: Floats, caps: Sequence[tuple[Floats, float]] = ()
    ) -> tuple[float, Floats] | None:
        """The least value and a point, None where there is none."""
        rows = [*self.rows, *((dict(enumerate(row)), cap) for row, cap in caps)]
        result: Any = optimize.linprog(
            cost,
            A_ub=self._matrix(rows),
            b_ub=[bound for _, bound in rows],
            A_eq=self._matrix(self.equal),
            b_eq=[bound for _, bound in self.equal],
            bounds=[(0.0, most) for most in self.upper],
            method="highs",
        )
        return (float(result.fun), np.array(result.x)) if result.status == 0 else None

    def lexicographic(self, order: Sequence[str], tolerance: float) -> list[float]:
        """The least value of each phase."""
        caps: list[tuple[Floats, float]] = []
        least = []
        for name in order:
            found = self.minimize(self.costs[name], caps)
            assert found is not None
            least.append(found[0])
            caps.append((self.costs[name], found[0] + tolerance * abs(found[0])))
        return least

    def _matrix(self, rows: Sequence[tuple[dict[int, float], float]]) -> Any:
        row_of = [at for at, (row, _) in enumerate(rows) for _ in row]
        column = [at for row, _ in rows for at in row]
        values = [value for row, _ in rows for value in row.values()]
        return sparse.csr_matrix((values, (row_of, column)), shape=(len(rows), self.columns))
