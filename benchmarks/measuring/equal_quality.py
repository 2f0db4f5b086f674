"""What a search saves at equal quality against schedulers, and against the same variants."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import slit
from operators.types import Floats
from slit.evaluator import Evaluator
from slit.files import write_file
from slit.objectives import find
from slit.optimizers.registry import DEFAULT_OPTIMIZER
from slit.problem import compile_problem
from slit.report.equal_quality import equal_quality_data, lost_answers, with_same_variants
from slit.report.picks import picks_data
from slit.scenario.scenario import Scenario

RIVALS = ("nearest", "splitwise", "helix")
OWN, SAME = "own", "same variants"


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """The balanced plan of those that lose no more quality than a rival: its objectives `plan`
    (M,), those of the rival's `own` plan and of its plan of the `same` variants."""

    plan: Floats
    own: Floats
    same: Floats

    def base(self, mix: str) -> Floats:
        """What it is compared with: OWN or SAME."""
        return self.own if mix == OWN else self.same


def saved_by_rival(
    file: Path, build: Callable[[], Scenario], *, moves: int, seed: int = 1
) -> tuple[tuple[str, ...], Mapping[str, Saved]]:
    """Names of the objectives, and what is saved against each rival that some plan loses no more
    quality than; kept in `file`, and read from there where it exists."""
    if not file.exists():
        write_file(file, json.dumps(_measured(build(), moves=moves, seed=seed)).encode())
    said = json.loads(file.read_bytes())
    rivals = {
        name: Saved(*(np.array(each[part]) for part in ("plan", "own", "same")))
        for name, each in said["rivals"].items()
    }
    return tuple(said["objectives"]), rivals


def _measured(scenario: Scenario, *, moves: int, seed: int) -> dict[str, Any]:
    """Search, and compare."""
    front = slit.optimize(scenario, moves=moves, seed=seed, steady=False).front
    evaluator = Evaluator(compile_problem(scenario), scenario, objectives=find(front.names))
    picks = picks_data(front, search=DEFAULT_OPTIMIZER)
    lost = lost_answers(evaluator.problem, front.X)
    found = equal_quality_data(front, picks, lost=lost)
    assert found is not None, "rivals and quality are there"
    found = with_same_variants(found.of(*RIVALS), front, picks, evaluator=evaluator, seed=seed)
    rivals = {}
    for row in found.rows:
        if row.allowance == 0 and row.same_variants is not None:
            own = picks.values[picks.row(row.reference)]
            parts = {"plan": row.values, "own": own, "same": row.same_variants.values}
            rivals[row.reference] = {name: each.tolist() for name, each in parts.items()}
    return {"objectives": list(front.names), "rivals": rivals}


def change_of_sums(days: Iterable[Saved], mix: str) -> Floats:
    """The change (M,) of all days together in per cent: minus is less."""
    listed = list(days)
    plan = np.sum([each.plan for each in listed], axis=0)
    return np.asarray(100 * (plan / np.sum([each.base(mix) for each in listed], axis=0) - 1))
