"""What `slit wireless optimize` found, as a folder that the report reads."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from operators.dominance import nondominated
from slit.errors import SlitError
from slit.files import read_json, write_json
from slit.papers.aolo.front import (
    NAMES,
    TITLES,
    UNITS,
    FrontProblem,
    ReferenceFront,
    balanced,
    front_problem,
    policy_points,
    reference_front,
    search,
)
from slit.papers.aolo.requests import CellDay
from slit.papers.aolo.solve import OPTIMUM, SolvedDay, solve_day

FILE = "front.json"
FORMAT = "slit wireless front 1"
EXACT = "decomposition"
HOLDING = "what slit wireless optimize wrote"


def optimize_day(
    day: CellDay,
    *,
    seed: int,
    optimizers: Sequence[str] = (),
    evaluations: int = 20_000,
    population: int = 100,
    by_group: bool = True,
    weights: int = 120,
    began: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Exact optima of weighted sums of a day, what searches reach of them and where rules stand, as
    JSON holds it.

    `began` is told the name of each search.

    Raises:
        SlitError: an unknown search, or a day that nothing can serve.
    """
    solved = solve_day(day, rng=np.random.default_rng(seed))
    chances = np.random.SeedSequence(seed).spawn(len(optimizers))
    problem = front_problem(solved)
    if began is not None:
        began(EXACT)
    reference = reference_front(problem, most=weights)
    searches = [_exact(reference)]
    for name, chance in zip(optimizers, chances, strict=True):
        if began is not None:
            began(name)
        found = search(
            problem,
            name,
            reference=reference,
            evaluations=evaluations,
            population=population,
            by_group=by_group,
            rng=np.random.default_rng(chance),
        )
        searches.append(
            {
                "name": name,
                "integers": 2 * len(problem.group_epoch) if by_group else problem.genes,
                "evaluations": found.evaluations,
                "share": reference.share(found.F),
                "behind": reference.behind(found.F),
                "curve": [list(point) for point in found.curve],
                "F": found.F.tolist(),
            }
        )
    return _content(solved, problem, reference, searches, seed)


def _exact(reference: ReferenceFront) -> dict[str, Any]:
    F = np.unique(reference.F, axis=0)
    F = F[nondominated(F)]
    return {
        "name": EXACT,
        "integers": None,
        "evaluations": None,
        "share": reference.share(F),
        "behind": 0.0,
        "curve": [],
        "F": F.tolist(),
    }


def _content(
    solved: SolvedDay,
    problem: FrontProblem,
    reference: ReferenceFront,
    searches: list[dict[str, Any]],
    seed: int,
) -> dict[str, Any]:
    points = policy_points(problem, solved, list(solved.decisions))
    exact = np.array(searches[0]["F"])
    return {
        "format": FORMAT,
        "cell_day": solved.day.file.name,
        "seed": seed,
        "requests": len(solved.requests),
        "served": len(problem.rows),
        "objectives": [
            {"name": name, "title": title, "unit": unit}
            for name, title, unit in zip(NAMES, TITLES, UNITS, strict=True)
        ],
        "low": reference.low.tolist(),
        "high": reference.high.tolist(),
        "lexicographic": {name: F.tolist() for name, F in reference.lexicographic.items()},
        "balanced": exact[balanced(exact, reference)].tolist(),
        "searches": searches,
        "policies": {
            name: {**solved.figures(name), "point": point.tolist(), "kept_of_served": kept}
            for name, (point, kept) in points.items()
            if np.isfinite(point).all()
        },
        "groups": solved.groups(OPTIMUM),
    }


def write_front(folder: Path, content: dict[str, Any]) -> Path:
    """Write the file of a folder, which is made if need be, and return its path.

    Raises:
        SlitError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SlitError(f"{folder}: {error.strerror}, expected a folder to write") from error
    write_json(folder / FILE, content)
    return folder / FILE


def read_front(folder: Path) -> dict[str, Any]:
    """The content of a folder that `write_front` wrote.

    Raises:
        SlitError: there is none, or another file.
    """
    content = read_json(folder / FILE, holding=HOLDING)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise SlitError(f"{folder / FILE}: another file, expected {HOLDING}")
    return content
