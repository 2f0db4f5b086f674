"""`continuous`: the ZDT, DTLZ and WFG problems with their published fronts.

Fronts and their hypervolumes are from the formulas of Zitzler, Deb and Thiele (2000), Deb et al.
(2005) and Huband et al. (2006), not from any library. The reference point is 1.1 times the front's
extent, as usual.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import pi
from typing import Any

import numpy as np
from scipy.integrate import quad

from benchmarks.registry import Case
from operators.directions import das_dennis
from operators.dominance import nondominated
from operators.types import Floats

REACH = 1.1
POINTS = 4000
"""Points of a front that is a curve."""
PARTITIONS = 60
"""Of the directions to a front that is a surface: 1,891 points."""
ZDT3_PIECES = (
    (0.0, 0.0830015349),
    (0.1822287280, 0.2577623634),
    (0.4093136748, 0.4538821041),
    (0.6183967944, 0.6525117038),
    (0.8233317983, 0.8518328654),
)
"""Where f1 lies on the front of ZDT3."""


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """A problem of pymoo by name, its front (K, M), and the exact hypervolume below `reference`
    (None: the front has no formula)."""

    name: str
    variables: dict[str, Any]
    front: Floats
    reference: Floats
    volume: float | None

    def problem(self) -> Any:
        """The problem as pymoo has it."""
        from pymoo.problems import get_problem

        return get_problem(self.name, **self.variables)


def build(problem: str) -> Published:
    """The problem of a name like zdt1, dtlz2 or wfg4; DTLZ with three objectives, WFG with two or
    (wfg4-3) three."""
    return _PROBLEMS[problem]()


def _curve(name: str, f2: Callable[[Floats], Floats], low: float = 0.0) -> Published:
    """f2 as a falling function of f1 in [low, 1]."""
    x = np.linspace(low, 1.0, POINTS)
    front = np.column_stack([x, f2(x)])
    area = quad(lambda t: REACH - float(f2(np.array(t))), low, 1.0, epsabs=1e-13)[0]
    variables = {"n_var": 10} if name in ("zdt4", "zdt6") else {"n_var": 30}
    corner = np.full(2, REACH)
    return Published(name, variables, front, corner, area + 0.1 * REACH)


def _zdt3() -> Published:
    def f2(x: Floats) -> Floats:
        return np.asarray(1.0 - np.sqrt(x) - x * np.sin(10.0 * pi * x))

    x = np.concatenate([np.linspace(a, b, POINTS // 5) for a, b in ZDT3_PIECES])
    front = np.column_stack([x, f2(x)])
    area, ends = 0.0, [*(piece[0] for piece in ZDT3_PIECES[1:]), REACH]
    for (a, b), end in zip(ZDT3_PIECES, ends, strict=True):
        area += quad(lambda t: REACH - float(f2(np.array(t))), a, b, epsabs=1e-13)[0]
        area += (end - b) * (REACH - float(f2(np.array(b))))
    return Published("zdt3", {"n_var": 30}, front, np.full(2, REACH), area)


def _dtlz1() -> Published:
    front = 0.5 * das_dennis(3, PARTITIONS)
    corner = np.full(3, 0.5 * REACH)
    volume = 0.5**3 * (REACH**3 - 1.0 / 6.0)
    return Published("dtlz1", {"n_var": 7, "n_obj": 3}, front, corner, volume)


def _sphere(name: str, variables: dict[str, Any], extent: Floats) -> Published:
    """The part of an ellipsoid with all objectives >= 0."""
    count = len(extent)
    if count == 2:
        angle = np.linspace(0.0, pi / 2, POINTS)
        unit = np.column_stack([np.cos(angle), np.sin(angle)])
    else:
        unit = das_dennis(count, PARTITIONS)
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    inside = {2: pi / 4, 3: pi / 6}[count]
    volume = float((REACH**count - inside) * extent.prod())
    return Published(name, variables, unit * extent, REACH * extent, volume)


def _dtlz(name: str) -> Published:
    return _sphere(name, {"n_var": 12, "n_obj": 3}, np.ones(3))


def _degenerate(name: str) -> Published:
    """DTLZ5 and DTLZ6: a quarter of a circle, f1 = f2."""
    angle = np.linspace(0.0, pi / 2, POINTS)
    front = np.column_stack([np.cos(angle) / 2**0.5, np.cos(angle) / 2**0.5, np.sin(angle)])
    extent = front.max(axis=0)

    def slab(z: float) -> float:
        return float((REACH * extent[0] - ((1.0 - z * z) / 2.0) ** 0.5) ** 2)

    volume = quad(slab, 0.0, 1.0, epsabs=1e-13)[0] + 0.1 * float(REACH * extent[0]) ** 2
    return Published(name, {"n_var": 12, "n_obj": 3}, front, REACH * extent, volume)


def _wfg3() -> Published:
    x = np.linspace(0.0, 1.0, POINTS)
    extent = np.array([2.0, 4.0])
    front = np.column_stack([x, 1.0 - x]) * extent
    volume = (REACH**2 - 0.5) * 8.0
    return Published("wfg3", {"n_var": 14, "n_obj": 2}, front, REACH * extent, volume)


def _wfg(name: str, objectives: int = 2) -> Published:
    extent = np.arange(2.0, 2.0 * objectives + 1.0, 2.0, dtype=np.float64)
    return _sphere(name, {"n_var": 14, "n_obj": objectives}, extent)


def _sampled(name: str) -> Published:
    """WFG1 and WFG2 as pymoo samples their fronts."""
    from pymoo.problems import get_problem

    variables = {"n_var": 14, "n_obj": 2}
    front = np.asarray(get_problem(name, **variables).pareto_front())
    front = front[nondominated(front)]
    return Published(name, variables, front, REACH * np.array([2.0, 4.0]), None)


_PROBLEMS: dict[str, Callable[[], Published]] = {
    "zdt1": partial(_curve, "zdt1", lambda x: 1.0 - np.sqrt(x)),
    "zdt2": partial(_curve, "zdt2", lambda x: 1.0 - x * x),
    "zdt3": _zdt3,
    "zdt4": partial(_curve, "zdt4", lambda x: 1.0 - np.sqrt(x)),
    "zdt6": partial(_curve, "zdt6", lambda x: 1.0 - x * x, 0.2807753191),
    "dtlz1": _dtlz1,
    **{f"dtlz{n}": partial(_dtlz, f"dtlz{n}") for n in (2, 3, 4)},
    **{f"dtlz{n}": partial(_degenerate, f"dtlz{n}") for n in (5, 6)},
    **{f"wfg{n}": partial(_sampled, f"wfg{n}") for n in (1, 2)},
    "wfg3": _wfg3,
    **{f"wfg{n}": partial(_wfg, f"wfg{n}") for n in range(4, 10)},
    "wfg4-3": partial(_wfg, "wfg4", 3),
}

NAMES = tuple(_PROBLEMS)

CONTINUOUS = Case(
    "continuous",
    "ZDT, DTLZ and WFG with their published fronts",
    build,
    frozenset({"converge", "fronts"}),
)
