"""Small run folders for tests of what reads them: reports and the page."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slit
from slit.optimizers.registry import OptimizerEntry, OptimizerKind, available
from slit.record import Run, read_run
from slit.scenario.scenario import Input, Scenario
from tests.builders import random_scenario

SEARCH = "deap-nsga2"
HOSTILE = "</script><img src=x onerror=alert(1)>%{x}"


def small_scenario(seed: int = 5, **options: Any) -> Scenario:
    """A random scenario in which most plans are feasible."""
    settings = {"epochs": 4, "genes": 40, "spare_nodes": 30} | options
    return random_scenario(np.random.default_rng(seed), **settings)


def stored_run(folder: Path, *, scenario: Scenario | None = None, **options: Any) -> Run:
    """A short search, with baselines and rivals, in a run folder.

    The lexicographic plan is left out: it needs the local search, whose kernels take more time to
    compile than all others together.
    """
    settings: dict[str, Any] = {"optimizer": SEARCH, "population": 24, "evaluations": 240} | options
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slit.api.references.available", _but_references)
        slit.optimize(small_scenario() if scenario is None else scenario, output=folder, **settings)
    return read_run(folder)


def _but_references(*kinds: OptimizerKind) -> tuple[OptimizerEntry, ...]:
    return tuple(entry for entry in available(*kinds) if entry.kind is not OptimizerKind.REFERENCE)


def hostile_scenario() -> Scenario:
    """A scenario whose texts try to become HTML."""
    scenario = small_scenario(residency=False)
    sites = tuple(
        site.model_copy(update={"zone": HOSTILE, "jurisdiction": HOSTILE})
        for site in scenario.datacenters
    )
    origins = tuple(o.model_copy(update={"zone": HOSTILE}) for o in scenario.origins)
    inputs = (Input(HOSTILE, HOSTILE, HOSTILE, 0.5, HOSTILE),)
    return replace(
        scenario,
        name=HOSTILE,
        description=HOSTILE,
        datacenters=sites,
        origins=origins,
        inputs=inputs,
    )


def hostile_run(folder: Path) -> Run:
    """A run folder whose scenario and methods are called by hostile names."""
    run = stored_run(folder, scenario=hostile_scenario())
    file = folder / "front.csv"
    quoted = '"' + HOSTILE + '"'
    file.write_text(file.read_text().replace(",nearest,", f",{quoted},"))
    manifest = folder / "manifest.json"
    said = run.manifest.model_copy(update={"notes": (HOSTILE,)})
    manifest.write_text(said.model_dump_json())
    return read_run(folder)
