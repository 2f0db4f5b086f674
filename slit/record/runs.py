"""Run folders: what was found, and what it takes to evaluate it again."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from operators.types import Bools
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import Front
from slit.ledger import refused_starts
from slit.objectives import find, load_plugin
from slit.objectives.registry import plugin_hash
from slit.plans import check_plans
from slit.problem import Problem, compile_problem
from slit.record.manifest import Manifest, Plugin, read_manifest, write_manifest
from slit.record.tables import PLANS, read_front, write_front, write_history, write_plans
from slit.run import Result
from slit.scenario.scenario import Scenario
from slit.scenario.store import read_scenario, save_scenario, scenario_hash


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A run folder: its plans can be evaluated on `problem`, the compiled `scenario`. `on_front`
    (N,) is what front.csv says, which `reevaluate` checks. judged: whether scenario and front are
    those of another carbon account than the one that was searched."""

    folder: Path
    manifest: Manifest
    scenario: Scenario
    problem: Problem
    front: Front
    on_front: Bools
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Reevaluation:
    """Whether evaluating a run again gave what its files say.

    `largest_difference` is relative to the value in the file (absolute where that is 0), over all
    plans, objectives and violations.
    """

    equal: bool
    plans: int
    largest_difference: float


def write_run(folder: Path, *, manifest: Manifest, result: Result, scenario: Scenario) -> None:
    """Write everything a run folder holds but its report into an existing folder."""
    if not (folder / "scenario.json").exists():
        save_scenario(scenario, folder)
    write_plans(result.front.X, folder)
    write_front(result.front, folder)
    write_history(result.history, result.front.names, folder)
    write_manifest(manifest, folder)


def read_run(folder: str | Path) -> Run:
    """Read a run folder. Raises SlitError for a missing, damaged or altered one."""
    path = Path(folder)
    manifest = read_manifest(path)
    scenario = read_scenario(path)
    if scenario_hash(scenario) != manifest.scenario_hash:
        raise SlitError(
            f"{path}: scenario {scenario_hash(scenario)[:12]}, expected "
            f"{manifest.scenario_hash[:12]} (hash in manifest.json)"
        )
    names = manifest.objectives
    missing = [name for name in names if name not in manifest.units]
    if missing:
        raise SlitError(f"{path}: no unit of {', '.join(missing)}, expected one an objective")
    units = tuple(manifest.units[name] for name in names)
    titles = tuple(manifest.titles.get(name, name) for name in names)
    front, on_front = read_front(path, names=names, units=units, titles=titles)
    problem = compile_problem(scenario)
    try:
        check_plans(problem, front.X)
    except SlitError as error:
        raise SlitError(f"{path / PLANS}: {error}") from error
    front = replace(front, refused=refused_starts(problem, front.X, front.G))
    return Run(path, manifest, scenario, problem, front, on_front)


def check_plugin(plugin: Plugin | None, path: str | Path | None) -> None:
    """Load the plug-in that a run was made with, from the file the user names.

    Raises SlitError if none is named where one is needed, or if it has changed since. The path
    that the run folder states is never executed by itself.
    """
    if plugin is None:
        if path is not None:
            load_plugin(path)
        return
    if path is None:
        raise SlitError(
            f"plug-in: none given, expected --plugin FILE (this run was made with {plugin.path})"
        )
    if not Path(path).is_file():
        raise SlitError(f"plug-in: no file {path}, expected a Python file with objectives")
    digest = plugin_hash(path)
    if digest != plugin.sha256:
        raise SlitError(
            f"plug-in {path}: SHA-256 {digest[:12]}, expected {plugin.sha256[:12]} (the file that "
            "this run was made with)"
        )
    load_plugin(path)


def evaluator_of(run: Run, *, plugin: str | Path | None = None, threads: int = 1) -> Evaluator:
    """The evaluator of a run's scenario, objectives and limits."""
    check_plugin(run.manifest.plugin, plugin)
    return Evaluator(
        run.problem,
        run.scenario,
        objectives=find(run.manifest.objectives),
        limits=[each.limit for each in run.manifest.resolved_limits],
        threads=threads,
    )


def reevaluate(run: Run, *, plugin: str | Path | None = None, threads: int = 1) -> Reevaluation:
    """Evaluate every plan of a run again and compare with its files."""
    evaluation = evaluator_of(run, plugin=plugin, threads=threads).evaluate(run.front.X)
    again = np.column_stack([evaluation.F, evaluation.G])
    stated = np.column_stack([run.front.F, run.front.G])
    difference = np.abs(again - stated) / np.where(stated == 0, 1.0, np.abs(stated))
    # Earlier versions marked every row of those with equal objectives.
    marks = run.front.on_front, run.front.undominated
    marked = any((mask == run.on_front).all() for mask in marks)
    return Reevaluation(
        equal=bool((again == stated).all() and marked),
        plans=len(run.front),
        largest_difference=float(difference.max(initial=0.0)),
    )
